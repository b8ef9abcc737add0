namespace Engine.Backends;

/// <summary>
/// The kernels of a device. Core has checked, promoted, broadcast and allocated; a backend computes into the given destinations. It
/// never checks shapes, never allocates a result and knows nothing of gradients.
/// </summary>
/// <remarks>
/// <para>Calls come in through the public members, which hold the memory of all operands until the call returns. A backend overrides the
/// members whose names end in Core. It may pass addresses on: work that it leaves to the stream of a card runs before all later use of the
/// memory.</para>
/// <para>The ten abstract operations make a backend complete: every other one has a default that is built from them. A backend overrides those
/// that it can do faster. Tensors of size 0 never arrive as results, but they may arrive as operands of a sum (K = 0 in a product, an
/// empty axis in a reduction).</para>
/// </remarks>
public abstract partial class Backend
{
    /// <summary>
    /// Whether the device computes faster where the channels of images and filters are neighbours in memory (<see cref="Layout.ChannelsLast"/>). Core then
    /// lets convolutions read and write them so, and operations between convolutions keep the order.
    /// </summary>
    public virtual bool PrefersChannelsLast => false;

    /// <summary>
    /// Whether kernels read and write a part of the channels of images, a view with gaps, as fast as whole images. Core then lets concatenations share memory
    /// (<see cref="ConcatBuffer"/>) and adds gradients up where they lie.
    /// </summary>
    public virtual bool ComputesOnParts => false;

    /// <summary>
    /// From here until the result is disposed calls of this thread do not rely on each other's results, so that a device may carry them out together; null where it does not.
    /// Whatever else the thread asks for meanwhile comes after the calls before it, as ever. Operands stay as they are until the end.
    /// </summary>
    public virtual IDisposable? BeginIndependent() => null;

    /// <summary>The same where pointwise programs do not rely on each other's results either.</summary>
    public virtual IDisposable? BeginIndependentMaps() => null;

    /// <summary>Computes a pointwise program.</summary>
    public void Map(in MapArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        MapCore(args);
    }

    /// <summary>Carries <see cref="Map"/> out, while something holds the memory of all operands.</summary>
    protected abstract void MapCore(in MapArgs args);

    /// <summary>Computes one pointwise program for many items. A device with costly launches needs one for all of them.</summary>
    public void MapGroup(in MapGroupArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        MapGroupCore(args);
    }

    /// <summary>Carries <see cref="MapGroup"/> out, while something holds the memory of all operands.</summary>
    protected virtual void MapGroupCore(in MapGroupArgs args)
    {
        for (int i = 0; i < args.Count; i++)
        {
            Map(args[i]);
        }
    }

    /// <summary>Computes a reduction. Over no elements the result is the combiner's identity (0, 1, −∞, +∞).</summary>
    public void Reduce(in ReduceArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        ReduceCore(args);
    }

    /// <summary>Carries <see cref="Reduce"/> out, while something holds the memory of all operands.</summary>
    protected abstract void ReduceCore(in ReduceArgs args);

    /// <summary>Computes a matrix product.</summary>
    public void Gemm(in GemmArgs args)
    {
        SameType(nameof(Gemm), args.A, args.B, args.C);
        using OperandLease lease = OperandLease.Of(args);
        GemmCore(args);
    }

    /// <summary>Carries <see cref="Gemm"/> out, while something holds the memory of all operands.</summary>
    protected abstract void GemmCore(in GemmArgs args);

    /// <summary>Writes Y from X and W.</summary>
    public void ConvForward(in ConvForwardArgs args)
    {
        SameType(nameof(ConvForward), args.X, args.W, args.Y);
        using OperandLease lease = OperandLease.Of(args);
        ConvForwardCore(args);
    }

    /// <summary>Carries <see cref="ConvForward"/> out, while something holds the memory of all operands.</summary>
    protected abstract void ConvForwardCore(in ConvForwardArgs args);

    /// <summary>Writes GradX from GradY and W.</summary>
    public void ConvBackwardData(in ConvBackwardDataArgs args)
    {
        SameType(nameof(ConvBackwardData), args.GradX, args.W, args.GradY);
        using OperandLease lease = OperandLease.Of(args.GradX, args.W, args.GradY);
        ConvBackwardDataCore(args);
    }

