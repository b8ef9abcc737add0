namespace Engine;

/// <summary>
/// Convolutions of volumes, as convolutions of images: the taps of a filter along the depth are channels, so that one two-dimensional convolution sees
/// the planes of all of them.
/// </summary>
public sealed partial class Tensor
{
    /// <summary>
    /// y[n, k, e, p, q] = b[k] + Σ x[n, c, e·s − pad + u·d, p·s − pad + r·d, q·s − pad + t·d]·w[k, c, u, r, t], the sum over the channels of k's group.
    /// </summary>
    /// <param name="weight">[out, in/groups, U, R, S].</param>
    /// <param name="bias">[out] or null.</param>
    /// <param name="stride">Step of the window, (depth, vertical, horizontal).</param>
    /// <param name="padding">Zeros on each side, or <see cref="Padding.Same"/>.</param>
    /// <param name="dilation">Distance between taps.</param>
    /// <param name="groups">Groups of channels convolved separately.</param>
    /// <remarks>
    /// This: [N, C, D, H, W] → [N, K, E, P, Q] with P = (H + 2·pad − d·(R − 1) − 1)/s + 1. While it is computed, and again in the backward pass, a copy of
    /// x is held that has the planes of each window behind each other: U times x at stride 1. Filters with one row and one column need none.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">Channels, ranks or sizes do not fit.</exception>
    /// <exception cref="DTypeMismatchException">x is not floating point, or the element types differ outside of <see cref="Autocast"/>.</exception>
    public Tensor Conv3d(Tensor weight, Tensor? bias = null, Size3? stride = null, Size3? padding = null, Size3? dilation = null, int groups = 1)
    {
        const string Op = nameof(Conv3d);
        ArgumentNullException.ThrowIfNull(weight);
        Size3 step = stride ?? 1, pad = padding ?? 0, gap = dilation ?? 1;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        (Tensor x, Tensor w, Tensor? b) = this.CheckConv3d(Op, weight, bias, weight.Rank > 0 ? weight.Shape[0] : 0);
        if (pad.Depth == Padding.Same || pad.Height == Padding.Same || pad.Width == Padding.Same)
        {
            Span<int> sides = [pad.Depth, pad.Height, pad.Width];
            x = ConvOps.KeepSize(Op, x, w, [step.Depth, step.Height, step.Width], [gap.Depth, gap.Height, gap.Width], sides);
            pad = (sides[0], sides[1], sides[2]);
        }

        Conv3dOps.CheckWindow(Op, step, pad, gap);
        if (x.Shape[1] != w.Shape[1] * (long)groups || w.Shape[0] % groups != 0)
        {
            throw new ShapeMismatchException(
                $"{Op}: x is {x.Shape}, weight is {w.Shape}, groups {groups}; x must have {w.Shape[1] * (long)groups} channels (in/groups · groups), and out must be a multiple of groups.");
        }

        int depth = ConvOps.OutSize(Op, x, w, x.Shape[2], w.Shape[2], step.Depth, pad.Depth, gap.Depth);
        int height = ConvOps.OutSize(Op, x, w, x.Shape[3], w.Shape[3], step.Height, pad.Height, gap.Height);
        int width = ConvOps.OutSize(Op, x, w, x.Shape[4], w.Shape[4], step.Width, pad.Width, gap.Width);
        if (w.Shape[3] == 1 && w.Shape[4] == 1 && step.Plane == 1 && pad.Plane == 0)
        {
            // Along the depth alone a volume is an image already.
            int cells = Guard.Size(Op, (long)x.Shape[3] * x.Shape[4]);
            Tensor image = x.ReshapeOrSelf(x.Shape[0], x.Shape[1], x.Shape[2], cells), filters = w.ReshapeOrSelf(w.Shape[0], w.Shape[1], w.Shape[2], 1);
            return image.Conv2d(filters, b, (step.Depth, 1), (pad.Depth, 0), (gap.Depth, 1), groups).ReshapeOrSelf(x.Shape[0], w.Shape[0], depth, height, width);
        }

        DepthFold fold = new(x.Shape[0], x.Shape[2], depth, w.Shape[2], step.Depth, pad.Depth, gap.Depth);
        ConvGeometry geometry = Conv3dOps.Geometry(Op, fold, x.Shape, [x.Shape[0], w.Shape[0], depth, height, width], w.Shape, step.Plane, pad.Plane, gap.Plane, groups);
        return Conv3dOps.Forward(geometry, fold, x, w, b);
    }

