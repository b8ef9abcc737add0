namespace Engine;

/// <summary>Pointwise functions written as one expression: one pass over memory, and the gradient comes with it.</summary>
/// <remarks>
/// <code>
/// FusedMap swish = Fuse.Map(x => x * Expr.Sigmoid(x));
/// Tensor y = swish.Apply(x);
/// </code>
/// Build it once and keep it: backends compile and cache by program. A function has tensors for arguments and numbers for constants; parameters
/// (<see cref="Expr.Parameter"/>) are an <see cref="ArgumentException"/>.
/// </remarks>
public static class Fuse
{
    /// <summary>A function of one tensor.</summary>
    public static FusedMap Map(Func<Expr, Expr> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FusedMap(MapProgram.Compile(1, function(Expr.Input(0))));
    }

    /// <summary>A function of two tensors.</summary>
    public static FusedMap Map(Func<Expr, Expr, Expr> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FusedMap(MapProgram.Compile(2, function(Expr.Input(0), Expr.Input(1))));
    }

    /// <summary>A function of three tensors.</summary>
    public static FusedMap Map(Func<Expr, Expr, Expr, Expr> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FusedMap(MapProgram.Compile(3, function(Expr.Input(0), Expr.Input(1), Expr.Input(2))));
    }

    /// <summary>A function of any number of tensors, up to <see cref="MapProgram.MaxInputs"/>: <c>Fuse.Map(4, x => x[0] * x[1] + x[2] * x[3])</c>.</summary>
    /// <param name="inputs">How many arguments the function has; of them <see cref="MapProgram.MaxOutputs"/> may require a gradient at once.</param>
    /// <param name="function">The function of its arguments.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no arguments, or too many.</exception>
    public static FusedMap Map(int inputs, Func<IReadOnlyList<Expr>, Expr> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputs, MapProgram.MaxInputs);
        return new FusedMap(MapProgram.Compile(inputs, Guard.Returned(function([.. Enumerable.Range(0, inputs).Select(Expr.Input)]), "Fuse.Map", "the function")));
    }
}

/// <summary>A compiled pointwise function.</summary>
public sealed class FusedMap
{
    /// <summary>The name of the step in the graph.</summary>
    internal const string StepName = "Fused";

    internal FusedMap(MapProgram program) => Program = program.ParameterCount == 0
        ? program
        : throw new ArgumentException($"Fuse.Map: the function uses {program.ParameterCount} parameters (Expr.Parameter, Expr.Random), which nothing gives it. Use numbers, or another argument.", nameof(program));

    /// <summary>The program, as text through <see cref="object.ToString"/>.</summary>
    public MapProgram Program { get; }

    /// <summary>Applies the function to broadcast tensors; integers become float32, but for a function with operations on bits: that one takes integers, and truth values as int64.</summary>
    /// <exception cref="ArgumentException">The number of tensors is not the number of the function's arguments.</exception>
    /// <exception cref="DTypeMismatchException">The function has operations on bits, and a tensor is of a floating type, or it has others that integers do not have.</exception>
    public Tensor Apply(params ReadOnlySpan<Tensor> inputs)
    {
        Guard.NoNulls(inputs);
        if (inputs.Length != Program.InputCount)
        {
            throw new ArgumentException($"Fuse.Map: the function has {Program.InputCount} arguments, {inputs.Length} tensors were given.", nameof(inputs));
        }

        DType common = TypePromotion.Common(inputs);
        return Pointwise.Apply(StepName, Program, inputs, computeAs: Program.SupportsFloatingPoint ? TypePromotion.ToFloating(common) : BitwiseOps.Counting(common));
    }

    /// <inheritdoc/>
    public override string ToString() => Program.ToString();
}
