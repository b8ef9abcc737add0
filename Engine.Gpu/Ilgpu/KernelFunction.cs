using System.Reflection;
using ILGPU;

namespace Engine.Gpu;

/// <summary>Functions with a gradient whose kernels are C# methods.</summary>
public static class KernelFunction
{
    /// <summary>A function of each element on its own, of one tensor or of several.</summary>
    /// <param name="forward">
    /// A static method <c>(Index1D i, ArrayView&lt;T&gt; x₁, …, ArrayView&lt;T&gt; y, numbers…)</c> that writes y[i].
    /// </param>
    /// <param name="backward">
    /// A static method <c>(Index1D i, ArrayView&lt;T&gt; x₁, …, ArrayView&lt;T&gt; dy, ArrayView&lt;T&gt; dx₁, …, numbers…)</c> with the same numbers that
    /// writes each dxₖ[i] = dy[i]·∂y/∂xₖ; with a view y in front of dy if it wants the result as well. Null for a function without a gradient.
    /// </param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="KernelCompilationException">A method cannot be a kernel.</exception>
    /// <exception cref="ArgumentException">A method has other parameters.</exception>
    public static KernelFunction<T> Elementwise<T>(Delegate forward, Delegate? backward = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(forward);
        return new KernelFunction<T>(forward.Method, backward?.Method);
    }
}