    /// <summary>The transposed convolution of volumes: the gradient of <see cref="Conv3d"/> to its input, used forward to enlarge them.</summary>
    /// <param name="weight">[in, out/groups, U, R, S].</param>
    /// <param name="bias">[out] or null.</param>
    /// <param name="stride">Step of the window in the output.</param>
    /// <param name="padding">Planes, rows and columns cut off on each side.</param>
    /// <param name="outputPadding">Planes, rows and columns added at the far side, less than the stride or the dilation.</param>
    /// <param name="dilation">Distance between taps.</param>
    /// <param name="groups">Groups of channels.</param>
    /// <remarks>This: [N, C, D, H, W] → [N, K, E, P, Q] with P = (H − 1)·s − 2·pad + d·(R − 1) + outputPadding + 1.</remarks>
    /// <exception cref="ShapeMismatchException">Channels, ranks or sizes do not fit.</exception>
    public Tensor ConvTranspose3d(
        Tensor weight, Tensor? bias = null, Size3? stride = null, Size3? padding = null, Size3? outputPadding = null, Size3? dilation = null, int groups = 1)
    {
        const string Op = nameof(ConvTranspose3d);
        ArgumentNullException.ThrowIfNull(weight);
        Size3 step = stride ?? 1, pad = padding ?? 0, extra = outputPadding ?? 0, gap = dilation ?? 1;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        (Tensor x, Tensor w, Tensor? b) = this.CheckConv3d(Op, weight, bias, weight.Rank > 1 ? Guard.Size(Op, weight.Shape[1] * (long)groups) : 0);
        Conv3dOps.CheckWindow(Op, step, pad, gap);
        if (Math.Min(Math.Min(extra.Depth, extra.Height), extra.Width) < 0
            || extra.Depth >= Math.Max(step.Depth, gap.Depth) || extra.Height >= Math.Max(step.Height, gap.Height) || extra.Width >= Math.Max(step.Width, gap.Width))
        {
            throw new ArgumentOutOfRangeException(nameof(outputPadding), $"{Op}: output padding {extra} must be at least 0 and less than the stride {step} or the dilation {gap}.");
        }

        if (x.Shape[1] != w.Shape[0] || w.Shape[0] % groups != 0)
        {
            throw new ShapeMismatchException($"{Op}: x is {x.Shape}, weight is {w.Shape}, groups {groups}; x must have {w.Shape[0]} channels (in), a multiple of groups.");
        }

        long depth = Enlarged(2, step.Depth, pad.Depth, gap.Depth, extra.Depth);
        long height = Enlarged(3, step.Height, pad.Height, gap.Height, extra.Height), width = Enlarged(4, step.Width, pad.Width, gap.Width, extra.Width);
        if (depth <= 0 || height <= 0 || width <= 0)
        {
            throw new ShapeMismatchException($"{Op}: x is {x.Shape}, weight is {w.Shape}: the output would be {depth} by {height} by {width}. Use less padding.");
        }

        Shape shape = [x.Shape[0], Guard.Size(Op, w.Shape[1] * (long)groups), Guard.Size(Op, depth), Guard.Size(Op, height), Guard.Size(Op, width)];
        DepthFold fold = new(x.Shape[0], shape[2], x.Shape[2], w.Shape[2], step.Depth, pad.Depth, gap.Depth);
        ConvGeometry geometry = Conv3dOps.Geometry(Op, fold, shape, x.Shape, w.Shape, step.Plane, pad.Plane, gap.Plane, groups);
        Tensor y = fold.Back(ConvOps.ConvBackwardData(geometry, fold.Results(x), Conv3dOps.Filters(w)));
        return b is null ? y : y + b.ReshapeOrSelf(-1, 1, 1, 1);

        long Enlarged(int axis, int stride, int padding, int dilation, int added) =>
            ((x.Shape[axis] - 1L) * stride) - (2L * padding) + (dilation * (w.Shape[axis] - 1L)) + added + 1;
    }
}

