namespace Engine;

/// <summary>Windows that slide over an axis, and their sum back: the columns of a convolution.</summary>
public sealed partial class Tensor
{
    /// <summary>
    /// The windows of an axis: y[…, p, …, r] = x[…, p·step + r·dilation, …], where the axis becomes the number of windows and the last axis, a new
    /// one, the place in a window. A view.
    /// </summary>
    /// <param name="axis">The axis.</param>
    /// <param name="size">Elements of a window.</param>
    /// <param name="step">From window to window.</param>
    /// <param name="dilation">From element to element of a window.</param>
    /// <remarks>PyTorch's <c>x.unfold</c>, NumPy's <c>sliding_window_view</c>. Elements that the last whole window does not reach are left out.</remarks>
    /// <exception cref="ShapeMismatchException">A window is larger than the axis.</exception>
    public Tensor Windows(int axis, int size, int step = 1, int dilation = 1)
    {
        int at = Guard.Axis(axis, Rank);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dilation);
        long room = Shape[at] - (dilation * (size - 1L)) - 1;
        if (room < 0)
        {
            throw new ShapeMismatchException($"Windows: {size} elements at distance {dilation} do not fit into axis {axis} of {Shape}. Use a smaller window, or Pad.");
        }

        Shape.CheckRank(Rank + 1, nameof(axis));
        TensorState state = _state;
        Layout layout = state.Layout;
        Span<long> strides = stackalloc long[Rank + 1];
        layout.Strides.CopyTo(strides);
        strides[Rank] = strides[at] * dilation;
        strides[at] *= step;
        Tensor y = View(state, new Layout(Shape.With(at, (int)(room / step) + 1).Insert(Rank, size), strides, layout.Offset));
        return ShouldTrack(this) ? y.Record(new WindowsNode(this, at, step, dilation)) : y;
    }

    /// <summary>The windows of images as columns: [N, C, H, W] → [N, C·R·S, P·Q], column p·Q + q being the window there, channel by channel in row-major order.</summary>
    /// <param name="kernelSize">Size of the window, (R, S).</param>
    /// <param name="dilation">Distance between the cells of a window.</param>
    /// <param name="padding">Zeros on each side.</param>
    /// <param name="stride">Step of the window.</param>
    /// <remarks>PyTorch's <c>F.unfold</c>, im2col: a convolution is the product of its filters, [K, C·R·S], and the columns.</remarks>
    /// <exception cref="ShapeMismatchException">The window is larger than the padded image.</exception>
    public Tensor Unfold(Size2 kernelSize, Size2? dilation = null, Size2? padding = null, Size2? stride = null)
    {
        const string Op = nameof(Unfold);
        Size2 gap = dilation ?? 1, pad = padding ?? 0, step = stride ?? 1;
        Guard.Rank(Op, this, 4, "[N, C, H, W]", "x");
        WindowOps.Check(Op, kernelSize, gap, pad, step);
        (int rows, int columns) = WindowOps.Count(Op, kernelSize, gap, pad, step, Shape[2], Shape[3]);
        Tensor padded = pad == 0 ? this : Pad([(pad.Height, pad.Height), (pad.Width, pad.Width)]);
        Tensor windows = padded.Windows(2, kernelSize.Height, step.Height, gap.Height).Windows(3, kernelSize.Width, step.Width, gap.Width);
        int size = Guard.Size(Op, Shape[1] * (long)kernelSize.Height * kernelSize.Width);
        return this.Own(windows.Permute(0, 1, 4, 5, 2, 3).ReshapeOrSelf([Shape[0], size, Guard.Size(Op, (long)rows * columns)]));
    }

    /// <summary>The sum of columns as <see cref="Unfold"/> gives them, each at its window: [N, C·R·S, P·Q] → [N, C, H, W].</summary>
    /// <param name="outputSize">(H, W).</param>
    /// <param name="kernelSize">Size of the window, (R, S).</param>
    /// <param name="dilation">Distance between the cells of a window.</param>
    /// <param name="padding">Cells on each side that are left out of the result.</param>
    /// <param name="stride">Step of the window.</param>
    /// <remarks>PyTorch's <c>F.fold</c>, col2im: the gradient of Unfold. Where windows overlap their values add up, in a fixed order.</remarks>
    /// <exception cref="ShapeMismatchException">There are not C·R·S rows or P·Q columns.</exception>
    public Tensor Fold(Size2 outputSize, Size2 kernelSize, Size2? dilation = null, Size2? padding = null, Size2? stride = null)
    {
        const string Op = nameof(Fold);
        Size2 gap = dilation ?? 1, pad = padding ?? 0, step = stride ?? 1;
        Guard.FloatingPoint(Op, this, "x");
        Guard.Rank(Op, this, 3, "[N, C·R·S, P·Q]", "x");
        WindowOps.Check(Op, kernelSize, gap, pad, step);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputSize.Height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputSize.Width);
        (int rows, int columns) = WindowOps.Count(Op, kernelSize, gap, pad, step, outputSize.Height, outputSize.Width);
        long cells = (long)kernelSize.Height * kernelSize.Width;
        if (Shape[1] % cells != 0 || Shape[2] != (long)rows * columns)
        {
            throw new ShapeMismatchException(
                $"{Op}: x is {Shape}; with outputSize {outputSize} and window {kernelSize} it must be [N, C·{cells}, {(long)rows * columns}] (the cells of the window, and {rows} by {columns} windows).");
        }

        int channels = (int)(Shape[1] / cells);
        int height = Guard.Size(Op, outputSize.Height + (2L * pad.Height)), width = Guard.Size(Op, outputSize.Width + (2L * pad.Width));
        Tensor windows = ReshapeOrSelf(Shape[0], channels, kernelSize.Height, kernelSize.Width, rows, columns).Permute(0, 1, 4, 5, 2, 3);
        Tensor y = windows.OverlapAdd(3, width, step.Width, gap.Width).OverlapAdd(2, height, step.Height, gap.Height);
        return y.SliceOrSelf(2, pad.Height, outputSize.Height, 1).SliceOrSelf(3, pad.Width, outputSize.Width, 1);
    }

    /// <summary>Windows added up where they lie, the transpose of <see cref="Windows"/>: the last axis goes, the given one becomes <paramref name="length"/>.</summary>
    internal Tensor OverlapAdd(int axis, int length, int step, int dilation)
    {
        int size = Shape[-1], count = Shape[axis];
        DType wide = size > 1 ? DType.ComputeType() : DType;
        Tensor sum = Zeros(Shape.Remove(Rank - 1).With(axis, length), wide, Device);
        if (ElementCount > 0)
        {
            using GradMode.Scope off = GradMode.Off();
            using TensorScope scope = TensorScope.Begin();
            // Neighbours in a window, as many as a step has, overlap with none of the same place in other windows.
            Layout whole = sum.Layout;
            int most = dilation == 1 ? Math.Min(step, size) : 1;
            Span<long> strides = stackalloc long[Rank];
            whole.Strides.CopyTo(strides);
            strides[Rank - 1] = whole.Strides[axis];
            strides[axis] = whole.Strides[axis] * step;
            for (int r = 0; r < size; r += most)
            {
                int width = Math.Min(most, size - r);
                Tensor part = sum.ViewAs(new Layout(Shape.With(Rank - 1, width), strides, whole.Offset + (whole.Strides[axis] * r * dilation)));
                Pointwise.Into(part, Programs.Add, [part, Narrow(Rank - 1, r, width)]);
            }
        }

        Tensor y = wide == DType ? sum : sum.To(DType).InsteadOf(sum);
        return ShouldTrack(this) ? y.Record(new OverlapAddNode(this, axis, step, dilation)) : y;
    }
}

