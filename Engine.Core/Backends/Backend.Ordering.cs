namespace Engine.Backends;

/// <summary>Running sums, sorting and norms made of the ten operations.</summary>
public abstract partial class Backend
{
    /// <summary>y[…, i, …] = x[…, 0, …] + … + x[…, i, …] along one axis; x and y have one shape and do not overlap.</summary>
    /// <remarks>By doubling (Hillis and Steele): log₂ n additions of the whole tensor to itself, shifted by 1, 2, 4, …</remarks>
    public void CumSum(in Operand x, in Operand y, int axis)
    {
        using OperandLease lease = OperandLease.Of(x, y);
        CumSumCore(x, y, axis);
    }

    /// <summary>Carries <see cref="CumSum"/> out, while something holds the memory of all operands.</summary>
    protected virtual void CumSumCore(in Operand x, in Operand y, int axis)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor result = Tensor.Wrap(y);
        Pointwise.Into(result, Programs.Copy, [Tensor.Wrap(x)]);
        int size = result.Shape[axis];
        for (int shift = 1; shift < size; shift *= 2)
        {
            using TensorScope step = TensorScope.Begin();
            Tensor before = result.Clone();
            Pointwise.Into(result.Narrow(axis, shift, size - shift), Programs.Add, [before.Narrow(axis, shift, size - shift), before.Narrow(axis, 0, size - shift)]);
        }
    }

    /// <summary>indices (int64, x's shape) = the indices of x's elements along one axis in sorted order; equal elements keep their order, NaN counts as largest.</summary>
    /// <remarks>An element's rank is the number of elements before it: n² comparisons, in parallel, without storing them.</remarks>
    public void ArgSort(in Operand x, in Operand indices, int axis, bool descending)
    {
        using OperandLease lease = OperandLease.Of(x, indices);
        ArgSortCore(x, indices, axis, descending);
    }

    /// <summary>Carries <see cref="ArgSort"/> out, while something holds the memory of all operands.</summary>
    protected virtual void ArgSortCore(in Operand x, in Operand indices, int axis, bool descending)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor keys = Tensor.Wrap(x).Transpose(axis, -1);
        int size = keys.Shape[-1];
        DType compute = keys.DType.IsFloatingPoint() ? keys.DType.ComputeType() : DType.Int64;
        Shape pairs = keys.Shape.Insert(keys.Rank, size);
        Tensor numbers = Tensor.Arange(size, keys.Device);
        Tensor rank = Tensor.Allocate(pairs.With(-1, 1), DType.Int64, keys.Device);
        Tensor typed = keys.ToOrSelf(compute);
        Reductions.Into(
            descending ? OrderingPrograms.RankDescending : OrderingPrograms.Rank,
            default(AxisSet).With(pairs.Rank - 1),
            [typed.Unsqueeze(keys.Rank).ExpandOrSelf(pairs), typed.Unsqueeze(keys.Rank - 1), numbers.ToOrSelf(compute).Unsqueeze(1), numbers.ToOrSelf(compute)],
            [rank],
            []);
        Tensor ranks = rank.Squeeze(-1);
        Tensor order = Tensor.Zeros(ranks.Shape, DType.Int64, keys.Device);
        ScatterAdd(order.Operand, ranks.Operand, numbers.ExpandOrSelf(ranks.Shape).Operand, ranks.Rank - 1);
        Pointwise.Into(Tensor.Wrap(indices).Transpose(axis, -1), Programs.Copy, [order]);
    }

    /// <summary>result (one element) = √Σ over all tensors of Σx².</summary>
    public void GlobalNorm(ReadOnlySpan<Operand> tensors, in Operand result)
    {
        using OperandLease lease = OperandLease.Of(tensors, result);
        GlobalNormCore(tensors, result);
    }

    /// <summary>Carries <see cref="GlobalNorm"/> out, while something holds the memory of all operands.</summary>
    protected virtual void GlobalNormCore(ReadOnlySpan<Operand> tensors, in Operand result)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor total = Tensor.Wrap(result).ReshapeOrSelf(shape: Shape.Scalar);
        Tensor norms = Tensor.Allocate([tensors.Length], result.DType, result.Storage.Device);
        for (int i = 0; i < tensors.Length; i++)
        {
            norms.Narrow(0, i, 1).CopyFrom(Tensor.Wrap(tensors[i]).Norm());
        }

        total.CopyFrom(norms.Norm());
    }
}
