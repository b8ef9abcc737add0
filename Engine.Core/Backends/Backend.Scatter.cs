namespace Engine.Backends;

/// <summary>Writing by an index, made of the ten operations.</summary>
public abstract partial class Backend
{
    private static readonly MapProgram s_placeBefore = MapProgram.Compile(1, Expr.Max(Expr.Input(0) - 1, 0));

    /// <summary>destination[…, index[…, i, …], …] = source[…, i, …] along one axis; where an index occurs more than once, its last term stays.</summary>
    /// <param name="destination">The tensor that is written; what no index names keeps its value.</param>
    /// <param name="index">int32 or int64. One outside of [0, size) is an error on the CPU; other devices leave it out.</param>
    /// <param name="source">The new elements, of index's shape; destination differs from it at the axis only. They do not share memory.</param>
    /// <param name="axis">The axis that the index addresses.</param>
    /// <param name="distinct">Whether the caller knows that no index occurs twice, so that no order has to be kept.</param>
    /// <remarks>
    /// Without kernels of its own a device looks from the other side: for each place of the axis it searches the sorted indices for the last one
    /// that names it. That reads the whole destination.
    /// </remarks>
    public void Scatter(in Operand destination, in Operand index, in Operand source, int axis, bool distinct = false)
    {
        SameType(nameof(Scatter), destination, source, source);
        using OperandLease lease = OperandLease.Of(destination, index, source);
        ScatterCore(destination, index, source, axis, distinct);
    }

    /// <summary>Carries <see cref="Scatter"/> out, while something holds the memory of all operands.</summary>
    protected virtual void ScatterCore(in Operand destination, in Operand index, in Operand source, int axis, bool distinct)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor target = Tensor.Wrap(destination).Transpose(axis, -1), terms = Tensor.Wrap(source).Transpose(axis, -1), keys = Tensor.Wrap(index).Transpose(axis, -1);
        int last = target.Rank - 1, size = target.Shape[last];
        Tensor order = Tensor.Allocate(keys.Shape, DType.Int64, keys.Device), sorted = Tensor.Allocate(keys.Shape, keys.DType, keys.Device);
        ArgSort(keys.Operand, order.Operand, last, descending: false);
        Gather(keys.Operand, order.Operand, sorted.Operand, last);

        // The last index that is not above a place names it, or none does.
        Shape shape = target.Shape;
        Tensor places = Tensor.Arange(size, keys.Device).ToOrSelf(keys.DType).ExpandOrSelf(shape), found = BinarySearch.Count(sorted, places, notAbove: true);
        Pointwise.Into(found, s_placeBefore, [found]);
        Tensor named = Tensor.Allocate(shape, keys.DType, keys.Device), chosen = Tensor.Allocate(shape, DType.Int64, keys.Device), values = Tensor.Allocate(shape, target.DType, keys.Device);
        Gather(sorted.Operand, found.Operand, named.Operand, last);
        Gather(order.Operand, found.Operand, chosen.Operand, last);
        Gather(terms.Operand, chosen.Operand, values.Operand, last);
        Tensor isNamed = Tensor.Allocate(shape, DType.Bool, keys.Device);
        Pointwise.Into(isNamed, ElementwisePrograms.Equal, [named, places]);
        Pointwise.Into(target, Programs.Where, [isNamed, values, target]);
    }
}
