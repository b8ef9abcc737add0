using static Engine.Expr;

namespace Engine.Backends;

/// <summary>
/// A reduction in three parts: the prologue turns the elements of the inputs into one to three values, each is accumulated by its own
/// combiner over the reduced axes, and the epilogue turns the accumulated values into the outputs.
/// </summary>
/// <remarks>
/// Both programs read one parameter list. <c>Index</c> is the element's index among the inputs in the prologue, among the outputs in the
/// epilogue. <see cref="Combiner.ArgMax"/> and <see cref="Combiner.ArgMin"/> hand the epilogue an index.
/// </remarks>
public sealed class ReduceProgram : IEquatable<ReduceProgram>
{
    /// <summary>Most accumulators of a reduction.</summary>
    public const int MaxAccumulators = 3;

    private readonly Combiner[] _combiners;

    private ReduceProgram(MapProgram prologue, Combiner[] combiners, MapProgram epilogue)
    {
        (Prologue, _combiners, Epilogue) = (prologue, combiners, epilogue);
        Key = StableHash.Mix(prologue.Key, epilogue.Key);
        foreach (Combiner combiner in combiners)
        {
            Key = StableHash.Mix(Key, (ulong)combiner);
        }
    }

    /// <summary>Σ x.</summary>
    public static ReduceProgram Sum { get; } = Simple(Combiner.Sum);

    /// <summary>Σ x · p0, where the caller passes p0 = 1/count.</summary>
    public static ReduceProgram Mean { get; } = Create(Compiled(Input(0)), [Combiner.Sum], Compiled(Input(0) * Parameter(0)));

    /// <summary>Σ x².</summary>
    public static ReduceProgram SumOfSquares { get; } = Create(Compiled(Square(Input(0))), [Combiner.Sum], Compiled(Input(0)));

    /// <summary>Π x.</summary>
    public static ReduceProgram Product { get; } = Simple(Combiner.Product);

    /// <summary>The largest element; NaN if there is one.</summary>
    public static ReduceProgram Max { get; } = Simple(Combiner.Max);

    /// <summary>The smallest element; NaN if there is one.</summary>
    public static ReduceProgram Min { get; } = Simple(Combiner.Min);

    /// <summary>Index of the first largest element; NaN counts as the largest.</summary>
    public static ReduceProgram ArgMax { get; } = Simple(Combiner.ArgMax);

    /// <summary>Index of the first smallest element; NaN counts as the smallest.</summary>
    public static ReduceProgram ArgMin { get; } = Simple(Combiner.ArgMin);

    /// <summary>1 where an element is not 0, else 0.</summary>
    public static ReduceProgram Any { get; } = Create(Compiled(NotEqual(Input(0), 0)), [Combiner.Max], Compiled(Relu(Input(0))));

    /// <summary>1 where no element is 0, else 0.</summary>
    public static ReduceProgram All { get; } = Create(Compiled(NotEqual(Input(0), 0)), [Combiner.Product], Compiled(Input(0)));

    /// <summary>Outputs are the values to accumulate.</summary>
    public MapProgram Prologue { get; }

    /// <summary>How each value is accumulated.</summary>
    public ReadOnlySpan<Combiner> Combiners => _combiners;

    /// <summary>Inputs are the accumulated values, outputs the results.</summary>
    public MapProgram Epilogue { get; }

    /// <summary>Number of input tensors.</summary>
    public int InputCount => Prologue.InputCount;

    /// <summary>Number of output tensors.</summary>
    public int OutputCount => Epilogue.OutputCount;

    /// <summary>Length that the parameter list must have at least.</summary>
    public int ParameterCount => Math.Max(Prologue.ParameterCount, Epilogue.ParameterCount);

    /// <summary>A 64-bit hash of the program, the same in every process: a name for caches.</summary>
    public ulong Key { get; }

    /// <summary>Joins the three parts.</summary>
    /// <exception cref="ArgumentException">The numbers of prologue outputs, combiners and epilogue inputs differ or exceed <see cref="MaxAccumulators"/>.</exception>
    public static ReduceProgram Create(MapProgram prologue, ReadOnlySpan<Combiner> combiners, MapProgram epilogue)
    {
        ArgumentNullException.ThrowIfNull(epilogue);
        ArgumentNullException.ThrowIfNull(prologue);
        ArgumentNullException.ThrowIfNull(epilogue);
        if (combiners.Length is 0 or > MaxAccumulators || prologue.OutputCount != combiners.Length || epilogue.InputCount != combiners.Length)
        {
            throw new ArgumentException(
                $"Reduce: {prologue.OutputCount} prologue outputs, {combiners.Length} combiners and {epilogue.InputCount} epilogue inputs; all must be equal, 1 to {MaxAccumulators}.");
        }
        return new ReduceProgram(prologue, combiners.ToArray(), epilogue);
    }

    /// <summary>Whether both compute the same by the same code.</summary>
    public bool Equals(ReduceProgram? other) =>
        ReferenceEquals(this, other)
        || other is not null && Key == other.Key && Combiners.SequenceEqual(other.Combiners)
            && Prologue.Equals(other.Prologue) && Epilogue.Equals(other.Epilogue);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ReduceProgram);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Key;

    /// <summary>The reduction as text: <c>sum(in0 * in0) -&gt; in0 * p0</c>, the epilogue's inputs being the accumulated values.</summary>
    public override string ToString() =>
        $"{string.Join(", ", Array.ConvertAll(_combiners, c => c.ToString().ToLowerInvariant()))}({Prologue}) -> {Epilogue}";

    private static ReduceProgram Simple(Combiner combiner) => Create(Compiled(Input(0)), [combiner], Compiled(Input(0)));

    private static MapProgram Compiled(Expr output) => MapProgram.Compile(1, output);
}
