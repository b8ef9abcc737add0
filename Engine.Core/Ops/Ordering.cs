namespace Engine;

/// <summary>Running sums and sorting.</summary>
public sealed partial class Tensor
{
    /// <summary>y[…, i, …] = Σ of x[…, 0 … i, …] along an axis. Integers are summed in int64.</summary>
    public Tensor CumSum(int axis)
    {
        int at = Guard.Axis(axis, Rank);
        Tensor x = To(Autocast.Wide(TypePromotion.ToSum(DType)));
        Tensor y = x.EmptyLike();
        if (y.ElementCount > 0)
        {
            x.Device.Backend.CumSum(x.Operand, y.Operand, at);
        }

        return ShouldTrack(x) ? y.Record(new CumSumNode(x, at)) : y;
    }

    /// <summary>The indices of the elements in sorted order; equal elements keep their order, NaN counts as largest. int64.</summary>
    public Tensor ArgSort(int axis = -1, bool descending = false)
    {
        int at = Guard.Axis(axis, Rank);
        Tensor indices = Allocate(Shape, DType.Int64, Device);
        if (indices.ElementCount > 0)
        {
            Device.Backend.ArgSort(Operand, indices.Operand, at, descending);
        }

        return indices;
    }

    /// <summary>The sorted elements and their indices in x. The gradient goes back to those indices.</summary>
    public (Tensor Values, Tensor Indices) Sort(int axis = -1, bool descending = false)
    {
        Tensor indices = ArgSort(axis, descending);
        return (Gather(axis, indices), indices);
    }

    /// <summary>The k largest (or smallest) elements in order, and their indices.</summary>
    /// <exception cref="ArgumentOutOfRangeException">k is larger than the axis.</exception>
    public (Tensor Values, Tensor Indices) TopK(int k, int axis = -1, bool largest = true)
    {
        int at = Guard.Axis(axis, Rank);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, Shape[at]);
        Tensor indices = ArgSort(at, largest).Narrow(at, 0, k).ContiguousOrSelf();
        return (Gather(at, indices), indices);
    }
}

/// <summary>dx is the running sum of dy from the end.</summary>
file sealed class CumSumNode(Tensor x, int axis) : GradNode(x)
{
    public override string Name => "CumSum";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.Flip(axis).ContiguousOrSelf().CumSum(axis).Flip(axis));
}
