namespace Engine;

public sealed partial class Tensor
{
    /// <summary>The largest value of each window; NaN wins; padding never does. Gradient goes to the first largest.</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="padding">On each side, at most half the window.</param>
    /// <param name="dilation">Distance between the cells of a window.</param>
    /// <param name="ceilMode">Whether a window that leaves the padded image at the far side counts too, if it begins inside of the image or the padding before it.</param>
    /// <remarks>[N, C, H, W] → [N, C, P, Q].</remarks>
    public Tensor MaxPool2d(Size2 kernelSize, Size2? stride = null, Size2? padding = null, Size2? dilation = null, bool ceilMode = false)
    {
        Guard.Rank(nameof(MaxPool2d), this, 4, "[N, C, H, W]", "x");
        return PoolingOps.Max(nameof(MaxPool2d), this, kernelSize, stride, padding, dilation, ceilMode);
    }

    /// <summary>The mean of each window.</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="padding">Zeros on each side, at most half the window.</param>
    /// <param name="countIncludePad">Whether zeros of the padding count as cells.</param>
    /// <param name="ceilMode">Whether a window that leaves the padded image at the far side counts too; cells beyond the padding never count.</param>
    /// <param name="divisorOverride">What sums are divided by, instead of the number of cells.</param>
    /// <remarks>[N, C, H, W] → [N, C, P, Q].</remarks>
    public Tensor AvgPool2d(
        Size2 kernelSize, Size2? stride = null, Size2? padding = null, bool countIncludePad = true, bool ceilMode = false, int? divisorOverride = null)
    {
        Guard.Rank(nameof(AvgPool2d), this, 4, "[N, C, H, W]", "x");
        return PoolingOps.Average(nameof(AvgPool2d), this, kernelSize, stride, padding, countIncludePad, ceilMode, divisorOverride);
    }
}

/// <summary>Pooling in both directions, and its checks.</summary>
internal static class PoolingOps
{
    public static Tensor AvgPoolForward(in PoolGeometry geometry, Tensor x, Shape shape)
    {
        Tensor y = Tensor.AllocateLike(shape, x.DType, x.Device, x);
        if (y.ElementCount > 0)
        {
            x.Device.Backend.PoolForward(new PoolForwardArgs { Kind = PoolKind.Average, Geometry = geometry, X = x.Operand, Y = y.Operand });
        }

        return Tensor.ShouldTrack(x) ? y.Record(new AvgPoolNode(geometry, x)) : y;
    }

    public static Tensor AvgPoolBackward(in PoolGeometry geometry, Tensor dy, Shape shape, bool channelsLast)
    {
        Tensor dx = Tensor.AllocateImages(shape, dy.DType, dy.Device, channelsLast);
        if (dx.ElementCount > 0)
        {
            dy.Device.Backend.PoolBackward(new PoolBackwardArgs { Geometry = geometry, GradY = dy.Operand, Indices = null, GradX = dx.Operand });
        }

        return Tensor.ShouldTrack(dy) ? dx.Record(new AvgPoolBackwardNode(geometry, dy)) : dx;
    }

    public static Tensor MaxPoolBackward(in PoolGeometry geometry, Tensor dy, Tensor indices, Shape shape, bool channelsLast)
    {
        Tensor dx = Tensor.AllocateImages(shape, dy.DType, dy.Device, channelsLast);
        if (dx.ElementCount > 0)
        {
            dy.Device.Backend.PoolBackward(new PoolBackwardArgs { Geometry = geometry, GradY = dy.Operand, Indices = indices.Operand, GradX = dx.Operand });
        }

        return Tensor.ShouldTrack(dy) ? dx.Record(new MaxPoolBackwardNode(dy, indices)) : dx;
    }

    public static Tensor Max(string op, Tensor x, Size2 kernelSize, Size2? stride, Size2? padding, Size2? dilation, bool ceilMode)
    {
        (PoolGeometry geometry, Shape shape) = x.CheckPool(op, kernelSize, stride ?? kernelSize, padding ?? 0, dilation ?? 1, true, ceilMode);
        // Where the maxima lie is of use to the gradient only.
        Tensor y = MaxPoolForward(geometry, x, shape, Tensor.ShouldTrack(x), out Tensor? indices);
        indices?.Dispose();
        return y;
    }

    /// <summary>The maxima, and int32 where in its plane each lies.</summary>
    public static Tensor MaxPoolForward(in PoolGeometry geometry, Tensor x, Shape shape, bool withIndices, out Tensor? indices)
    {
        Tensor y = Tensor.AllocateLike(shape, x.DType, x.Device, x);
        indices = withIndices ? Tensor.AllocateLike(shape, DType.Int32, x.Device, x) : null;
        if (y.ElementCount > 0)
        {
            x.Device.Backend.PoolForward(new PoolForwardArgs { Kind = PoolKind.Max, Geometry = geometry, X = x.Operand, Y = y.Operand, Indices = indices?.Operand });
        }

        return indices is not null && Tensor.ShouldTrack(x) ? y.Record(new MaxPoolNode(geometry, x, indices)) : y;
    }