/// <summary>How the depths of volumes become channels of images. Nothing but views, copies and sums, which differentiate themselves.</summary>
/// <param name="Batch">N.</param>
/// <param name="Depth">D.</param>
/// <param name="Count">E, windows along the depth.</param>
/// <param name="Taps">U.</param>
/// <param name="Stride">From window to window.</param>
/// <param name="Padding">Planes of zeros on each side.</param>
/// <param name="Dilation">From tap to tap.</param>
internal readonly record struct DepthFold(int Batch, int Depth, int Count, int Taps, int Stride, int Padding, int Dilation)
{
    /// <summary>Images of all windows: [N, C, D, H, W] → [N·E, C·U, H, W], in the order of memory that the device prefers.</summary>
    public Tensor Images(Tensor x)
    {
        Tensor padded = Padding == 0 ? x : x.Pad([(Padding, Padding), (0, 0), (0, 0)]);
        // [N, C, E, H, W, U]
        Tensor windows = padded.Windows(2, Taps, Stride, Dilation).SliceOrSelf(2, 0, Count, 1);
        int images = Batch * Count, channels = x.Shape[1] * Taps;
        return x.Device.Backend.PrefersChannelsLast
            ? windows.Permute(0, 2, 3, 4, 1, 5).ReshapeOrSelf(images, x.Shape[3], x.Shape[4], channels).Permute(0, 3, 1, 2)
            : windows.Permute(0, 2, 1, 5, 3, 4).ReshapeOrSelf(images, channels, x.Shape[3], x.Shape[4]);
    }

    /// <summary>The transpose of <see cref="Images"/>: what belongs to a plane is added up.</summary>
    public Tensor Back(Tensor images)
    {
        int height = images.Shape[2], width = images.Shape[3];
        Tensor windows = images.ReshapeOrSelf(Batch, Count, images.Shape[1] / Taps, Taps, height, width).Permute(0, 2, 1, 4, 5, 3);
        int padded = Guard.Size("Conv3d", Depth + (2L * Padding));
        return windows.OverlapAdd(2, padded, Stride, Dilation).SliceOrSelf(2, Padding, Depth, 1);
    }

    /// <summary>Results of volumes as those of images: [N, K, E, P, Q] → [N·E, K, P, Q].</summary>
    public Tensor Results(Tensor y)
    {
        int images = Batch * Count;
        return y.Device.Backend.PrefersChannelsLast
            ? y.Permute(0, 2, 3, 4, 1).ReshapeOrSelf(images, y.Shape[3], y.Shape[4], y.Shape[1]).Permute(0, 3, 1, 2)
            : y.Permute(0, 2, 1, 3, 4).ReshapeOrSelf(images, y.Shape[1], y.Shape[3], y.Shape[4]);
    }

    /// <summary>Results of images as those of volumes, a view: [N·E, K, P, Q] → [N, K, E, P, Q].</summary>
    public Tensor Volumes(Tensor y) => y.ReshapeOrSelf(Batch, Count, y.Shape[1], y.Shape[2], y.Shape[3]).Permute(0, 2, 1, 3, 4);
}

/// <summary>The convolution of volumes, and its checks.</summary>
internal static class Conv3dOps
{
    public static Tensor Forward(ConvGeometry geometry, DepthFold fold, Tensor x, Tensor w, Tensor? b)
    {
        Tensor y;
        using (GradMode.Off())
        using (TensorScope scope = TensorScope.Begin())
        {
            y = scope.Keep(fold.Volumes(ConvOps.ConvForward(geometry, fold.Images(x), Filters(w), b)));
        }

        return Tensor.ShouldTrack(x, w, b) ? y.Record(new Conv3dNode(geometry, fold, x, w, b)) : y;
    }

