namespace Engine;

/// <summary>Each element once.</summary>
public sealed partial class Tensor
{
    /// <summary>The distinct elements in ascending order, where each element of this tensor stands among them, and how often each occurs.</summary>
    /// <returns>
    /// Values [count]; Inverse, int64 of this tensor's shape, so that Values[Inverse] is this tensor; Counts, int64 [count]. Each NaN is distinct and stands at the
    /// end, as in PyTorch.
    /// </returns>
    /// <remarks>The device alone knows how many there are, so that the host waits for it. No gradient.</remarks>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public (Tensor Values, Tensor Inverse, Tensor Counts) Unique()
    {
        Device.Refuse(nameof(Unique), HostAccess.Read);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        (Tensor sorted, Tensor order) = ReshapeOrSelf(-1).Sort(0);
        (Tensor starts, Tensor group, Tensor counts) = DistinctOps.Runs(nameof(Unique), sorted.ReshapeOrSelf([Guard.Size(nameof(Unique), ElementCount), 1]));
        Tensor inverse = Zeros(group.Shape, DType.Int64, Device).Scattered(order, group, 0, distinct: true);
        return (scope.Keep(sorted.Gather(0, starts)), scope.Keep(inverse.Reshape(Shape)), scope.Keep(counts));
    }

    /// <summary>The distinct slices of an axis (rows for axis 0) in ascending order of their first element, then their second and so on.</summary>
    /// <returns>Values, this tensor's shape with the distinct slices at the axis; Inverse, int64 with one number for each slice; Counts, int64 [count].</returns>
    /// <remarks>As <see cref="Unique()"/>. Slices are sorted by one element after the other, from the last: meant for slices of a few elements.</remarks>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public (Tensor Values, Tensor Inverse, Tensor Counts) Unique(int axis)
    {
        Device.Refuse(nameof(Unique), HostAccess.Read);
        int at = Guard.Axis(axis, Rank), size = Shape[at];
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor rows = DistinctOps.Rows(nameof(Unique), this, at), order = Arange(size, Device);
        for (int column = rows.Shape[1] - 1; column >= 0 && size > 1; column--)
        {
            order = order.Gather(0, rows.Select(1, column).Gather(0, order).ArgSort(0));
        }

        (Tensor starts, Tensor group, Tensor counts) = DistinctOps.Runs(nameof(Unique), rows.IndexSelect(0, order));
        Tensor inverse = Zeros(group.Shape, DType.Int64, Device).Scattered(order, group, 0, distinct: true);
        return (scope.Keep(IndexSelect(at, order.Gather(0, starts))), scope.Keep(inverse), scope.Keep(counts));
    }

    /// <summary>The elements without those that are equal to the one before them, in row-major order or along an axis, where whole slices are compared.</summary>
    /// <returns>
    /// Values; Inverse, int64: for each element (slice) the number of its run; Counts, int64: the lengths of the runs. Without an axis Values has one axis and Inverse this tensor's shape.
    /// </returns>
    /// <remarks>The device alone knows how many there are, so that the host waits for it. No gradient.</remarks>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public (Tensor Values, Tensor Inverse, Tensor Counts) UniqueConsecutive(int? axis = null)
    {
        Device.Refuse(nameof(UniqueConsecutive), HostAccess.Read);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor x = axis is null ? ReshapeOrSelf(-1) : this;
        int at = Guard.Axis(axis ?? 0, x.Rank, nameof(axis));
        (Tensor starts, Tensor group, Tensor counts) = DistinctOps.Runs(nameof(UniqueConsecutive), DistinctOps.Rows(nameof(UniqueConsecutive), x, at));
        Tensor inverse = axis is null ? group.Reshape(Shape) : group;
        return (scope.Keep(x.IndexSelect(at, starts)), scope.Keep(inverse), scope.Keep(counts));
    }
}

/// <summary>Runs of equal rows.</summary>
internal static class DistinctOps
{
    /// <summary>The slices of an axis as rows of a matrix.</summary>
    public static Tensor Rows(string op, Tensor x, int axis)
    {
        int size = x.Shape[axis];
        long width = 1;
        for (int i = 0; i < x.Rank; i++)
        {
            width *= i == axis ? 1 : x.Shape[i];
        }

        int[] order = [axis, .. Enumerable.Range(0, x.Rank).Where(i => i != axis)];
        return x.Permute(order).ReshapeOrSelf(size, Guard.Size(op, width));
    }

    /// <summary>Where runs of equal rows begin, for each row the number of its run, and the runs' lengths.</summary>
    public static (Tensor Starts, Tensor Group, Tensor Counts) Runs(string op, Tensor rows)
    {
        int size = rows.Shape[0];
        if (size == 0)
        {
            return (Tensor.Arange(0, rows.Device), Tensor.Arange(0, rows.Device), Tensor.Arange(0, rows.Device));
        }

        Tensor isNew = Tensor.Ones([size], DType.Bool, rows.Device);
        if (size > 1)
        {
            Tensor differs = rows.Narrow(0, 1, size - 1).NotEqualTo(rows.Narrow(0, 0, size - 1)).ToOrSelf(DType.Int32);
            isNew.Narrow(0, 1, size - 1).CopyFrom(differs.Sum(1));
        }

        Tensor starts = MaskOps.Places(op, isNew);
        int count = starts.Shape[0];
        Tensor ends = Tensor.Concat([starts.Narrow(0, 1, count - 1), Tensor.Full([1], (long)size, DType.Int64, rows.Device)]);
        return (starts, isNew.CumSum(0) - 1L, ends - starts);
    }
}
