namespace Engine.Nn;

/// <summary>What becomes of the vectors of a bag.</summary>
public enum EmbeddingBagMode
{
    /// <summary>Their sum, or weighted sum.</summary>
    Sum,

    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The largest of each component.</summary>
    Max,
}

/// <summary>One vector for each bag of words: the sum, mean or maximum of the words' vectors.</summary>
/// <remarks>
/// Shapes: x [N, L] of int64 or int32, where each row is a bag → y [N, embeddingDim]; or x [T] with offsets [N], where bag i begins at offset i. An empty
/// bag gives 0. <see cref="Weight"/> [numEmbeddings, embeddingDim] starts normal with mean 0 and standard deviation 1, a padding row at 0.
/// </remarks>
public sealed partial class EmbeddingBag : Layer
{
    private readonly EmbeddingBagMode _mode;
    private readonly int? _paddingIdx;
    private readonly double? _maxNorm;
    private readonly double _normType;
    private readonly bool _includeLastOffset;

    /// <summary>A table with random start values.</summary>
    /// <param name="numEmbeddings">The number of words.</param>
    /// <param name="embeddingDim">The length of each vector.</param>
    /// <param name="maxNorm">If given, vectors that are looked up and longer than this are shortened to it in place, without a gradient.</param>
    /// <param name="normType">The p of the p-norm that maxNorm is about.</param>
    /// <param name="mode">What becomes of the vectors of a bag.</param>
    /// <param name="includeLastOffset">Whether the last offset is the end of the last bag instead of the start of another.</param>
    /// <param name="paddingIdx">A word that counts as not there and whose vector is not trained; negative numbers count from the end.</param>
    /// <param name="generator">The source of the start values.</param>
    public EmbeddingBag(
        int numEmbeddings,
        int embeddingDim,
        double? maxNorm = null,
        double normType = 2,
        EmbeddingBagMode mode = EmbeddingBagMode.Mean,
        bool includeLastOffset = false,
        int? paddingIdx = null,
        Generator? generator = null)
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "EmbeddingBag: the mode is Sum, Mean or Max.");
        }

        (_mode, _includeLastOffset) = (mode, includeLastOffset);
        (_maxNorm, _normType) = EmbeddingTable.CheckNorm(nameof(EmbeddingBag), maxNorm, normType);
        (Weight, _paddingIdx) = EmbeddingTable.Create(numEmbeddings, embeddingDim, paddingIdx, generator);
    }

    /// <summary>W, [numEmbeddings, embeddingDim].</summary>
    public Tensor Weight { get; }

    /// <inheritdoc/>
    /// <param name="x">Bags of equal size, [N, L].</param>
    /// <exception cref="ShapeMismatchException">x does not have two axes; with one, offsets are needed.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return ForwardTrace.Record(this, x, Forward(x, offsets: null));
    }

    /// <summary>The vectors of bags.</summary>
    /// <param name="x">[N, L], or [T] with offsets.</param>
    /// <param name="offsets">Where each bag begins in x, [N] of int64 or int32, from 0 on and not falling; null where x has two axes.</param>
    /// <param name="perSampleWeights">Factors of the vectors with the shape of x, for sums only; null for 1.</param>
    /// <exception cref="ShapeMismatchException">Shapes do not fit.</exception>
    /// <exception cref="ArgumentException">Weights are given for a mean or maximum, or offsets in host memory fall or lie outside of x.</exception>
    /// <remarks>Maxima of bags with offsets read the offsets on the host: they wait for the device and cannot be captured.</remarks>
    public Tensor Forward(Tensor x, Tensor? offsets, Tensor? perSampleWeights = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        Check(x, offsets, perSampleWeights);
        if (_maxNorm is { } maxNorm)
        {
            EmbeddingTable.Shorten(Weight, x, maxNorm, _normType);
        }

        if (offsets is null)
        {
            return OfRows(x, null, perSampleWeights);
        }

        if (_includeLastOffset)
        {
            offsets = offsets.Narrow(0, 0, offsets.Shape[0] - 1);
        }

        return _mode == EmbeddingBagMode.Max ? OfPaddedRows(x, offsets) : OfPieces(x, offsets, perSampleWeights);
    }

    /// <inheritdoc/>
    public override string ToString() => $"EmbeddingBag({Weight.Shape[0]} × {Weight.Shape[1]}, {_mode})";

    /// <summary>Which of the words count, or null for all.</summary>
    private Tensor? Counts(Tensor x) => _paddingIdx is { } padding ? x.NotEqualTo(padding) : null;

    private Tensor OfRows(Tensor x, Tensor? isThere, Tensor? weights)
    {
        Tensor? counts = Counts(x);
        counts = counts is not null && isThere is not null ? counts.And(isThere) : counts ?? isThere;
        if (x.Shape[1] == 0)
        {
            return Tensor.Zeros([x.Shape[0], Weight.Shape[1]], Weight.DType, Weight.Device);
        }

        if (_mode == EmbeddingBagMode.Max)
        {
            Tensor rows = Weight.Embedding(x);
            if (counts is null)
            {
                return rows.Max(1);
            }

            Tensor hasAny = counts.To(DType.Float32).Sum(1, keepDims: true) > 0;
            Tensor most = Tensor.Where(counts.Unsqueeze(2), rows, Tensor.Full(Shape.Scalar, double.NegativeInfinity, rows.DType, rows.Device)).Max(1);
            return Tensor.Where(hasAny, most, Tensor.Zeros(Shape.Scalar, rows.DType, rows.Device));
        }

        Tensor? factors = counts?.To(Weight.DType);
        factors = weights is null ? factors : factors is null ? weights : weights * factors;
        Tensor sum = Weight.EmbeddingBag(x, factors);
        return _mode == EmbeddingBagMode.Sum ? sum
            : counts is null ? sum / x.Shape[1]
            : sum / counts.To(Weight.DType).Sum(1, keepDims: true).Clamp(min: 1);
    }

    /// <summary>Each position knows its bag: the number of offsets up to it, less one.</summary>
    private Tensor OfPieces(Tensor x, Tensor offsets, Tensor? weights)
    {
        int positions = x.Shape[0], bags = offsets.Shape[0], size = Weight.Shape[1];
        Tensor zeros = Tensor.Zeros([bags, size], Weight.DType, Weight.Device);
        if (positions == 0 || bags == 0)
        {
            return zeros;
        }

        Tensor starts = Tensor.Zeros([positions + 1], DType.Int64, x.Device).ScatterAdd(0, offsets, Tensor.Ones([bags], DType.Int64, x.Device));
        Tensor bag = starts.CumSum(0).Narrow(0, 0, positions) - 1L;
        Tensor? factors = Counts(x)?.To(Weight.DType);
        Tensor ones = factors ?? Tensor.Ones([positions], Weight.DType, x.Device);
        factors = weights is null ? factors : factors is null ? weights : weights * factors;
        Tensor rows = Weight.Embedding(x);
        rows = factors is null ? rows : rows * factors.Unsqueeze(1);
        Tensor sum = zeros.ScatterAdd(0, bag.Unsqueeze(1).Expand([positions, size]), rows);
        return _mode == EmbeddingBagMode.Sum
            ? sum
            : sum / Tensor.Zeros([bags], Weight.DType, x.Device).ScatterAdd(0, bag, ones).Clamp(min: 1).Unsqueeze(1);
    }

    private Tensor OfPaddedRows(Tensor x, Tensor offsets)
    {
        long[] starts = [.. offsets.To(DType.Int64).ToArray<long>(), x.Shape[0]];
        int bags = starts.Length - 1;
        int longest = bags == 0 ? 0 : (int)Enumerable.Range(0, bags).Max(i => starts[i + 1] - starts[i]);
        Guard.HostArray(nameof(EmbeddingBag), (long)bags * longest, sizeof(long));
        long[] positions = new long[bags * longest];
        bool[] isThere = new bool[positions.Length];
        for (int i = 0; i < bags; i++)
        {
            for (long j = starts[i]; j < starts[i + 1]; j++)
            {
                long at = (i * (long)longest) + j - starts[i];
                (positions[at], isThere[at]) = (j, true);
            }
        }

        Tensor index = Tensor.From<long>(positions, x.Device);
        return OfRows(x.IndexSelect(0, index).Reshape(bags, longest), Tensor.From<bool>(isThere, [bags, longest], x.Device), null);
    }

    private void Check(Tensor x, Tensor? offsets, Tensor? perSampleWeights)
    {
        if (x.Rank != (offsets is null ? 2 : 1))
        {
            throw new ShapeMismatchException($"EmbeddingBag: x is {x.Shape}; it must be [N, L] without offsets, or [T] with them.");
        }

        if (perSampleWeights is not null && (_mode != EmbeddingBagMode.Sum || perSampleWeights.Shape != x.Shape))
        {
            throw _mode != EmbeddingBagMode.Sum
                ? new ArgumentException($"EmbeddingBag: weights are for sums; the mode is {_mode}.", nameof(perSampleWeights))
                : new ShapeMismatchException($"EmbeddingBag: x is {x.Shape}, perSampleWeights is {perSampleWeights.Shape}; it must have the shape of x.");
        }

        if (offsets is null)
        {
            return;
        }

        if (offsets.Rank != 1 || (_includeLastOffset && offsets.Shape[0] == 0))
        {
            throw new ShapeMismatchException($"EmbeddingBag: offsets is {offsets.Shape}; it must be [N]{(_includeLastOffset ? " with N at least 1, for the end of the last bag" : string.Empty)}.");
        }

        if (offsets.Device is HostDevice || _mode == EmbeddingBagMode.Max)
        {
            long[] starts = offsets.To(DType.Int64).ToArray<long>();
            if (starts.Length > 0 && (starts[0] != 0 || starts[^1] > x.Shape[0] || starts.Zip(starts.Skip(1)).Any(static pair => pair.First > pair.Second)
                || (_includeLastOffset && starts[^1] != x.Shape[0])))
            {
                throw new ArgumentException($"EmbeddingBag: offsets must begin with 0, not fall, and not exceed the {x.Shape[0]} numbers of x{(_includeLastOffset ? ", which the last must be" : string.Empty)}.", nameof(offsets));
            }
        }
    }
}