    public static Tensor Average(string op, Tensor x, Size2 kernelSize, Size2? stride, Size2? padding, bool countIncludePad, bool ceilMode, int? divisorOverride)
    {
        Size2 pad = padding ?? 0;
        (PoolGeometry geometry, Shape shape) = x.CheckPool(op, kernelSize, stride ?? kernelSize, pad, 1, countIncludePad || divisorOverride is not null, ceilMode);
        if (divisorOverride is { } divisor)
        {
            ArgumentOutOfRangeException.ThrowIfZero(divisor, nameof(divisorOverride));
            return AvgPoolForward(geometry, x, shape) * ((double)kernelSize.Height * kernelSize.Width / divisor);
        }

        if (ceilMode && countIncludePad && (LeavesImage(2, kernelSize.Height, geometry.StrideH, pad.Height) || LeavesImage(3, kernelSize.Width, geometry.StrideW, pad.Width)))
        {
            // Cells beyond the padding do not count: with the zeros in the image itself, the cells inside of it do.
            Tensor padded = pad == 0 ? x : x.Pad([(pad.Height, pad.Height), (pad.Width, pad.Width)]);
            return AvgPoolForward(geometry with { PadH = 0, PadW = 0, CountIncludePad = false }, padded, shape);
        }

        return AvgPoolForward(geometry, x, shape);

        bool LeavesImage(int axis, int window, int step, int border) => ((shape[axis] - 1L) * step) + window > x.Shape[axis] + (2L * border);
    }

    public static (PoolGeometry Geometry, Shape Shape) CheckPool(
        this Tensor x, string op, Size2 kernelSize, Size2 stride, Size2 padding, Size2 dilation, bool countIncludePad, bool ceilMode)
    {
        Guard.FloatingPoint(op, x, "x");
        ConvOps.CheckWindow(op, stride, padding, dilation);
        if (kernelSize.Height <= 0 || kernelSize.Width <= 0 || padding.Height > kernelSize.Height / 2 || padding.Width > kernelSize.Width / 2)
        {
            throw new ArgumentOutOfRangeException(nameof(kernelSize), $"{op}: the window {kernelSize} must be positive and the padding {padding} at most half of it.");
        }

        PoolGeometry geometry = new()
        {
            KernelH = kernelSize.Height,
            KernelW = kernelSize.Width,
            StrideH = stride.Height,
            StrideW = stride.Width,
            PadH = padding.Height,
            PadW = padding.Width,
            DilationH = dilation.Height,
            DilationW = dilation.Width,
            CountIncludePad = countIncludePad,
        };
        return (geometry, [x.Shape[0], x.Shape[1], Out(x.Shape[2], kernelSize.Height, stride.Height, padding.Height, dilation.Height), Out(x.Shape[3], kernelSize.Width, stride.Width, padding.Width, dilation.Width)]);

        int Out(int size, int window, int step, int pad, int gap)
        {
            long room = size + (2L * pad) - (gap * (window - 1L)) - 1;
            if (room < 0 && !(ceilMode && room + step > 0))
            {
                throw new ShapeMismatchException($"{op}: the window {kernelSize} is larger than the padded image: x is {x.Shape}.");
            }

            long count = ((room + (ceilMode ? step - 1 : 0)) / step) + 1;
            // A window that would begin behind the image has nothing to see.
            return Guard.Size(op, ceilMode && (count - 1) * step >= (long)size + pad ? count - 1 : count);
        }
    }
}

file sealed class MaxPoolNode(PoolGeometry geometry, Tensor x, Tensor indices) : GradNode(x)
{
    private readonly Shape _shape = x.Shape;
    private readonly bool _channelsLast = x.WantsChannelsLast;
    private readonly SavedTensor _indices = new("MaxPool2d", indices);

    public override string Name => "MaxPool2d";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, PoolingOps.MaxPoolBackward(geometry, dy, _indices.Value, _shape, _channelsLast));

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved() => _indices.Release();
}

/// <summary>Sending gradients to the maxima is linear; its transpose reads at the maxima.</summary>
file sealed class MaxPoolBackwardNode(Tensor dy, Tensor indices) : GradNode(dy)
{
    private readonly SavedTensor _indices = new("MaxPool2dBackward", indices);

    public override string Name => "MaxPool2dBackward";

    internal override void Backward(Tensor g, GradSink sink)
    {
        Tensor index = _indices.Value;
        sink.Add(0, g.FlattenOrSelf(2).Gather(2, index.FlattenOrSelf(2)).ReshapeOrSelf(shape: index.Shape));
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved() => _indices.Release();
}

file sealed class AvgPoolNode(PoolGeometry geometry, Tensor x) : GradNode(x)
{
    private readonly Shape _shape = x.Shape;
    private readonly bool _channelsLast = x.WantsChannelsLast;

    public override string Name => "AvgPool2d";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, PoolingOps.AvgPoolBackward(geometry, dy, _shape, _channelsLast));
}

file sealed class AvgPoolBackwardNode(PoolGeometry geometry, Tensor dy) : GradNode(dy)
{
    private readonly Shape _shape = dy.Shape;

    public override string Name => "AvgPool2dBackward";

    internal override void Backward(Tensor g, GradSink sink) => sink.Add(0, PoolingOps.AvgPoolForward(geometry, g, _shape));
}
