namespace Engine.Nn;

/// <summary>A function's value and gradient at a point.</summary>
internal readonly record struct ValueAndGradient(double Value, double[] Gradient);

/// <summary>A function of tensors, seen as a function of all their elements in a row.</summary>
/// <remarks>
/// The methods compute in double on the host, for tensors of any type and device: these vectors are short, and most of the time goes into
/// the function. Each evaluation has a <see cref="TensorScope"/> of its own, so that memory is flat.
/// </remarks>
internal sealed class Objective
{
    private readonly Func<Tensor[], Tensor> _function;
    private readonly Tensor[] _like;
    private readonly string _op;

    public Objective(string op, Func<Tensor[], Tensor> function, Tensor[] start)
    {
        (_op, _function, _like) = (op, function, CheckedStart(op, start));
        Start = Flatten(_like);
        Rounding = _like.All(static x => x.DType == DType.Float64) ? Math.BitIncrement(1.0) - 1 : MathF.BitIncrement(1f) - 1;
    }

    /// <summary>The start.</summary>
    public double[] Start { get; }

    /// <summary>The relative rounding error of a value.</summary>
    public double Rounding { get; }

    /// <summary>How many times the function was computed.</summary>
    public int Evaluations { get; private set; }

    /// <summary>Refuses a start that the method cannot change.</summary>
    public static Tensor[] CheckedStart(string op, Tensor[] start)
    {
        ArgumentNullException.ThrowIfNull(start);
        foreach (Tensor x in Guard.NoNulls<Tensor>((IEnumerable<Tensor>)start, nameof(start)))
        {
            Guard.FloatingPoint(op, x, nameof(start));
        }

        return start.Sum(static x => x.ElementCount) > 0
            ? start
            : throw new ArgumentException($"{op}: the start has no elements; there is nothing to vary.", nameof(start));
    }

    /// <summary>A result of the function, if it is a number that depends on the point.</summary>
    public static Tensor Scalar(string op, Tensor? result)
    {
        Tensor y = Guard.Returned(result, op, "the function");
        if (y.ElementCount != 1)
        {
            throw new ShapeMismatchException($"{op}: the function gives {y.Shape}; it must give one number. Take its Sum() or Mean().");
        }

        return y.RequiresGrad
            ? y.Rank == 0 ? y : y.Sum()
            : throw new GradientException($"{op}: the function's result does not depend on its argument as far as autograd knows. Compute it from the tensors that are passed, without Detach().");
    }

    /// <summary>All elements in a row.</summary>
    public static double[] Flatten(IEnumerable<Tensor> tensors)
    {
        using TensorScope scope = TensorScope.Begin();
        return [.. tensors.SelectMany(static x => x.Detach().To(Device.Cpu).To(DType.Float64).ToArray<double>())];
    }

    /// <summary>A row of elements as tensors of the start's shapes, types and devices.</summary>
    public Tensor[] ToTensors(double[] point) => ToTensors(point, _like);

    /// <summary>A row of elements as tensors of the shapes, types and devices of others.</summary>
    public static Tensor[] ToTensors(double[] point, Tensor[] like)
    {
        Tensor[] tensors = new Tensor[like.Length];
        int at = 0;
        for (int i = 0; i < tensors.Length; i++)
        {
            int count = (int)like[i].ElementCount;
            tensors[i] = Tensor.From<double>(point.AsSpan(at, count), like[i].Shape, Device.Cpu).To(like[i].DType).To(like[i].Device);
            at += count;
        }

        return tensors;
    }

    /// <summary>The value and the gradient.</summary>
    public ValueAndGradient Evaluate(double[] point)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.On();
        Tensor[] leaves = Leaves(point);
        Tensor y = Compute(leaves);
        return new ValueAndGradient(y.Item(), Flatten(Autograd.Grad([y], leaves), leaves));
    }

    /// <summary>The Hessian, row by row; it is made exactly symmetric.</summary>
    public double[] Hessian(double[] point) => WithHessian(point, product =>
    {
        int count = point.Length;
        Guard.HostArray(_op, (long)count * count, sizeof(double));
        double[] matrix = new double[count * count], unit = new double[count];
        for (int i = 0; i < count; i++)
        {
            unit[i] = 1;
            product(unit).CopyTo(matrix, i * count);
            unit[i] = 0;
        }

        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                matrix[(i * count) + j] = matrix[(j * count) + i] = 0.5 * (matrix[(i * count) + j] + matrix[(j * count) + i]);
            }
        }

        return matrix;
    });

    /// <summary>Gives the products of the Hessian at a point with vectors; one graph serves all of them.</summary>
    public T WithHessian<T>(double[] point, Func<Func<double[], double[]>, T> use)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.On();
        Tensor[] leaves = Leaves(point);
        Tensor?[] gradient = Autograd.Grad([Compute(leaves)], leaves, createGraph: true);
        return use(Product);

        double[] Product(double[] vector)
        {
            using TensorScope inner = TensorScope.Begin();
            Tensor[] factors = ToTensors(vector);
            Tensor? sum = null;
            for (int i = 0; i < leaves.Length; i++)
            {
                // The gradient of a function that is linear in a tensor does not depend on that tensor.
                if (gradient[i] is { RequiresGrad: true } part)
                {
                    Tensor term = (part * factors[i]).Sum();
                    sum = sum is null ? term : sum + term;
                }
            }

            return sum is null ? new double[vector.Length] : Flatten(Autograd.Grad([sum], leaves, retainGraph: true), leaves);
        }
    }

    private Tensor[] Leaves(double[] point) => Array.ConvertAll(ToTensors(point), static x => x.WithGrad());

    private Tensor Compute(Tensor[] leaves)
    {
        Evaluations++;
        return Scalar(_op, _function(leaves));
    }

    private static double[] Flatten(Tensor?[] gradients, Tensor[] leaves) =>
        [.. gradients.SelectMany((g, i) => g is null ? new double[leaves[i].ElementCount] : Flatten([g]))];
}