    /// <summary>Carries <see cref="ConvBackwardData"/> out, while something holds the memory of all operands.</summary>
    protected abstract void ConvBackwardDataCore(in ConvBackwardDataArgs args);

    /// <summary>Writes GradW from X and GradY.</summary>
    public void ConvBackwardWeight(in ConvBackwardWeightArgs args)
    {
        SameType(nameof(ConvBackwardWeight), args.X, args.GradW, args.GradY);
        using OperandLease lease = OperandLease.Of(args.GradW, args.X, args.GradY);
        ConvBackwardWeightCore(args);
    }

    /// <summary>Carries <see cref="ConvBackwardWeight"/> out, while something holds the memory of all operands.</summary>
    protected abstract void ConvBackwardWeightCore(in ConvBackwardWeightArgs args);

    /// <summary>Writes Y (and, for maxima, Indices) from X.</summary>
    public void PoolForward(in PoolForwardArgs args)
    {
        SameType(nameof(PoolForward), args.X, args.Y, args.Y);
        using OperandLease lease = OperandLease.Of(args);
        PoolForwardCore(args);
    }

    /// <summary>Carries <see cref="PoolForward"/> out, while something holds the memory of all operands.</summary>
    protected abstract void PoolForwardCore(in PoolForwardArgs args);

    /// <summary>Writes GradX from GradY (and, for maxima, Indices).</summary>
    public void PoolBackward(in PoolBackwardArgs args)
    {
        SameType(nameof(PoolBackward), args.GradX, args.GradY, args.GradY);
        using OperandLease lease = OperandLease.Of(args);
        PoolBackwardCore(args);
    }

    /// <summary>Carries <see cref="PoolBackward"/> out, while something holds the memory of all operands.</summary>
    protected abstract void PoolBackwardCore(in PoolBackwardArgs args);

    /// <summary>y[…, i, …] = x[…, index[…, i, …], …] along one axis; y and index have one shape, x differs from it at the axis only.</summary>
    /// <remarks>
    /// The index is int32 or int64. One outside of [0, size), negative ones included, is an <see cref="ArgumentOutOfRangeException"/> on the CPU; a
    /// device that cannot throw writes NaN (0 in integer types), and leaves it out in <see cref="ScatterAdd"/>.
    /// </remarks>
    public void Gather(in Operand x, in Operand index, in Operand y, int axis)
    {
        SameType(nameof(Gather), x, y, y);
        using OperandLease lease = OperandLease.Of(x, index, y);
        GatherCore(x, index, y, axis);
    }

    /// <summary>Carries <see cref="Gather"/> out, while something holds the memory of all operands.</summary>
    protected abstract void GatherCore(in Operand x, in Operand index, in Operand y, int axis);

    /// <summary>destination[…, index[…, i, …], …] += source[…, i, …] along one axis, in a fixed order.</summary>
    /// <remarks>source and index have one shape, destination differs from it at the axis only. Indices as in <see cref="Gather"/>.</remarks>
    public void ScatterAdd(in Operand destination, in Operand index, in Operand source, int axis)
    {
        SameType(nameof(ScatterAdd), destination, source, source);
        using OperandLease lease = OperandLease.Of(destination, index, source);
        ScatterAddCore(destination, index, source, axis);
    }

    /// <summary>Carries <see cref="ScatterAdd"/> out, while something holds the memory of all operands.</summary>
    protected abstract void ScatterAddCore(in Operand destination, in Operand index, in Operand source, int axis);

    /// <summary>Kernels trust the element types: operands that another thread moves to another type must not reach them with two types.</summary>
    private static void SameType(string op, in Operand a, in Operand b, in Operand c)
    {
        if (a.DType != b.DType || a.DType != c.DType)
        {
            throw new DTypeMismatchException(
                $"{op}: the operands are {a.DType.ShortName()}, {b.DType.ShortName()} and {c.DType.ShortName()}; they must be of one type. Convert them with To(DType).");
        }
    }
}
