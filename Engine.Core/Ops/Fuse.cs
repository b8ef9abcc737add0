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

    /// <summary>A function of one tensor with several results: <c>Fuse.Map(x => [Expr.Sin(x), Expr.Cos(x)])</c>.</summary>
    /// <inheritdoc cref="Map(int, Func{IReadOnlyList{Expr}, IReadOnlyList{Expr}})" path="/exception"/>
    public static FusedMaps Map(Func<Expr, IReadOnlyList<Expr>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Map(1, x => function(x[0]));
    }

    /// <summary>A function of two tensors with several results.</summary>
    /// <inheritdoc cref="Map(int, Func{IReadOnlyList{Expr}, IReadOnlyList{Expr}})" path="/exception"/>
    public static FusedMaps Map(Func<Expr, Expr, IReadOnlyList<Expr>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Map(2, x => function(x[0], x[1]));
    }

    /// <summary>A function of three tensors with several results.</summary>
    /// <inheritdoc cref="Map(int, Func{IReadOnlyList{Expr}, IReadOnlyList{Expr}})" path="/exception"/>
    public static FusedMaps Map(Func<Expr, Expr, Expr, IReadOnlyList<Expr>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Map(3, x => function(x[0], x[1], x[2]));
    }

    /// <summary>A function of any number of tensors, up to <see cref="MapProgram.MaxInputs"/>, with up to <see cref="MapProgram.MaxOutputs"/> results.</summary>
    /// <param name="inputs">How many arguments the function has; of them <see cref="MapProgram.MaxOutputs"/> may require a gradient at once.</param>
    /// <param name="function">The results as functions of the arguments.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no arguments, or too many.</exception>
    /// <exception cref="ArgumentException">There are no results, or too many.</exception>
    public static FusedMaps Map(int inputs, Func<IReadOnlyList<Expr>, IReadOnlyList<Expr>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputs, MapProgram.MaxInputs);
        Expr[] results = [.. function([.. Enumerable.Range(0, inputs).Select(Expr.Input)]) ?? throw new ArgumentException("Fuse.Map: the function returned null; it must return expressions.", nameof(function))];
        foreach (Expr? result in results)
        {
            Guard.Returned(result, "Fuse.Map", "the function");
        }

        return new FusedMaps(MapProgram.Compile(inputs, results));
    }

    /// <summary>The program of a function, which has no parameters.</summary>
    internal static MapProgram WithoutParameters(MapProgram program) => program.ParameterCount == 0
        ? program
        : throw new ArgumentException($"Fuse.Map: the function uses {program.ParameterCount} parameters (Expr.Parameter, Expr.Random), which nothing gives it. Use numbers, or another argument.", nameof(program));

    internal static void CheckCount(MapProgram program, ReadOnlySpan<Tensor> inputs)
    {
        Guard.NoNulls(inputs);
        if (inputs.Length != program.InputCount)
        {
            throw new ArgumentException($"Fuse.Map: the function has {program.InputCount} arguments, {inputs.Length} tensors were given.", nameof(inputs));
        }
    }

    /// <summary>The type in which a function computes.</summary>
    internal static DType TypeOf(MapProgram program, ReadOnlySpan<Tensor> inputs)
    {
        DType common = TypePromotion.Common(inputs);
        return program.SupportsFloatingPoint ? TypePromotion.ToFloating(common) : BitwiseOps.Counting(common);
    }
}

/// <summary>A compiled pointwise function.</summary>
public sealed class FusedMap
{
    /// <summary>The name of the step in the graph.</summary>
    internal const string StepName = "Fused";

    internal FusedMap(MapProgram program) => Program = Fuse.WithoutParameters(program);

    /// <summary>The program, as text through <see cref="object.ToString"/>.</summary>
    public MapProgram Program { get; }

    /// <summary>Applies the function to broadcast tensors; integers become float32, but for a function with operations on bits: that one takes integers, and truth values as int64.</summary>
    /// <exception cref="ArgumentException">The number of tensors is not the number of the function's arguments.</exception>
    /// <exception cref="DTypeMismatchException">The function has operations on bits, and a tensor is of a floating type, or it has others that integers do not have.</exception>
    public Tensor Apply(params ReadOnlySpan<Tensor> inputs)
    {
        Fuse.CheckCount(Program, inputs);
        return Pointwise.Apply(StepName, Program, inputs, computeAs: Fuse.TypeOf(Program, inputs));
    }

    /// <inheritdoc/>
    public override string ToString() => Program.ToString();
}

/// <summary>A compiled pointwise function with several results.</summary>
public sealed class FusedMaps
{
    private readonly MapProgram[] _parts;

    internal FusedMaps(MapProgram program)
    {
        Program = Fuse.WithoutParameters(program);
        _parts = new MapProgram[program.OutputCount];
        for (int i = 0; i < _parts.Length; i++)
        {
            _parts[i] = MapProgram.Compile(program.InputCount, program.Expressions[i]);
        }
    }

    /// <summary>The program, as text through <see cref="object.ToString"/>.</summary>
    public MapProgram Program { get; }

    /// <summary>
    /// Applies the function to broadcast tensors: one tensor a result, all of one shape and type, from one pass over memory. Types are those of
    /// <see cref="FusedMap.Apply"/>. The gradient of each result is a pass of its own.
    /// </summary>
    /// <exception cref="ArgumentException">The number of tensors is not the number of the function's arguments.</exception>
    /// <exception cref="DTypeMismatchException">The function has operations on bits, and a tensor is of a floating type, or it has others that integers do not have.</exception>
    public Tensor[] Apply(params ReadOnlySpan<Tensor> inputs)
    {
        Fuse.CheckCount(Program, inputs);
        return Pointwise.ApplyAll(FusedMap.StepName, Program, _parts, inputs, Fuse.TypeOf(Program, inputs));
    }

    /// <inheritdoc/>
    public override string ToString() => Program.ToString();
}
