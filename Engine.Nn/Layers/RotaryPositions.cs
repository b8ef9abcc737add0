namespace Engine.Nn;

/// <summary>
/// Rotary positions (Su et al. 2021): pairs of columns of queries and keys are rotated by angles that grow with the position, so that their product
/// depends on distances alone. <see cref="MultiheadAttention"/> takes it as an argument.
/// </summary>
/// <remarks>Shapes: x […, L, d] with even d, as heads are → the same. Pair i turns by t·theta^(−2i/d) at position t. Nothing is learned or saved.</remarks>
public sealed partial class RotaryPositions : Layer
{
    private readonly int _size;
    private readonly int _maxLength;
    private readonly bool _interleaved;

    /// <summary>A layer.</summary>
    /// <param name="headDim">d, the length of a head; even.</param>
    /// <param name="maxLength">The most positions of a sequence.</param>
    /// <param name="theta">How fast the frequencies fall.</param>
    /// <param name="interleaved">Whether columns 2i and 2i + 1 are a pair, as in the paper, instead of i and i + d/2, as in LLaMA's and GPT-NeoX' weights.</param>
    public RotaryPositions(int headDim, int maxLength = 4096, double theta = 10000, bool interleaved = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headDim);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLength);
        if (headDim % 2 != 0)
        {
            throw new ArgumentException($"RotaryPositions: headDim is {headDim}; columns are rotated in pairs, so that it must be even.", nameof(headDim));
        }

        if (!(theta > 0) || !double.IsFinite(theta))
        {
            throw new ArgumentOutOfRangeException(nameof(theta), theta, "RotaryPositions: theta must be above 0 and finite.");
        }

        (_size, _maxLength, _interleaved) = (headDim, maxLength, interleaved);
        double Angle(int position, int pair) => position * Math.Pow(theta, -2.0 * pair / headDim);
        Cos = PositionTable.Fill(maxLength, headDim / 2, (position, pair) => Math.Cos(Angle(position, pair)));
        Sin = PositionTable.Fill(maxLength, headDim / 2, (position, pair) => Math.Sin(Angle(position, pair)));
    }

    /// <summary>The cosines of all angles, [maxLength, d/2].</summary>
    [Buffer]
    [NotPersistent]
    public Tensor Cos { get; }

    /// <summary>Their sines.</summary>
    [Buffer]
    [NotPersistent]
    public Tensor Sin { get; }

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

    /// <summary>Rotated vectors of a sequence that begins at a later position.</summary>
    /// <param name="x">Queries or keys, […, L, d].</param>
    /// <param name="offset">The position of the first: the length of the cache.</param>
    /// <exception cref="ShapeMismatchException">x has less than two axes, its last size is another, or it goes beyond the last position.</exception>
    /// <exception cref="DTypeMismatchException">x is not floating-point.</exception>
    public Tensor Forward(Tensor x, int offset)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Guard.FloatingPoint(nameof(RotaryPositions), x);
        if (x.Rank < 2 || x.Shape[-1] != _size || (long)offset + x.Shape[-2] > _maxLength)
        {
            throw new ShapeMismatchException(
                $"RotaryPositions: x is {x.Shape} from position {offset} on; it must be […, L, {_size}] with at most {_maxLength} positions in all (maxLength).");
        }

        // Half precision would lose the angles of late positions: the table keeps what it has, and the result is rounded once.
        DType wide = x.DType.ComputeType();
        int length = x.Shape[-2], pairs = _size / 2;
        Tensor cos = Cos.Narrow(0, offset, length).To(wide), sin = Sin.Narrow(0, offset, length).To(wide);
        Tensor w = x.As(wide);
        if (_interleaved)
        {
            Tensor paired = w.Reshape(shape: new Shape([.. x.Shape.AsSpan()[..^1], pairs, 2]));
            (Tensor a, Tensor b) = (paired.Select(-1, 0), paired.Select(-1, 1));
            w = Tensor.Stack([(a * cos) - (b * sin), (b * cos) + (a * sin)], -1).Reshape(shape: x.Shape);
        }
        else
        {
            (Tensor a, Tensor b) = (w.Narrow(-1, 0, pairs), w.Narrow(-1, pairs, pairs));
            w = Tensor.Concat([(a * cos) - (b * sin), (b * cos) + (a * sin)], -1);
        }

        return ForwardTrace.Record(this, x, w.As(x.DType));
    }

    /// <inheritdoc/>
    public override string ToString() => $"RotaryPositions({_maxLength} × {_size}{(_interleaved ? ", interleaved" : string.Empty)})";
}
