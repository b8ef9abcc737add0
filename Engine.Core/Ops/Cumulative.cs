namespace Engine;

/// <summary>Running products, extremes and logarithms of sums, and their opposite, differences.</summary>
public sealed partial class Tensor
{
    /// <summary>y[…, i, …] = Π of x[…, 0 … i, …] along an axis. Integers are multiplied in int64. The gradient is right where elements are 0.</summary>
    public Tensor CumProd(int axis)
    {
        int at = Guard.Axis(axis, Rank);
        return To(Autocast.Wide(TypePromotion.ToSum(DType))).Scan(at, static (later, earlier) => later * earlier);
    }

    /// <summary>y[…, i, …] = ln Σ eˣ over x[…, 0 … i, …] along an axis, without overflow.</summary>
    public Tensor LogCumSumExp(int axis)
    {
        int at = Guard.Axis(axis, Rank);
        return To(Autocast.Wide(TypePromotion.ToFloating(DType))).Scan(at, static (later, earlier) => later.LogAddExp(earlier));
    }

    /// <summary>The largest of x[…, 0 … i, …] along an axis, and where it is: the last of equal ones. From the first NaN on NaN.</summary>
    public (Tensor Values, Tensor Indices) CumMax(int axis) => this.CumExtreme(Guard.Axis(axis, Rank), CumulativePrograms.TakesLaterMax);

    /// <summary>The smallest of x[…, 0 … i, …] along an axis, and where it is: the last of equal ones. From the first NaN on NaN.</summary>
    public (Tensor Values, Tensor Indices) CumMin(int axis) => this.CumExtreme(Guard.Axis(axis, Rank), CumulativePrograms.TakesLaterMin);

    /// <summary>x[…, i + 1, …] − x[…, i, …] along an axis, <paramref name="n"/> times. Truth values are compared instead.</summary>
    /// <param name="n">How often; 0 gives the tensor itself.</param>
    /// <param name="axis">The axis, which loses n elements.</param>
    /// <param name="prepend">Is put before x along the axis first.</param>
    /// <param name="append">Is put after x along the axis first.</param>
    /// <exception cref="ArgumentOutOfRangeException">n is negative.</exception>
    public Tensor Diff(int n = 1, int axis = -1, Tensor? prepend = null, Tensor? append = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        int at = Guard.Axis(axis, Rank);
        Tensor y = (prepend, append) switch
        {
            ({ } before, { } after) => Concat([before, this, after], at),
            ({ } before, null) => Concat([before, this], at),
            (null, { } after) => Concat([this, after], at),
            _ => Alias(),
        };
        for (int i = 0; i < n; i++)
        {
            int length = Math.Max(0, y.Shape[at] - 1);
            Tensor later = y.Narrow(at, y.Shape[at] - length, length), earlier = y.Narrow(at, 0, length);
            y = DType == DType.Bool ? later.NotEqualTo(earlier) : later - earlier;
        }

        return y;
    }
}

/// <summary>Prefixes by doubling (Hillis and Steele): log₂ n passes, in each of which an element is joined to the one 1, 2, 4, … before it.</summary>
file static class CumulativeOps
{
    public static Tensor Scan(this Tensor x, int axis, Func<Tensor, Tensor, Tensor> join)
    {
        Tensor y = x;
        int size = x.Shape[axis];
        for (int shift = 1; shift < size; shift *= 2)
        {
            Tensor joined = join(y.Narrow(axis, shift, size - shift), y.Narrow(axis, 0, size - shift));
            y = Tensor.Concat([y.Narrow(axis, 0, shift), joined], axis);
        }

        return y;
    }

    public static (Tensor Values, Tensor Indices) CumExtreme(this Tensor x, int axis, MapProgram takesLater)
    {
        int size = x.Shape[axis];
        Tensor indices;
        using (GradMode.Off())
        {
            int[] sizes = new int[x.Rank];
            Array.Fill(sizes, 1);
            sizes[axis] = size;
            indices = Tensor.Arange(size, x.Device).ToOrSelf(DType.Int64).ReshapeOrSelf(sizes).Expand(x.Shape).ContiguousOrSelf();
            Tensor best = x.Detach();
            for (int shift = 1; shift < size; shift *= 2)
            {
                Tensor later = best.Narrow(axis, shift, size - shift), earlier = best.Narrow(axis, 0, size - shift);
                Tensor takes = Pointwise.Apply("CumMax", takesLater, [later, earlier], resultAs: DType.Bool);
                best = Join(best, Tensor.Where(takes, later, earlier), axis, shift);
                indices = Join(indices, Tensor.Where(takes, indices.Narrow(axis, shift, size - shift), indices.Narrow(axis, 0, size - shift)), axis, shift);
            }
        }

        return (x.Gather(axis, indices), indices);
    }

    private static Tensor Join(Tensor y, Tensor joined, int axis, int shift) => Tensor.Concat([y.Narrow(axis, 0, shift), joined], axis);
}

/// <summary>Which of two extremes is taken. NaN is the number that differs from itself, a comparison that integers have too.</summary>
file static class CumulativePrograms
{
    public static readonly MapProgram TakesLaterMax = Programs.Binary(static (later, earlier) => Takes(later, earlier, later >= earlier));
    public static readonly MapProgram TakesLaterMin = Programs.Binary(static (later, earlier) => Takes(later, earlier, later <= earlier));

    private static Expr Takes(Expr later, Expr earlier, Expr isBetter) => Expr.Or(Expr.NotEqual(later, later), Expr.And(Expr.Equal(earlier, earlier), isBetter));
}
