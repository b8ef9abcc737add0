namespace Engine;

/// <summary>How often numbers occur, and how many lie between edges.</summary>
public sealed partial class Tensor
{
    /// <summary>How often each of the numbers 0, 1, … occurs; with weights the sum of the weights of each. One more than the largest number, or <paramref name="minLength"/>.</summary>
    /// <param name="weights">One for each number, of the same shape. Those of integers are summed in int64. The gradient goes back to them.</param>
    /// <param name="minLength">The least length of the result.</param>
    /// <remarks>This tensor is int64, int32 or uint8. The device alone knows the largest number, so that the host waits for it. Counts are int64.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    /// <exception cref="ShapeMismatchException">The weights have another shape.</exception>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public Tensor BinCount(Tensor? weights = null, int minLength = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minLength);
        if (DType != DType.UInt8)
        {
            Guard.Index(nameof(BinCount), this, "x");
        }

        if (weights is not null && weights.Shape != Shape)
        {
            throw new ShapeMismatchException($"BinCount: weights is {weights.Shape}, x is {Shape}; they must be equal.");
        }

        Device.Refuse(nameof(BinCount), HostAccess.Read);
        using TensorScope scope = TensorScope.Begin();
        Tensor numbers = ToOrSelf(DType.Int64).ReshapeOrSelf(-1);
        int size = minLength;
        if (ElementCount > 0)
        {
            long least = numbers.Min().Item<long>();
            if (least < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(minLength), least, $"BinCount: {least} is negative; the numbers are those of bins, from 0 on.");
            }

            size = Guard.Size(nameof(BinCount), Math.Max(minLength, numbers.Max().Item<long>() + 1));
        }

        return scope.Keep(CountingOps.Sums(nameof(BinCount), numbers, weights, size));
    }

    /// <summary>How many elements lie in each of <paramref name="bins"/> bins of equal width, and the bins' edges.</summary>
    /// <param name="bins">How many bins.</param>
    /// <param name="range">The first edge and the last; null for the smallest and the largest element. What lies outside is not counted.</param>
    /// <param name="weights">One for each element, of the same shape: bins hold their sums.</param>
    /// <param name="density">Whether the result is divided by the sum of all and by the bins' widths, so that it is a density.</param>
    /// <returns>Counts [bins], in this tensor's type (that of the weights, if there are some; float32 for integers), and Edges [bins + 1].</returns>
    /// <remarks>
    /// A bin has its left edge; the last one has its right edge too: NumPy's and PyTorch's rule. Edges that would be equal are moved apart by ½ each. NaN is not
    /// counted. Without a range the host waits for the device.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The edges are not finite, or in the wrong order.</exception>
    /// <exception cref="ShapeMismatchException">The weights have another shape.</exception>
    public (Tensor Counts, Tensor Edges) Histogram(int bins, (double Low, double High)? range = null, Tensor? weights = null, bool density = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        using TensorScope scope = TensorScope.Begin();
        Tensor x = CountingOps.Floating(this);
        (double low, double high) = range ?? (0, 1);
        if (range is null && ElementCount > 0)
        {
            Device.Refuse(nameof(Histogram), HostAccess.Read);
            (low, high) = (x.Min().Item(), x.Max().Item());
        }

        if (!double.IsFinite(low) || !double.IsFinite(high) || low > high)
        {
            throw new ArgumentOutOfRangeException(nameof(range), $"Histogram: edges from {low} to {high}; both must be finite, the first one not above the last. Give a range where elements are infinite or NaN.");
        }

        (low, high) = low == high ? (low - 0.5, high + 0.5) : (low, high);

        // The last edge is exact: it must not fall below the largest element.
        Tensor inner = Linspace(low, high, Guard.Size(nameof(Histogram), bins + 1L), x.DType, Device).Narrow(0, 0, bins), edges = Concat([inner, Full([1], high, x.DType, Device)]);
        return (scope.Keep(CountingOps.Between(x, edges, weights, density)), scope.Keep(edges));
    }

    /// <summary>How many elements lie between neighbouring edges.</summary>
    /// <param name="edges">At least two, in ascending order, one axis; of any type that converts to this tensor's.</param>
    /// <param name="weights">One for each element, of the same shape: bins hold their sums.</param>
    /// <param name="density">Whether the result is divided by the sum of all and by the bins' widths, so that it is a density.</param>
    /// <remarks>The rule of <see cref="Histogram(int, ValueTuple{double, double}?, Tensor?, bool)"/>; the order of the edges is not checked.</remarks>
    /// <exception cref="ShapeMismatchException">There are fewer than two edges or not one axis, or the weights have another shape.</exception>
    public (Tensor Counts, Tensor Edges) Histogram(Tensor edges, Tensor? weights = null, bool density = false)
    {
        ArgumentNullException.ThrowIfNull(edges);
        Guard.SameDevice(nameof(Histogram), this, edges);
        if (edges.Rank != 1 || edges.ElementCount < 2)
        {
            throw new ShapeMismatchException($"Histogram: edges is {edges.Shape}; it must have one axis with two edges or more.");
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor x = CountingOps.Floating(this), limits = edges.To(x.DType);
        return (scope.Keep(CountingOps.Between(x, limits, weights, density)), scope.Keep(limits));
    }
}