/// <summary>An elementwise function whose kernels are C# methods, with its gradient.</summary>
/// <remarks>
/// <code>
/// static class Swish
/// {
///     static void Forward(Index1D i, ArrayView&lt;float&gt; x, ArrayView&lt;float&gt; y, float beta) =>
///         y[i] = x[i] / (1 + MathF.Exp(-beta * x[i]));
///
///     static void Backward(Index1D i, ArrayView&lt;float&gt; x, ArrayView&lt;float&gt; dy, ArrayView&lt;float&gt; dx, float beta)
///     {
///         float s = 1 / (1 + MathF.Exp(-beta * x[i]));
///         dx[i] = dy[i] * (s + (beta * x[i] * s * (1 - s)));
///     }
///
///     public static readonly KernelFunction&lt;float&gt; Function = KernelFunction.Elementwise&lt;float&gt;(Forward, Backward);
/// }
///
/// Tensor y = Swish.Function.Apply(x, 1.5f);
/// Gradcheck.Check(v => Swish.Function.Apply(v, 1.5f), x);
/// </code>
/// <para>Inputs of different shapes are broadcast. The gradient is a kernel as well, so it has no derivative of its own: a second derivative throws.
/// Kernels that are not elementwise go into a <see cref="CustomFunction"/>.</para>
/// </remarks>
/// <typeparam name="T">The element type.</typeparam>
public sealed class KernelFunction<T>
    where T : unmanaged
{
    private readonly MethodInfo _forward;
    private readonly MethodInfo? _backward;
    private readonly DType _dtype;
    private readonly int _inputs;
    private readonly bool _takesResult;

    internal KernelFunction(MethodInfo forward, MethodInfo? backward)
    {
        IlgpuCompiler.Require();
        _dtype = TensorElements.TypeOf(typeof(T)) is { } dtype && dtype.IsFloatingPoint()
            ? dtype
            : throw new ArgumentException($"KernelFunction: elements are float or double, not {typeof(T).Name}.");
        _forward = forward;
        _backward = backward;
        int views = Views(forward);
        _inputs = views - 1;
        if (_inputs < 1)
        {
            throw new ArgumentException($"{IlgpuMethods.NameOf(forward)}: a function's kernel takes (Index1D, views of the inputs, a view of the result, numbers); it has {views} views of {typeof(T).Name}.");
        }

        if (backward is not null)
        {
            int backwardViews = Views(backward);
            _takesResult = backwardViews == (2 * _inputs) + 2;
            Type[] numbers = Numbers(forward, views), others = Numbers(backward, backwardViews);
            if ((!_takesResult && backwardViews != (2 * _inputs) + 1) || !numbers.SequenceEqual(others))
            {
                throw new ArgumentException(
                    $"{IlgpuMethods.NameOf(backward)}: for {_inputs} inputs the gradient's kernel takes (Index1D, {_inputs} views of the inputs, dy, {_inputs} views of their gradients, {numbers.Length} numbers as the function has them), or y before dy as well; it has {backwardViews} views and {others.Length} numbers.");
            }
        }
    }

    /// <summary>Computes the function of one input.</summary>
    /// <inheritdoc cref="Apply(ReadOnlySpan{Tensor}, ReadOnlySpan{KernelScalar})"/>
    public Tensor Apply(Tensor x, params ReadOnlySpan<KernelScalar> numbers) => Apply([x], numbers);

    /// <summary>Computes the function of two inputs.</summary>
    /// <inheritdoc cref="Apply(ReadOnlySpan{Tensor}, ReadOnlySpan{KernelScalar})"/>
    public Tensor Apply(Tensor x1, Tensor x2, params ReadOnlySpan<KernelScalar> numbers) => Apply([x1, x2], numbers);

    /// <summary>Computes the function.</summary>
    /// <param name="inputs">As many as the method takes, on one device; shapes that differ are broadcast.</param>
    /// <param name="numbers">The numbers that follow the views, of just their types.</param>
    /// <exception cref="ArgumentException">There are more or fewer than the method takes, or a number is of another type.</exception>
    /// <exception cref="DTypeMismatchException">An input is not of type <typeparamref name="T"/>.</exception>
    /// <exception cref="ShapeMismatchException">The shapes cannot be broadcast.</exception>
    /// <exception cref="KernelCompilationException">The device's compiler refuses the method.</exception>
    public Tensor Apply(ReadOnlySpan<Tensor> inputs, params ReadOnlySpan<KernelScalar> numbers)
    {
        string name = IlgpuMethods.NameOf(_forward);
        if (inputs.Length != _inputs)
        {
            throw new ArgumentException($"{name} is a function of {_inputs} tensors; there are {inputs.Length}.", nameof(inputs));
        }

        Shape shape = default;
        foreach (Tensor input in inputs)
        {
            ArgumentNullException.ThrowIfNull(input, nameof(inputs));
            if (input.DType != _dtype)
            {
                throw new DTypeMismatchException($"{name} is a function of {_dtype.ShortName()}; an input is {input.DType.ShortName()} {input.Shape}. Convert it with To(DType.{_dtype}).");
            }

            shape = Shape.TryBroadcast(shape, input.Shape, out Shape common)
                ? common
                : throw new ShapeMismatchException($"{name}: the inputs {string.Join(", ", inputs.ToArray().Select(static tensor => tensor.Shape))} cannot be broadcast.");
        }

        object[] values = new object[numbers.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = numbers[i].Value;
        }

        // With their history: the graph sums up the gradients of broadcast operands.
        Tensor[] operands = new Tensor[inputs.Length];
        for (int i = 0; i < operands.Length; i++)
        {
            operands[i] = inputs[i].Expand(shape).Contiguous();
        }

        return new Step(this, values).Apply(operands);
    }

    private static int Views(MethodInfo method)
    {
        ParameterInfo[] parameters = method.GetParameters();
        return parameters.Length == 0 || parameters[0].ParameterType != typeof(Index1D)
            ? throw new ArgumentException($"{IlgpuMethods.NameOf(method)}: the kernel of an elementwise function has an Index1D as its first parameter.")
            : parameters.Skip(1).TakeWhile(static parameter => parameter.ParameterType == typeof(ArrayView<T>)).Count();
    }

    private static Type[] Numbers(MethodInfo method, int views) => [.. method.GetParameters().Skip(1 + views).Select(static parameter => parameter.ParameterType)];

    private static void Run(MethodInfo method, Tensor[] views, object[] numbers)
    {
        if (views[0].ElementCount > 0)
        {
            object[] arguments = [.. views.Select(static view => (object)view.AsArrayView<T>()), .. numbers];
            DeviceKernel.Of(views[0].Device, method).Run(views[0].ElementCount, KernelArgumentList.Of(arguments));
        }
    }

    private sealed class Step(KernelFunction<T> function, object[] numbers) : CustomFunction
    {
        protected override string Name => function._forward.DeclaringType?.Name ?? function._forward.Name;

        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
        {
            Tensor y = inputs[0].EmptyLike();
            Run(function._forward, [.. inputs, y], numbers);
            Save(inputs);
            if (function._takesResult)
            {
                Save(y.Detach());
            }

            return y;
        }

        protected override Tensor?[] Backward(Tensor dy)
        {
            if (function._backward is null)
            {
                throw new GradientException($"{Name} has no gradient: pass the method of one to KernelFunction.Elementwise.");
            }

            if (GradMode.IsEnabled)
            {
                throw new GradientException($"{Name}: its gradient is a kernel, which has no derivative. Write the function with tensor operations, or as a CustomFunction whose Backward is, for second derivatives.");
            }

            Tensor[] views = new Tensor[(2 * function._inputs) + (function._takesResult ? 2 : 1)];
            int next = 0;
            for (; next < function._inputs + (function._takesResult ? 1 : 0); next++)
            {
                views[next] = Saved(next);
            }

            views[next++] = dy.Contiguous();
            Tensor?[] gradients = new Tensor?[function._inputs];
            for (int i = 0; i < gradients.Length; i++)
            {
                Tensor gradient = Saved(i).EmptyLike();
                (gradients[i], views[next++]) = (gradient, gradient);
            }

            Run(function._backward, views, numbers);
            return gradients;
        }
    }
}