    /// <summary>[out, in, U, R, S] → [out, in·U, R, S], a view of what lies in order.</summary>
    public static Tensor Filters(Tensor w) => w.ReshapeOrSelf(w.Shape[0], w.Shape[1] * w.Shape[2], w.Shape[3], w.Shape[4]);

    /// <summary>Of the convolution of images.</summary>
    public static ConvGeometry Geometry(string op, in DepthFold fold, Shape x, Shape y, Shape w, Size2 stride, Size2 padding, Size2 dilation, int groups) => new()
    {
        Batch = Guard.Size(op, (long)fold.Batch * fold.Count),
        InChannels = Guard.Size(op, (long)x[1] * fold.Taps),
        InHeight = x[3],
        InWidth = x[4],
        OutChannels = y[1],
        OutHeight = y[3],
        OutWidth = y[4],
        KernelHeight = w[3],
        KernelWidth = w[4],
        StrideH = stride.Height,
        StrideW = stride.Width,
        PadH = padding.Height,
        PadW = padding.Width,
        DilationH = dilation.Height,
        DilationW = dilation.Width,
        Groups = groups,
    };

    public static void CheckWindow(string op, Size3 stride, Size3 padding, Size3 dilation)
    {
        if (Least(stride) <= 0 || Least(padding) < 0 || Least(dilation) <= 0)
        {
            throw new ArgumentOutOfRangeException(op, $"{op}: stride {stride} and dilation {dilation} must be positive, padding {padding} not negative.");
        }

        static int Least(Size3 size) => Math.Min(Math.Min(size.Depth, size.Height), size.Width);
    }

    public static (Tensor X, Tensor W, Tensor? B) CheckConv3d(this Tensor x, string op, Tensor weight, Tensor? bias, int outChannels)
    {
        Guard.SameDevice(op, x, weight);
        Guard.FloatingPoint(op, x, "x");
        Guard.ProductTypes(op, x, weight);
        Guard.Rank(op, x, 5, "[N, C, D, H, W]", "x");
        Guard.Rank(op, weight, 5, "[out, in, U, R, S]");
        return x.CheckOperands(op, weight, bias, outChannels);
    }
}

/// <summary>Saves the volume, not the images of its windows: they are made again.</summary>
file sealed class Conv3dNode(ConvGeometry geometry, DepthFold fold, Tensor x, Tensor w, Tensor? b) : GradNode(x, w, b)
{
    private readonly Shape _weight = w.Shape;
    private readonly SavedTensor? _x = w.History is null ? null : new SavedTensor("Conv3d", x);
    private readonly SavedTensor? _w = x.History is null ? null : new SavedTensor("Conv3d", w);

    public override string Name => "Conv3d";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor results = fold.Results(dy);
        if (sink.Needs(0))
        {
            Tensor images = ConvOps.ConvBackwardData(geometry, results, Conv3dOps.Filters(_w!.Value));
            sink.Add(0, Without(images, fold.Back(images)));
        }

        if (sink.Needs(1))
        {
            Tensor images = fold.Images(_x!.Value);
            sink.Add(1, Without(images, ConvOps.ConvBackwardWeight(geometry, images, results, channelsLast: false).ReshapeOrSelf(_weight)));
        }

        if (sink.Needs(2))
        {
            sink.Add(2, dy.Sum([0, 2, 3, 4]));
        }
    }

    /// <summary>The images are large; nobody needs them where no step was recorded on them.</summary>
    private static Tensor Without(Tensor images, Tensor result) => GradMode.IsEnabled ? result : result.InsteadOf(images);

    private protected override bool SavesValues => (_x ?? _w) is not null;

    private protected override void ReleaseSaved()
    {
        _x?.Release();
        _w?.Release();
    }
}
