namespace Engine;

/// <summary>How <see cref="Tensor.Quantile(double, int?, bool, QuantileInterpolation)"/> chooses between two neighbours in order.</summary>
public enum QuantileInterpolation
{
    /// <summary>Between the two, as far as the position is.</summary>
    Linear,

    /// <summary>The smaller one.</summary>
    Lower,

    /// <summary>The larger one.</summary>
    Higher,

    /// <summary>Half way between the two.</summary>
    Midpoint,

    /// <summary>The nearer one; of two equally near ones that with an even place.</summary>
    Nearest,
}

/// <summary>Medians, quantiles and what is left where NaN are missing values.</summary>
public sealed partial class Tensor
{
    /// <summary>The median of all elements, of an even number the lower of the two in the middle; NaN if there is one.</summary>
    /// <exception cref="ShapeMismatchException">There are no elements.</exception>
    public Tensor Median() => ReshapeOrSelf(-1).Median(0).Values;

    /// <summary>The medians along an axis, of an even number the lower of the two in the middle, and where they are; NaN if there is one.</summary>
    /// <exception cref="ShapeMismatchException">The axis is empty.</exception>
    public (Tensor Values, Tensor Indices) Median(int axis, bool keepDims = false) => this.Middle(nameof(Median), axis, keepDims, skipsNaN: false);

    /// <summary>As <see cref="Median()"/> of the elements that are not NaN; NaN if there are no others.</summary>
    /// <exception cref="ShapeMismatchException">There are no elements.</exception>
    public Tensor NanMedian() => ReshapeOrSelf(-1).NanMedian(0).Values;

    /// <summary>As <see cref="Median(int, bool)"/> of the elements that are not NaN; NaN if there are no others.</summary>
    /// <exception cref="ShapeMismatchException">The axis is empty.</exception>
    public (Tensor Values, Tensor Indices) NanMedian(int axis, bool keepDims = false) => this.Middle(nameof(NanMedian), axis, keepDims, skipsNaN: true);

