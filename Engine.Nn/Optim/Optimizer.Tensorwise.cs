namespace Engine.Nn;

// Updates that need a figure of a whole tensor, such as its norm, and so are no pointwise program.
public abstract partial class Optimizer
{
    /// <summary>How one parameter is updated where <see cref="Program"/> alone does not say it; null where it does.</summary>
    private protected virtual TensorRule? Rule => null;

    /// <summary>Which of <see cref="StateNames"/> a parameter of a shape has.</summary>
    private protected virtual IReadOnlyList<string> StateNamesOf(Shape parameter) => StateNames;

    /// <summary>The shape of a state tensor, by its index in <see cref="StateNamesOf"/>.</summary>
    private protected virtual Shape StateShape(Shape parameter, int index) => parameter;
}

/// <summary>The update of one parameter, without gradients and in a scope of its own; of parameters without elements it is not called.</summary>
internal delegate void TensorRule(TensorUpdate update);

/// <summary>One parameter's part in a step.</summary>
/// <param name="destinations">The parameter and its state.</param>
/// <param name="gradient">Its gradient.</param>
/// <param name="condition">Where it is 0, nothing changes; null for no condition.</param>
/// <param name="values">The hyper-parameters by value.</param>
/// <param name="memory">Or the device's memory that holds them, in a captured step.</param>
internal readonly ref struct TensorUpdate(
    ReadOnlySpan<Tensor> destinations, Tensor gradient, Tensor? condition, ReadOnlySpan<double> values, Tensor? memory)
{
    private readonly ReadOnlySpan<Tensor> _destinations = destinations;
    private readonly ReadOnlySpan<double> _values = values;

    public Tensor Parameter => _destinations[0];

    public Tensor Gradient => gradient;

    public ReadOnlySpan<Tensor> State => _destinations[1..];

    /// <summary>The type in which is computed.</summary>
    public DType ComputeType => Parameter.DType.ComputeType();

    /// <summary>A program of hyper-parameters and broadcast inputs, as a new tensor.</summary>
    public Tensor Compute(Shape shape, MapProgram program, params ReadOnlySpan<Tensor> inputs)
    {
        Tensor result = Tensor.Empty(shape, ComputeType, Parameter.Device);
        Into([result], program, inputs);
        return result;
    }

    /// <summary>Writes a program's outputs over tensors of one shape, unless the condition is 0.</summary>
    /// <param name="destinations">The tensors that are overwritten: inputs 0, 2, 3 …, as in <see cref="OptimizerTerms"/>.</param>
    /// <param name="program">The program to compute.</param>
    /// <param name="inputs">The tensors that are read.</param>
    public void Overwrite(ReadOnlySpan<Tensor> destinations, ConditionalProgram program, params ReadOnlySpan<Tensor> inputs)
    {
        if (condition is null)
        {
            Into(destinations, program.Always, inputs);
        }
        else
        {
            Into(destinations, program.IfNotZero, [.. inputs, condition]);
        }
    }

    /// <summary>√(Σx²/n), one number on the device.</summary>
    public Tensor RootMeanSquare(Tensor x) => Tensor.GlobalNorm([x]) * (1 / Math.Sqrt(x.ElementCount));

    private void Into(ReadOnlySpan<Tensor> destinations, MapProgram program, ReadOnlySpan<Tensor> inputs)
    {
        if (memory is null)
        {
            Pointwise.Into(destinations, program, inputs, _values);
        }
        else
        {
            Pointwise.Into(destinations, program, inputs, memory);
        }
    }
}

/// <summary>An update as it is, and under a condition; compiled when it is first wanted.</summary>
internal sealed class ConditionalProgram(MapProgram always)
{
    public MapProgram Always { get; } = always;

    public MapProgram IfNotZero => field ??= OptimizerPrograms.Conditional(Always);
}
