namespace Engine.Nn;

/// <summary>Adds to each step of a sequence a vector that tells its position, which attention itself does not see.</summary>
/// <remarks>Shapes: x [L, N, E] (or [N, L, E] with batchFirst) → the same.</remarks>
public abstract partial class PositionLayer : Layer
{
    private readonly int _size;
    private readonly int _maxLength;
    private readonly bool _batchFirst;

    private protected PositionLayer(int embedDim, int maxLength, bool batchFirst)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(embedDim);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLength);
        (_size, _maxLength, _batchFirst) = (embedDim, maxLength, batchFirst);
    }

    /// <summary>The vectors of all positions, [maxLength, E].</summary>
    private protected abstract Tensor Table { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return Forward(x, offset: 0);
    }

    /// <summary>The sum for a sequence that begins at a later position, as in generation with a <see cref="KeyValueCache"/>.</summary>
    /// <param name="x">[L, N, E], or [N, L, E] with batchFirst.</param>
    /// <param name="offset">The position of the first step: the length of the cache.</param>
    /// <exception cref="ShapeMismatchException">x does not have three axes, its last size is another, or it goes beyond the last position.</exception>
    /// <exception cref="DTypeMismatchException">x is not floating-point.</exception>
    public Tensor Forward(Tensor x, int offset)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Guard.FloatingPoint(GetType().Name, x);
        int axis = _batchFirst ? 1 : 0;
        if (x.Rank != 3 || x.Shape[2] != _size || (long)offset + x.Shape[axis] > _maxLength)
        {
            throw new ShapeMismatchException(
                $"{GetType().Name}: x is {x.Shape} from position {offset} on; it must be {(_batchFirst ? "[N, L" : "[L, N")}, {_size}] with at most {_maxLength} positions in all (maxLength).");
        }

        Guard.ParameterType(GetType().Name, x, Table, "the table of positions");
        Tensor positions = Table.Narrow(0, offset, x.Shape[axis]);
        return ForwardTrace.Record(this, x, x + (_batchFirst ? positions : positions.Unsqueeze(1)).To(x.DType));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({_maxLength} × {_size})";
}

/// <summary>Positions as sines and cosines of falling frequency (Vaswani et al. 2017): <c>p[t, 2i] = sin(t·10000^(−2i/E))</c>, <c>p[t, 2i + 1]</c> its cosine.</summary>
/// <remarks><inheritdoc cref="PositionLayer" path="/remarks"/> Nothing is learned or saved.</remarks>
public sealed partial class SinusoidalPositions : PositionLayer
{
    /// <summary>A layer.</summary>
    /// <param name="embedDim">E, the last size of x.</param>
    /// <param name="maxLength">The most positions of a sequence.</param>
    /// <param name="batchFirst">Whether x is [N, L, E] instead of [L, N, E].</param>
    public SinusoidalPositions(int embedDim, int maxLength = 5000, bool batchFirst = false)
        : base(embedDim, maxLength, batchFirst)
    {
        Pe = PositionTable.Fill(maxLength, embedDim, (position, column) =>
        {
            double angle = position * Math.Pow(10000, -(column - (column % 2)) / (double)embedDim);
            return column % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle);
        });
    }

    /// <summary>The vectors of all positions, [maxLength, E].</summary>
    [Buffer]
    [NotPersistent]
    public Tensor Pe { get; }

    private protected override Tensor Table => Pe;
}

/// <summary>Positions as vectors that are learned, one for each (Gehring et al. 2017; GPT-2 and BERT).</summary>
/// <remarks><inheritdoc cref="PositionLayer" path="/remarks"/> <see cref="Weight"/> [maxLength, E] starts normal with standard deviation 0.02.</remarks>
public sealed partial class LearnedPositions : PositionLayer
{
    /// <summary>A layer with random start values.</summary>
    /// <param name="embedDim">E, the last size of x.</param>
    /// <param name="maxLength">The most positions of a sequence.</param>
    /// <param name="batchFirst">Whether x is [N, L, E] instead of [L, N, E].</param>
    /// <param name="generator">The source of the start values.</param>
    public LearnedPositions(int embedDim, int maxLength, bool batchFirst = false, Generator? generator = null)
        : base(embedDim, maxLength, batchFirst) =>
        Weight = Init.Normal(Tensor.Empty([maxLength, embedDim]), std: 0.02, generator: generator).WithGrad();

    /// <summary>The vectors of all positions, [maxLength, E].</summary>
    public Tensor Weight { get; }

    private protected override Tensor Table => Weight;
}