    /// <summary>The number below which the share q of the elements lies: place q·(n − 1) of the elements in order. NaN if there is one.</summary>
    /// <param name="q">From 0 (the smallest) to 1 (the largest).</param>
    /// <param name="axis">The axis; null takes all elements.</param>
    /// <param name="keepDims">Whether the axis stays with size 1.</param>
    /// <param name="interpolation">What is taken between two places.</param>
    /// <exception cref="ArgumentOutOfRangeException">q does not lie in [0, 1].</exception>
    /// <exception cref="ShapeMismatchException">There are no elements.</exception>
    public Tensor Quantile(double q, int? axis = null, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        this.AtShare(nameof(Quantile), q, axis, keepDims, interpolation, skipsNaN: false);

    /// <summary>As <see cref="Quantile(double, int?, bool, QuantileInterpolation)"/> for several shares, which are the first axis of the result.</summary>
    public Tensor Quantile(ReadOnlySpan<double> q, int? axis = null, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        this.AtShares(nameof(Quantile), q, axis, keepDims, interpolation, skipsNaN: false);

    /// <summary>As <see cref="Quantile(double, int?, bool, QuantileInterpolation)"/> of the elements that are not NaN; NaN if there are no others.</summary>
    public Tensor NanQuantile(double q, int? axis = null, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        this.AtShare(nameof(NanQuantile), q, axis, keepDims, interpolation, skipsNaN: true);

    /// <summary>As <see cref="NanQuantile(double, int?, bool, QuantileInterpolation)"/> for several shares, which are the first axis of the result.</summary>
    public Tensor NanQuantile(ReadOnlySpan<double> q, int? axis = null, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        this.AtShares(nameof(NanQuantile), q, axis, keepDims, interpolation, skipsNaN: true);

    /// <summary>The most frequent element along an axis, the smallest of several, and where it is last. NaN equals nothing.</summary>
    /// <exception cref="ShapeMismatchException">The axis is empty.</exception>
    public (Tensor Values, Tensor Indices) Mode(int axis = -1, bool keepDims = false) => this.MostFrequent(nameof(Mode), axis, keepDims);

    /// <summary>How many elements are not 0, as int64; NaN is not 0.</summary>
    public Tensor CountNonZero(ReadOnlySpan<int> axes = default, bool keepDims = false) => NotEqualTo(0).Sum(axes, keepDims);

    /// <summary>The sum of the elements that are not NaN.</summary>
    public Tensor NanSum(ReadOnlySpan<int> axes = default, bool keepDims = false) => (DType.IsFloatingPoint() ? Pointwise.Apply(nameof(NanSum), StatisticsPrograms.NaNAsZero, [this]) : this).Sum(axes, keepDims);

    /// <summary>The mean of the elements that are not NaN; NaN if there are none.</summary>
    public Tensor NanMean(ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        DType.IsFloatingPoint() ? NanSum(axes, keepDims) / IsNaN().Not().Sum(axes, keepDims) : Mean(axes, keepDims);

    /// <summary>The variance and the mean; see <see cref="Var(ReadOnlySpan{int}, int, bool)"/>.</summary>
    public (Tensor Variance, Tensor Mean) VarMean(ReadOnlySpan<int> axes = default, int correction = 1, bool keepDims = false) => (Var(axes, correction, keepDims), Mean(axes, keepDims));

    /// <summary>The standard deviation and the mean; see <see cref="Std(ReadOnlySpan{int}, int, bool)"/>.</summary>
    public (Tensor Deviation, Tensor Mean) StdMean(ReadOnlySpan<int> axes = default, int correction = 1, bool keepDims = false) => (Std(axes, correction, keepDims), Mean(axes, keepDims));

    /// <summary>The smallest and the largest element; see <see cref="Min(ReadOnlySpan{int}, bool)"/>.</summary>
    public (Tensor Min, Tensor Max) Aminmax(ReadOnlySpan<int> axes = default, bool keepDims = false) => (Min(axes, keepDims), Max(axes, keepDims));

    /// <summary>Whether any element is true (not 0; NaN is not); false over no elements. Without axes over all.</summary>
    public Tensor Any(ReadOnlySpan<int> axes, bool keepDims = false) => this.Reduce(ReduceProgram.Any, Guard.Axes(nameof(Any), Shape, axes), DType.Bool, [], keepDims);

    /// <inheritdoc cref="Any(ReadOnlySpan{int}, bool)"/>
    public Tensor Any(int axis, bool keepDims = false) => Any([axis], keepDims);

    /// <summary>Whether all elements are true (not 0; NaN is not); true over no elements. Without axes over all.</summary>
    public Tensor All(ReadOnlySpan<int> axes, bool keepDims = false) => this.Reduce(ReduceProgram.All, Guard.Axes(nameof(All), Shape, axes), DType.Bool, [], keepDims);

    /// <inheritdoc cref="All(ReadOnlySpan{int}, bool)"/>
    public Tensor All(int axis, bool keepDims = false) => All([axis], keepDims);
}

/// <summary>Places in order. Sorting puts NaN last.</summary>
file static class StatisticsOps
{
    public static (Tensor Values, Tensor Indices) Middle(this Tensor x, string op, int axis, bool keepDims, bool skipsNaN)
    {
        int at = Guard.Axis(axis, x.Rank);
        CheckNotEmpty(op, x, at);
        Tensor index;
        using (GradMode.Off())
        {
            int size = x.Shape[at];
            Tensor order = x.ArgSort(at);
            if (x.DType.IsFloatingPoint())
            {
                Tensor missing = x.IsNaN().Sum(at, keepDims: true);
                Tensor place = skipsNaN
                    ? (size - 1 - missing).FloorDiv(Tensor.Scalar(2L, DType.Int64, x.Device)).Clamp(0L, size - 1)
                    : Tensor.Where(missing > 0, Tensor.Scalar(size - 1L, DType.Int64, x.Device), Tensor.Scalar((size - 1L) / 2, DType.Int64, x.Device));
                index = order.Gather(at, place);
            }
            else
            {
                index = order.Narrow(at, (size - 1) / 2, 1).ContiguousOrSelf();
            }
        }

        Tensor values = x.Gather(at, index);
        return keepDims ? (values, index) : (values.Squeeze(at), index.Squeeze(at));
    }

    public static (Tensor Values, Tensor Indices) MostFrequent(this Tensor x, string op, int axis, bool keepDims)
    {
        int at = Guard.Axis(axis, x.Rank);
        CheckNotEmpty(op, x, at);
        Tensor index;
        using (GradMode.Off())
        {
            // In order, equal elements are a run. The place of an element less that of its run's start is largest at the end of the longest run.
            int size = x.Shape[at];
            Tensor order = x.ArgSort(at), sorted = x.Detach().Gather(at, order);
            int[] sizes = new int[x.Rank];
            Array.Fill(sizes, 1);
            sizes[at] = size;
            Tensor place = Tensor.Arange(size, x.Device).ToOrSelf(DType.Int64).ReshapeOrSelf(sizes);
            Tensor first = Tensor.Zeros(x.Shape.With(at, 1), DType.Int64, x.Device);
            Tensor isStart = sorted.Narrow(at, 1, size - 1).NotEqualTo(sorted.Narrow(at, 0, size - 1));
            Tensor start = Tensor.Concat([first, Tensor.Where(isStart, place.Narrow(at, 1, size - 1), Tensor.Scalar(0L, DType.Int64, x.Device))], at).CumMax(at).Values;
            index = order.Gather(at, (place - start).ArgMax(at, keepDims: true));
        }

        Tensor values = x.Gather(at, index);
        return keepDims ? (values, index) : (values.Squeeze(at), index.Squeeze(at));
    }

    public static Tensor AtShares(this Tensor x, string op, ReadOnlySpan<double> q, int? axis, bool keepDims, QuantileInterpolation interpolation, bool skipsNaN)
    {
        if (q.IsEmpty)
        {
            throw new ArgumentException($"{op}: q names no share; give at least one number from 0 to 1.", nameof(q));
        }

        Tensor[] parts = new Tensor[q.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = x.AtShare(op, q[i], axis, keepDims, interpolation, skipsNaN);
        }

        return Tensor.Stack(parts);
    }

    public static Tensor AtShare(this Tensor input, string op, double q, int? axis, bool keepDims, QuantileInterpolation interpolation, bool skipsNaN)
    {
        if (!(q is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(q), q, $"{op}: a share must lie in [0, 1].");
        }

        if (!Enum.IsDefined(interpolation))
        {
            throw new ArgumentOutOfRangeException(nameof(interpolation), interpolation, $"{op}: not a way to interpolate.");
        }

        Tensor x = input.ToOrSelf(TypePromotion.ToFloating(input.DType));
        if (axis is null)
        {
            Tensor all = x.ReshapeOrSelf(-1).AtShare(op, q, 0, keepDims: false, interpolation, skipsNaN);
            int[] ones = new int[input.Rank];
            Array.Fill(ones, 1);
            return keepDims ? all.ReshapeOrSelf(ones) : all;
        }

        int at = Guard.Axis(axis.Value, x.Rank, nameof(axis));
        CheckNotEmpty(op, x, at);
        int last = x.Shape[at] - 1;
        (Tensor sorted, _) = x.Sort(at);
        Tensor y;
        if (skipsNaN)
        {
            Tensor missing, place;
            using (GradMode.Off())
            {
                missing = x.IsNaN().Sum(at, keepDims: true);
                // Places are counted in the type of x; one with a fraction past its digits has no neighbour to be told from.
                place = (last - missing).Clamp(0L, last).ToOrSelf(x.DType.ComputeType()) * q;
            }

            y = Between(sorted, at, place, interpolation);
        }
        else
        {
            y = Between(sorted, at, q * last, interpolation);
            // NaN comes last: if there is one, it is there.
            Tensor largest = sorted.Narrow(at, last, 1);
            y = Tensor.Where(largest.Detach().IsNaN(), largest, y);
        }

        return keepDims ? y : y.Squeeze(at);
    }

    private static Tensor Between(Tensor sorted, int axis, double place, QuantileInterpolation interpolation)
    {
        place = interpolation switch
        {
            QuantileInterpolation.Lower => Math.Floor(place),
            QuantileInterpolation.Higher => Math.Ceiling(place),
            QuantileInterpolation.Nearest => Math.Round(place, MidpointRounding.ToEven),
            _ => place,
        };
        int low = (int)Math.Floor(place), high = (int)Math.Ceiling(place);
        Tensor lower = sorted.Narrow(axis, low, 1);
        return low == high ? lower : lower.Lerp(sorted.Narrow(axis, high, 1), interpolation == QuantileInterpolation.Midpoint ? 0.5 : place - low);
    }

    private static Tensor Between(Tensor sorted, int axis, Tensor place, QuantileInterpolation interpolation)
    {
        Tensor low, high, weight;
        using (GradMode.Off())
        {
            (low, high) = interpolation switch
            {
                QuantileInterpolation.Lower => (place.Floor(), place.Floor()),
                QuantileInterpolation.Higher => (place.Ceil(), place.Ceil()),
                QuantileInterpolation.Nearest => (place.Round(), place.Round()),
                _ => (place.Floor(), place.Ceil()),
            };
            weight = interpolation == QuantileInterpolation.Linear ? place - low : (high - low) * 0.5;
        }

        Tensor lower = sorted.Gather(axis, low.To(DType.Int64)), higher = sorted.Gather(axis, high.To(DType.Int64));
        return lower.Lerp(higher, weight.ToOrSelf(sorted.DType));
    }

    private static void CheckNotEmpty(string op, Tensor x, int axis)
    {
        if (x.Shape[axis] == 0)
        {
            throw new ShapeMismatchException($"{op}: {x.Shape} has no elements to choose from along axis {axis}.");
        }
    }
}

/// <summary>Programs of reductions that pass over missing values.</summary>
file static class StatisticsPrograms
{
    public static readonly MapProgram NaNAsZero = Programs.Unary(static x => Expr.Where(Expr.IsNaN(x), 0, x));
}
