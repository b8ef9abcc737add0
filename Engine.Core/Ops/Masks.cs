namespace Engine;

/// <summary>The elements where a mask is true.</summary>
public sealed partial class Tensor
{
    /// <summary>The coordinates of the elements that are not 0 (true), in row-major order: int64 [count, rank]. NaN is not 0.</summary>
    /// <remarks>The device alone knows how many there are, so that the host waits for it.</remarks>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public Tensor NonZero()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor places = MaskOps.Places(nameof(NonZero), this);
        Tensor y = Allocate([places.Shape[0], Rank], DType.Int64, Device);
        long stride = ElementCount;
        for (int i = 0; i < Rank && places.ElementCount > 0; i++)
        {
            stride /= Shape[i];
            Pointwise.Into(y.Select(1, i), MaskOps.Coordinate, [places], [stride, Shape[i]]);
        }

        return scope.Keep(y);
    }

    /// <summary>The elements where the mask is true, in row-major order, with one axis. Both are broadcast. The gradient goes back to where they lay.</summary>
    /// <remarks>The device alone knows how many there are, so that the host waits for it.</remarks>
    /// <exception cref="DTypeMismatchException">The mask is not bool.</exception>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public Tensor MaskedSelect(Tensor mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        MaskOps.Check(nameof(MaskedSelect), this, mask);
        Shape shape = Guard.Broadcast(nameof(MaskedSelect), Shape, mask.Shape);
        using TensorScope scope = TensorScope.Begin();
        Tensor places = MaskOps.Places(nameof(MaskedSelect), mask.ExpandOrSelf(shape));
        return scope.Keep(ExpandOrSelf(shape).ReshapeOrSelf(-1).Gather(0, places));
    }

    /// <summary>
    /// A copy in which the elements under the mask are those of <paramref name="source"/>, the first one under the first true and so on. The mask is
    /// broadcast to this tensor.
    /// </summary>
    /// <param name="mask">bool.</param>
    /// <param name="source">Of this tensor's type; at least as many elements as the mask has true ones. Its shape does not matter.</param>
    /// <exception cref="DTypeMismatchException">The mask is not bool, or the source has another type.</exception>
    /// <exception cref="ShapeMismatchException">In host memory: the source has too few elements. On a card the rest becomes NaN (0 in integer types).</exception>
    public Tensor MaskedScatter(Tensor mask, Tensor source)
    {
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentNullException.ThrowIfNull(source);
        MaskOps.Check(nameof(MaskedScatter), this, mask);
        Guard.SameDevice(nameof(MaskedScatter), this, source);
        Guard.SameDType(nameof(MaskedScatter), this, source, "x");
        CheckBroadcastInto(nameof(MaskedScatter), mask);
        if (ElementCount == 0)
        {
            return Clone();
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor isMasked = mask.ExpandOrSelf(Shape), counts = isMasked.ReshapeOrSelf(-1).CumSum(0);
        if (Device is HostDevice && CapturePass.RecordingOn(Device) is null && counts.HostValues<long>()[(int)ElementCount - 1] is long count && count > source.ElementCount)
        {
            throw new ShapeMismatchException($"MaskedScatter: the mask has {count} true elements, the source {source.Shape} has {source.ElementCount}; it must have as many.");
        }

        // Elements that are not taken read the first one, if there is any.
        Tensor from = Allocate(counts.Shape, DType.Int64, Device);
        Pointwise.Into(from, MaskOps.Rank, [counts, isMasked.ReshapeOrSelf(-1)]);
        Tensor taken = source.ElementCount > 0 ? source.ReshapeOrSelf(-1).Gather(0, from) : Full(from.Shape, DType.IsFloatingPoint() ? double.NaN : 0, DType, Device);
        return scope.Keep(Where(isMasked, taken.ReshapeOrSelf(Shape), this));
    }
}

/// <summary>Masks as indices.</summary>
internal static class MaskOps
{
    /// <summary>⌊x / p0⌋ mod p1: the coordinate of an axis with stride p0 and size p1.</summary>
    public static readonly MapProgram Coordinate = MapProgram.Compile(1, Expr.Mod(Expr.FloorDiv(Expr.Input(0), Expr.Parameter(0)), Expr.Parameter(1)));

    /// <summary>The number of an element among those under a mask, from 0, and 0 for the others; from the running count.</summary>
    public static readonly MapProgram Rank = MapProgram.Compile(2, Expr.Where(Expr.Input(1), Expr.Input(0) - 1, 0));

    public static void Check(string op, Tensor x, Tensor mask)
    {
        Guard.SameDevice(op, x, mask);
        if (mask.DType != DType.Bool)
        {
            throw new DTypeMismatchException($"{op}: the mask is {mask.DType.ShortName()}; masks are bool. Compare it (x > 0), or convert it with To(DType.Bool).");
        }
    }

    /// <summary>The row-major numbers of the elements that are not 0, in ascending order: int64 with one axis.</summary>
    public static Tensor Places(string op, Tensor mask)
    {
        mask.Device.Refuse(op, HostAccess.Read);
        _ = Guard.Size(op, mask.ElementCount);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor truth = mask.ToOrSelf(DType.Bool).ContiguousOrSelf().ReshapeOrSelf(-1);
        if (truth.Device is HostDevice)
        {
            return scope.Keep(OnHost(truth));
        }

        // The place of the k-th true element is the first one up to which k of them are counted.
        Tensor counts = truth.CumSum(0);
        int count = truth.ElementCount == 0 ? 0 : (int)counts.Select(0, -1).Item<long>();
        return scope.Keep(BinarySearch.Count(counts, Tensor.Arange(1, (long)count + 1, 1, DType.Int64, truth.Device), notAbove: false));
    }

    private static Tensor OnHost(Tensor truth)
    {
        long[] places = truth.HostValues<bool>().Read(static values =>
        {
            int count = 0;
            foreach (bool value in values)
            {
                count += value ? 1 : 0;
            }

            long[] found = new long[count];
            int next = 0;
            for (int i = 0; next < found.Length; i++)
            {
                if (values[i])
                {
                    found[next++] = i;
                }
            }

            return found;
        });
        return Tensor.From<long>(places, truth.Device);
    }
}