/// <summary>Checks of windows over images.</summary>
file static class WindowOps
{
    public static void Check(string op, Size2 kernelSize, Size2 dilation, Size2 padding, Size2 stride)
    {
        ConvOps.CheckWindow(op, stride, padding, dilation);
        if (kernelSize.Height <= 0 || kernelSize.Width <= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernelSize), $"{op}: the window {kernelSize} must be positive.");
        }
    }

    public static (int Rows, int Columns) Count(string op, Size2 kernelSize, Size2 dilation, Size2 padding, Size2 stride, int height, int width)
    {
        return (Along(height, kernelSize.Height, dilation.Height, padding.Height, stride.Height), Along(width, kernelSize.Width, dilation.Width, padding.Width, stride.Width));

        int Along(int size, int window, int gap, int pad, int step)
        {
            long room = size + (2L * pad) - (gap * (window - 1L)) - 1;
            return room >= 0 ? Guard.Size(op, (room / step) + 1)
                : throw new ShapeMismatchException($"{op}: the window {kernelSize} with dilation {dilation} is larger than the padded image of {height} by {width}, padding {padding}.");
        }
    }
}

file sealed class WindowsNode(Tensor x, int axis, int step, int dilation) : GradNode(x)
{
    private readonly int _length = x.Shape[axis];

    public override string Name => "Windows";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.OverlapAdd(axis, _length, step, dilation));
}

file sealed class OverlapAddNode(Tensor x, int axis, int step, int dilation) : GradNode(x)
{
    private readonly int _size = x.Shape[-1], _count = x.Shape[axis];

    public override string Name => "OverlapAdd";

    internal override void Backward(Tensor dy, GradSink sink) =>
        // The sum may be longer than its windows reach.
        sink.Add(0, dy.Windows(axis, _size, step, dilation).SliceOrSelf(axis, 0, _count, 1));
}
