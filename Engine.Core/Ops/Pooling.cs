namespace Engine;

public sealed partial class Tensor
{
    /// <summary>The largest value of each window; NaN wins; padding never does. Gradient goes to the first largest.</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="padding">On each side, at most half the window.</param>
    /// <param name="dilation">Distance between the cells of a window.</param>
    /// <remarks>[N, C, H, W] → [N, C, P, Q].</remarks>
    public Tensor MaxPool2d(Size2 kernelSize, Size2? stride = null, Size2? padding = null, Size2? dilation = null)
    {
        (PoolGeometry geometry, Shape shape) = this.CheckPool(nameof(MaxPool2d), kernelSize, stride ?? kernelSize, padding ?? 0, dilation ?? 1, true);
        Tensor y = AllocateLike(shape, DType, Device, this);

        // Where the maxima lie is of use to the gradient only.
        Tensor? indices = ShouldTrack(this) ? AllocateLike(shape, DType.Int32, Device, this) : null;
        if (y.ElementCount > 0)
        {
            Device.Backend.PoolForward(new PoolForwardArgs { Kind = PoolKind.Max, Geometry = geometry, X = Operand, Y = y.Operand, Indices = indices?.Operand });
        }

        if (indices is not null)
        {
            y.Record(new MaxPoolNode(geometry, this, indices));
            indices.Dispose();
        }

        return y;
    }

    /// <summary>The mean of each window.</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="padding">Zeros on each side, at most half the window.</param>
    /// <param name="countIncludePad">Whether zeros of the padding count as cells.</param>
    /// <remarks>[N, C, H, W] → [N, C, P, Q].</remarks>
    public Tensor AvgPool2d(Size2 kernelSize, Size2? stride = null, Size2? padding = null, bool countIncludePad = true)
    {
        (PoolGeometry geometry, Shape shape) = this.CheckPool(nameof(AvgPool2d), kernelSize, stride ?? kernelSize, padding ?? 0, 1, countIncludePad);
        return PoolingOps.AvgPoolForward(geometry, this, shape);
    }

    /// <summary>The mean over windows that divide the image into the given number of rows and columns.</summary>
    /// <remarks>Cell i of n covers rows ⌊i·H/n⌋ to ⌈(i + 1)·H/n⌉, as in PyTorch; [N, C, H, W] → [N, C, rows, columns].</remarks>
    public Tensor AdaptiveAvgPool2d(Size2 outputSize)
    {
        Guard.Rank(nameof(AdaptiveAvgPool2d), this, 4, "[N, C, H, W]", "x");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputSize.Height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputSize.Width);
        int height = Shape[2], width = Shape[3];
        if (height == 0 || width == 0)
        {
            throw new ShapeMismatchException($"AdaptiveAvgPool2d: x is {Shape}; an image without rows or columns has no mean.");
        }

        if (outputSize == new Size2(1, 1))
        {
            return Mean([2, 3], keepDims: true);
        }

        if (height % outputSize.Height == 0 && width % outputSize.Width == 0 && ElementCount > 0)
        {
            return AvgPool2d((height / outputSize.Height, width / outputSize.Width));
        }

        // Uneven cells: along one axis after the other, half precision in float32 so that it is rounded once.
        DType wide = DType.IsHalf() ? DType.Float32 : TypePromotion.ToFloating(DType);
        return ToOrSelf(wide).MeanOfCells(2, outputSize.Height).MeanOfCells(3, outputSize.Width).ToOrSelf(TypePromotion.ToFloating(DType));
    }
}

/// <summary>Pooling in both directions, and its checks.</summary>
file static class PoolingOps
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

    /// <summary>The means of overlapping stretches of an axis. Their elements are picked, not weighted with 0, so that no ∞ or NaN leaves its cells.</summary>
    public static Tensor MeanOfCells(this Tensor x, int axis, int cells)
    {
        int size = x.Shape[axis], widest = 0;
        if (cells == size)
        {
            return x;
        }

        // For each element of each cell: its index, and whether it counts. Both go to the device.
        Guard.HostArray(nameof(Tensor.AdaptiveAvgPool2d), cells * ((size / (long)cells) + 2), 3 * sizeof(long));
        for (int i = 0; i < cells; i++)
        {
            (int start, int end) = Cell(i);
            widest = Math.Max(widest, end - start);
        }

        // Cells that are narrower than the widest repeat their last element, which does not count.
        long[] indices = new long[checked(cells * widest)];
        bool[] counts = new bool[indices.Length];
        float[] weights = new float[cells];
        for (int i = 0; i < cells; i++)
        {
            (int start, int end) = Cell(i);
            weights[i] = end - start;
            for (int j = 0; j < widest; j++)
            {
                indices[(i * widest) + j] = Math.Min(start + j, end - 1);
                counts[(i * widest) + j] = start + j < end;
            }
        }

        int behind = x.Rank - 1 - axis;
        Tensor picked = x.IndexSelect(axis, Tensor.From((ReadOnlySpan<long>)indices, [indices.Length], x.Device)).Reshape(shape: x.Shape.With(axis, cells).Insert(axis + 1, widest));
        Tensor isCounted = Tensor.From((ReadOnlySpan<bool>)counts, Trailing(cells, widest), x.Device);
        Tensor sum = Tensor.Where(isCounted, picked, Tensor.Zeros(Shape.Scalar, x.DType, x.Device)).Sum(axis + 1);
        return sum / Tensor.From((ReadOnlySpan<float>)weights, Trailing(cells), x.Device).ToOrSelf(x.DType);

        (int Start, int End) Cell(int i) => ((int)((long)i * size / cells), (int)((((long)i + 1) * size + cells - 1) / cells));

        // The given sizes, followed by 1 for each axis after the pooled one.
        Shape Trailing(params ReadOnlySpan<int> sizes)
        {
            Span<int> all = stackalloc int[sizes.Length + behind];
            all.Fill(1);
            sizes.CopyTo(all);
            return new Shape(all);
        }
    }

    public static (PoolGeometry Geometry, Shape Shape) CheckPool(this Tensor x, string op, Size2 kernelSize, Size2 stride, Size2 padding, Size2 dilation, bool countIncludePad)
    {
        Guard.FloatingPoint(op, x, "x");
        Guard.Rank(op, x, 4, "[N, C, H, W]", "x");
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
            return room >= 0 ? Guard.Size(op, (room / step) + 1)
                : throw new ShapeMismatchException($"{op}: the window {kernelSize} is larger than the padded image: x is {x.Shape}.");
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