/// <summary>Sums in bins.</summary>
internal static class CountingOps
{
    // The bin from the number of edges that are not above x: one less; the last edge belongs to the last bin; p0 is the number of bins. Bin p0 is for what lies outside.
    private static readonly MapProgram s_bin = MapProgram.Compile(2, Expr.Where(
        Expr.Input(1), Expr.Parameter(0) - 1, Expr.Where(Expr.And(Expr.Input(0) > 0, Expr.Input(0) <= Expr.Parameter(0)), Expr.Input(0) - 1, Expr.Parameter(0))));

    public static Tensor Floating(Tensor x) => x.ToOrSelf(TypePromotion.ToFloating(x.DType));

    /// <summary>The sum of the weights of each number from 0 on, or how often it occurs.</summary>
    public static Tensor Sums(string op, Tensor numbers, Tensor? weights, int size)
    {
        if (weights is not null)
        {
            Guard.SameDevice(op, numbers, weights);
            Tensor terms = weights.ToOrSelf(TypePromotion.ToSum(weights.DType)).ReshapeOrSelf(-1);
            return Tensor.Zeros([size], terms.DType, numbers.Device).ScatterAdd(0, numbers, terms);
        }

        if (numbers.Device is HostDevice || numbers.ElementCount == 0)
        {
            return Tensor.Zeros([size], DType.Int64, numbers.Device).ScatterAdd(0, numbers, Tensor.Ones(numbers.Shape, DType.Int64, numbers.Device));
        }

        // A card would read all numbers for each bin: sorted, those of a bin lie between two places.
        Tensor places = Tensor.Arange(0, size + 1L, 1, DType.Int64, numbers.Device);
        Tensor ends = BinarySearch.Count(numbers.Sort(0).Values, places, notAbove: false);
        return ends.Narrow(0, 1, size) - ends.Narrow(0, 0, size);
    }

    public static Tensor Between(Tensor x, Tensor edges, Tensor? weights, bool density)
    {
        const string Op = nameof(Tensor.Histogram);
        if (weights is not null && weights.Shape != x.Shape)
        {
            throw new ShapeMismatchException($"{Op}: weights is {weights.Shape}, x is {x.Shape}; they must be equal.");
        }

        int bins = edges.Shape[0] - 1;
        Tensor flat = x.ReshapeOrSelf(-1), bin = BinarySearch.Count(edges, flat, notAbove: true);
        Pointwise.Into(bin, s_bin, [bin, flat.EqualTo(edges.Narrow(0, bins, 1))], [bins]);
        DType type = weights is null ? x.DType : TypePromotion.ToFloating(weights.DType);
        Tensor sums = Sums(Op, bin, weights, bins + 1).Narrow(0, 0, bins).ToOrSelf(type);
        return density ? sums / sums.Sum() / (edges.Narrow(0, 1, bins) - edges.Narrow(0, 0, bins)).ToOrSelf(type) : sums.Clone();
    }
}
