namespace Engine;

/// <summary>
/// The kernels of a device. Core has checked, promoted, broadcast and allocated; a backend computes into the given destinations. It
/// never checks shapes, never allocates a result and knows nothing of gradients.
/// </summary>
/// <remarks>
/// The ten abstract operations make a backend complete: every other one has a default that is built from them. A backend overrides what it
/// can do faster. Tensors of size 0 never arrive as the result of an operation, but may as a summed-up operand (K = 0 in a product,
/// an empty axis in a reduction).
/// </remarks>
public abstract partial class Backend
{
    /// <summary>Computes a pointwise program.</summary>
    public abstract void Map(in MapArgs args);

    /// <summary>Computes one pointwise program for many items. A device with costly launches needs one for all of them.</summary>
    public virtual void MapGroup(in MapGroupArgs args)
    {
        for (int i = 0; i < args.Count; i++)
        {
            Map(args[i]);
        }
    }

    /// <summary>Computes a reduction. Over no elements the result is the combiner's identity (0, 1, −∞, +∞).</summary>
    public abstract void Reduce(in ReduceArgs args);

    /// <summary>Computes a matrix product.</summary>
    public abstract void Gemm(in GemmArgs args);

    /// <summary>Writes Y from X and W.</summary>
    public abstract void ConvForward(in ConvArgs args);

    /// <summary>Writes X, the gradient to the images, from Y's gradient and W.</summary>
    public abstract void ConvBackwardData(in ConvArgs args);

    /// <summary>Writes W, the gradient to the filters, from X and Y's gradient.</summary>
    public abstract void ConvBackwardWeight(in ConvArgs args);

    /// <summary>Writes Y (and, for maxima, Indices) from X.</summary>
    public abstract void PoolForward(in PoolArgs args);

    /// <summary>Writes X, the gradient to the images, from Y's gradient (and, for maxima, Indices).</summary>
    public abstract void PoolBackward(in PoolArgs args);

    /// <summary>y[…, i, …] = x[…, index[…, i, …], …] along one axis; y and index have one shape, x differs from it at the axis only.</summary>
    /// <remarks>The index is int32 or int64; negative numbers count from the end. One outside is an <see cref="ArgumentOutOfRangeException"/> on the CPU.</remarks>
    public abstract void Gather(in Operand x, in Operand index, in Operand y, int axis);

    /// <summary>destination[…, index[…, i, …], …] += source[…, i, …] along one axis, in a fixed order.</summary>
    /// <remarks>source and index have one shape, destination differs from it at the axis only. Indices as in <see cref="Gather"/>.</remarks>
    public abstract void ScatterAdd(in Operand destination, in Operand index, in Operand source, int axis);
}
