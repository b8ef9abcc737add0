namespace Engine;

/// <summary>
/// Convolutions. Forward, gradient to the images and gradient to the filters are three operations that differentiate into one another, so
/// that second derivatives need nothing new.
/// </summary>
public sealed partial class Tensor
{
    /// <summary>
    /// y[n, k, p, q] = b[k] + Σ x[n, c, p·s − pad + r·d, q·s − pad + t·d]·w[k, c, r, t], the sum over the channels of k's group.
    /// </summary>
    /// <param name="weight">[out, in/groups, R, S].</param>
    /// <param name="bias">[out] or null.</param>
    /// <param name="stride">Step of the window, (vertical, horizontal).</param>
    /// <param name="padding">Zeros on each side, or <see cref="Padding.Same"/>.</param>
    /// <param name="dilation">Distance between taps.</param>
    /// <param name="groups">Groups of channels convolved separately.</param>
    /// <param name="relu">Whether negative results become 0, in the same pass.</param>
    /// <remarks>This: [N, C, H, W] → [N, K, P, Q] with P = (H + 2·pad − d·(R − 1) − 1)/s + 1.</remarks>
    /// <exception cref="ShapeMismatchException">Channels, ranks or sizes do not fit.</exception>
    /// <exception cref="DTypeMismatchException">x is not floating point, or the element types differ outside of <see cref="Autocast"/>.</exception>
    public Tensor Conv2d(Tensor weight, Tensor? bias = null, Size2? stride = null, Size2? padding = null, Size2? dilation = null, int groups = 1, bool relu = false)
    {
        ArgumentNullException.ThrowIfNull(weight);
        Size2 step = stride ?? 1, pad = padding ?? 0, gap = dilation ?? 1;
        (Tensor x, Tensor w, Tensor? b) = this.CheckConv(nameof(Conv2d), weight, bias, weight.Rank > 0 ? weight.Shape[0] : 0);
        if (pad.Height == Padding.Same || pad.Width == Padding.Same)
        {
            Span<int> sides = [pad.Height, pad.Width];
            x = ConvOps.KeepSize(nameof(Conv2d), x, w, [step.Height, step.Width], [gap.Height, gap.Width], sides);
            pad = (sides[0], sides[1]);
        }

        ConvOps.CheckWindow(nameof(Conv2d), step, pad, gap);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        if (x.Shape[1] != w.Shape[1] * groups || w.Shape[0] % groups != 0)
        {
            throw new ShapeMismatchException(
                $"Conv2d: x is {x.Shape}, weight is {w.Shape}, groups {groups}; x must have {w.Shape[1] * groups} channels (in/groups · groups), and out must be a multiple of groups.");
        }

        ConvGeometry geometry = new()
        {
            Batch = x.Shape[0],
            InChannels = x.Shape[1],
            InHeight = x.Shape[2],
            InWidth = x.Shape[3],
            OutChannels = w.Shape[0],
            OutHeight = ConvOps.OutSize(nameof(Conv2d), x, w, x.Shape[2], w.Shape[2], step.Height, pad.Height, gap.Height),
            OutWidth = ConvOps.OutSize(nameof(Conv2d), x, w, x.Shape[3], w.Shape[3], step.Width, pad.Width, gap.Width),
            KernelHeight = w.Shape[2],
            KernelWidth = w.Shape[3],
            StrideH = step.Height,
            StrideW = step.Width,
            PadH = pad.Height,
            PadW = pad.Width,
            DilationH = gap.Height,
            DilationW = gap.Width,
            Groups = groups,
        };
        return ConvOps.ConvForward(geometry, x, w, b, relu);
    }

    /// <summary>The one-dimensional convolution: this [N, C, L], weight [out, in/groups, R].</summary>
    /// <inheritdoc cref="Conv2d"/>
    public Tensor Conv1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(weight);
        Guard.FloatingPoint(nameof(Conv1d), this, "x");
        Guard.ProductTypes(nameof(Conv1d), this, weight);
        Guard.Rank(nameof(Conv1d), this, 3, "[N, C, L]");
        Guard.Rank(nameof(Conv1d), weight, 3, "[out, in/groups, R]");
        // Converted before it becomes a view, so that a parameter is known as such.
        Tensor w = Autocast.Operand(weight, this);
        return Unsqueeze(2).Conv2d(w.Unsqueeze(2), bias, (1, stride), (0, padding), (1, dilation), groups).Squeeze(2);
    }

    /// <summary>The one-dimensional transposed convolution: this [N, C, L], weight [in, out/groups, R] → [N, K, (L − 1)·s − 2·pad + d·(R − 1) + outputPadding + 1].</summary>
    /// <inheritdoc cref="ConvTranspose2d"/>
    public Tensor ConvTranspose1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int outputPadding = 0, int dilation = 1, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(weight);
        Guard.FloatingPoint(nameof(ConvTranspose1d), this, "x");
        Guard.ProductTypes(nameof(ConvTranspose1d), this, weight);
        Guard.Rank(nameof(ConvTranspose1d), this, 3, "[N, C, L]", "x");
        Guard.Rank(nameof(ConvTranspose1d), weight, 3, "[in, out/groups, R]");
        Tensor w = Autocast.Operand(weight, this);
        return Unsqueeze(2).ConvTranspose2d(w.Unsqueeze(2), bias, (1, stride), (0, padding), (0, outputPadding), (1, dilation), groups).Squeeze(2);
    }

    /// <summary>The transposed convolution: the gradient of <see cref="Conv2d"/> to its input, used forward to enlarge images.</summary>
    /// <param name="weight">[in, out/groups, R, S].</param>
    /// <param name="bias">[out] or null.</param>
    /// <param name="stride">Step of the window in the output.</param>
    /// <param name="padding">Rows and columns cut off on each side.</param>
    /// <param name="outputPadding">Rows and columns added at the far side, less than the stride or the dilation.</param>
    /// <param name="dilation">Distance between taps.</param>
    /// <param name="groups">Groups of channels.</param>
    /// <remarks>This: [N, C, H, W] → [N, K, P, Q] with P = (H − 1)·s − 2·pad + d·(R − 1) + outputPadding + 1.</remarks>
    public Tensor ConvTranspose2d(
        Tensor weight, Tensor? bias = null, Size2? stride = null, Size2? padding = null, Size2? outputPadding = null, Size2? dilation = null, int groups = 1)
    {
        const string Op = nameof(ConvTranspose2d);
        ArgumentNullException.ThrowIfNull(weight);
        Size2 step = stride ?? 1, pad = padding ?? 0, extra = outputPadding ?? 0, gap = dilation ?? 1;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        (Tensor x, Tensor w, Tensor? b) = this.CheckConv(Op, weight, bias, weight.Rank > 1 ? weight.Shape[1] * groups : 0);
        ConvOps.CheckWindow(Op, step, pad, gap);
        if (extra.Height < 0 || extra.Width < 0 || extra.Height >= Math.Max(step.Height, gap.Height) || extra.Width >= Math.Max(step.Width, gap.Width))
        {
            throw new ArgumentOutOfRangeException(nameof(outputPadding), $"{Op}: output padding {extra} must be at least 0 and less than the stride {step} or the dilation {gap}.");
        }

        if (x.Shape[1] != w.Shape[0] || w.Shape[0] % groups != 0)
        {
            throw new ShapeMismatchException($"{Op}: x is {x.Shape}, weight is {w.Shape}, groups {groups}; x must have {w.Shape[0]} channels (in), a multiple of groups.");
        }

        long height = ((x.Shape[2] - 1L) * step.Height) - (2L * pad.Height) + (gap.Height * (w.Shape[2] - 1L)) + extra.Height + 1;
        long width = ((x.Shape[3] - 1L) * step.Width) - (2L * pad.Width) + (gap.Width * (w.Shape[3] - 1L)) + extra.Width + 1;
        if (height <= 0 || width <= 0)
        {
            throw new ShapeMismatchException($"{Op}: x is {x.Shape}, weight is {w.Shape}: the output would be {height} by {width}. Use less padding.");
        }

        ConvGeometry geometry = new()
        {
            Batch = x.Shape[0],
            InChannels = w.Shape[1] * groups,
            InHeight = Guard.Size(Op, height),
            InWidth = Guard.Size(Op, width),
            OutChannels = x.Shape[1],
            OutHeight = x.Shape[2],
            OutWidth = x.Shape[3],
            KernelHeight = w.Shape[2],
            KernelWidth = w.Shape[3],
            StrideH = step.Height,
            StrideW = step.Width,
            PadH = pad.Height,
            PadW = pad.Width,
            DilationH = gap.Height,
            DilationW = gap.Width,
            Groups = groups,
        };
        Tensor y = ConvOps.ConvBackwardData(geometry, x, w);
        return b is null ? y : y + b.ReshapeOrSelf(-1, 1, 1);
    }
}

/// <summary>The three directions of convolution, and their checks.</summary>
internal static class ConvOps
{
    // Images of fewer channels are read as they lie: there are hardly any neighbours to gain from.
    private const int FewChannels = 8;

    public static Tensor ConvForward(in ConvGeometry geometry, Tensor x, Tensor w, Tensor? b = null, bool relu = false)
    {
        bool channelsLast = x.Device.Backend.PrefersChannelsLast;
        Shape shape = [geometry.Batch, geometry.OutChannels, geometry.OutHeight, geometry.OutWidth];
        Tensor y = ConcatBuffer.TryTake(shape, x.DType, x.Device) ?? Tensor.AllocateImages(shape, x.DType, x.Device, channelsLast);
        Tensor images = Images(x, geometry.InChannels), filters = Filters(w);
        if (y.ElementCount > 0)
        {
            x.Device.Backend.ConvForward(new ConvForwardArgs
            {
                Geometry = geometry,
                X = images.OperandAs(y.DType),
                W = filters.OperandAs(y.DType),
                Y = y.Operand,
                Bias = b?.OperandAs(y.DType),
                Activation = relu ? Programs.Relu : null,
            });
        }

        if (Tensor.ShouldTrack(x, w, b))
        {
            y.Record(new ConvForwardNode(geometry, x, w, b, relu ? y : null, images, filters));
        }

        _ = x.InsteadOf(images);
        _ = w.InsteadOf(filters);
        return y;
    }

    public static Tensor ConvBackwardData(in ConvGeometry geometry, Tensor dy, Tensor w)
    {
        Tensor dx = Tensor.AllocateImages(
            [geometry.Batch, geometry.InChannels, geometry.InHeight, geometry.InWidth], dy.DType, dy.Device, dy.Device.Backend.PrefersChannelsLast);
        Tensor images = Images(dy, geometry.OutChannels), filters = Filters(w);
        if (dx.ElementCount > 0)
        {
            if (dy.ElementCount == 0)
            {
                Pointwise.Into(dx, Programs.Fill, [], [0]);
            }
            else
            {
                dy.Device.Backend.ConvBackwardData(new ConvBackwardDataArgs { Geometry = geometry, GradY = images.OperandAs(dx.DType), W = filters.OperandAs(dx.DType), GradX = dx.Operand });
            }
        }

        if (Tensor.ShouldTrack(dy, w))
        {
            dx.Record(new ConvBackwardDataNode(geometry, dy, w));
        }

        _ = dy.InsteadOf(images);
        _ = w.InsteadOf(filters);
        return dx;
    }

    /// <summary>The gradient to the filters; it lies as they do.</summary>
    public static Tensor ConvBackwardWeight(in ConvGeometry geometry, Tensor x, Tensor dy, bool channelsLast)
    {
        Tensor dw = Tensor.AllocateImages(
            [geometry.OutChannels, geometry.InChannels / geometry.Groups, geometry.KernelHeight, geometry.KernelWidth], dy.DType, dy.Device, channelsLast);
        Tensor images = Images(x, geometry.InChannels), gradients = Images(dy, geometry.OutChannels);
        if (dw.ElementCount > 0)
        {
            if (dy.ElementCount == 0)
            {
                Pointwise.Into(dw, Programs.Fill, [], [0]);
            }
            else
            {
                dy.Device.Backend.ConvBackwardWeight(new ConvBackwardWeightArgs { Geometry = geometry, X = images.OperandAs(dw.DType), GradY = gradients.OperandAs(dw.DType), GradW = dw.Operand });
            }
        }

        if (Tensor.ShouldTrack(x, dy))
        {
            dw.Record(new ConvBackwardWeightNode(geometry, x, dy));
        }

        _ = x.InsteadOf(images);
        _ = dy.InsteadOf(gradients);
        return dw;
    }

    /// <summary>Images as the device reads them best.</summary>
    public static Tensor Images(Tensor x, int channels) => channels >= FewChannels && x.Device.Backend.PrefersChannelsLast ? x.ChannelsLastOrSelf() : x;

    /// <summary>Filters as the device reads them best. Parameters of layers lie so; others are copied.</summary>
    private static Tensor Filters(Tensor w) => w.Device.Backend.PrefersChannelsLast ? w.ChannelsLastOrSelf() : w;

    public static void CheckWindow(string op, Size2 stride, Size2 padding, Size2 dilation)
    {
        if (stride.Height <= 0 || stride.Width <= 0 || padding.Height < 0 || padding.Width < 0 || dilation.Height <= 0 || dilation.Width <= 0)
        {
            throw new ArgumentOutOfRangeException(op, $"{op}: stride {stride} and dilation {dilation} must be positive, padding {padding} not negative.");
        }
    }

    public static int OutSize(string op, Tensor x, Tensor w, int size, int kernel, int stride, int padding, int dilation)
    {
        long room = size + (2L * padding) - ((long)dilation * (kernel - 1)) - 1;
        if (room < 0)
        {
            throw new ShapeMismatchException($"{op}: the window is larger than the padded image: x is {x.Shape}, weight is {w.Shape}. Use more padding or a smaller window.");
        }

        return Guard.Size(op, (room / stride) + 1);
    }

    /// <summary>What <see cref="Padding.Same"/> means for these filters; x with one more row or column at the far side where the number is odd.</summary>
    public static Tensor KeepSize(string op, Tensor x, Tensor w, ReadOnlySpan<int> stride, ReadOnlySpan<int> dilation, Span<int> padding)
    {
        (int Before, int After)[] odd = new (int, int)[padding.Length];
        bool isOdd = false;
        for (int i = 0; i < padding.Length; i++)
        {
            if (padding[i] != Padding.Same)
            {
                continue;
            }

            if (stride[i] != 1)
            {
                throw new ArgumentOutOfRangeException(nameof(stride), stride[i], $"{op}: Padding.Same keeps the size, which a stride of {stride[i]} does not. Give the padding as a number.");
            }

            long total = Math.Max(1, dilation[i]) * (w.Shape[2 + i] - 1L);
            padding[i] = Guard.Size(op, total / 2);
            odd[i].After = (int)(total % 2);
            isOdd |= total % 2 != 0;
        }

        return isOdd ? x.Pad(odd) : x;
    }

    public static (Tensor X, Tensor W, Tensor? B) CheckConv(this Tensor x, string op, Tensor weight, Tensor? bias, int outChannels)
    {
        Guard.SameDevice(op, x, weight);
        Guard.FloatingPoint(op, x, "x");
        Guard.ProductTypes(op, x, weight);
        Guard.Rank(op, x, 4, "[N, C, H, W]", "x");
        Guard.Rank(op, weight, 4, "[out, in, R, S]");
        return x.CheckOperands(op, weight, bias, outChannels);
    }

    /// <summary>What is left to check after types and ranks.</summary>
    public static (Tensor X, Tensor W, Tensor? B) CheckOperands(this Tensor x, string op, Tensor weight, Tensor? bias, int outChannels)
    {
        if (weight.ElementCount == 0)
        {
            throw new ShapeMismatchException($"{op}: weight is {weight.Shape}; a filter needs at least one tap and one channel.");
        }

        if (bias is not null)
        {
            Guard.ProductTypes(op, x, bias);
            if (bias.Rank != 1 || bias.Shape[0] != outChannels)
            {
                throw new ShapeMismatchException($"{op}: bias is {bias.Shape}, weight is {weight.Shape}; the bias must be [{outChannels}] (out).");
            }
        }

        return (Autocast.Operand(x, weight), Autocast.Operand(weight, x), Autocast.Operand(bias, x, weight));
    }
}

/// <param name="geometry">The sizes.</param>
/// <param name="x">The images.</param>
/// <param name="w">The filters.</param>
/// <param name="b">The bias.</param>
/// <param name="relu">The result, if negative ones became 0.</param>
/// <param name="images">The images as they were read: x, or a copy in another order of memory.</param>
/// <param name="filters">The filters as they were read.</param>
file sealed class ConvForwardNode(ConvGeometry geometry, Tensor x, Tensor w, Tensor? b, Tensor? relu, Tensor images, Tensor filters) : GradNode(x, w, b)
{
    private readonly bool _channelsLast = w.WantsChannelsLast;
    private readonly SavedTensor? _x = w.History is null ? null : new SavedTensor("Conv2d", images);
    private readonly SavedTensor? _w = x.History is null ? null : new SavedTensor("Conv2d", filters);
    private readonly SavedTensor? _y = SavedTensor.Of("Conv2d", relu);

    public override string Name => "Conv2d";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        // Once for both gradients.
        dy = ConvOps.Images(dy, geometry.OutChannels);
        Tensor? dx, dw, db = null;
        bool needsBias = sink.Needs(2);
        if (_y is not null)
        {
            (dy, db) = BiasRelu.Backward(dy, _y.Value, needsBias);
        }

        using (dy.Device.Backend.BeginIndependent())
        {
            dx = sink.Needs(0) ? ConvOps.ConvBackwardData(geometry, dy, _w!.Value) : null;
            dw = sink.Needs(1) ? ConvOps.ConvBackwardWeight(geometry, _x!.Value, dy, _channelsLast) : null;
            db ??= needsBias ? dy.Sum([0, 2, 3]) : null;
        }

        sink.AddIfAny(0, dx);
        sink.AddIfAny(1, dw);
        sink.AddIfAny(2, db);
    }

    private protected override bool SavesValues => (_x ?? _w ?? _y) is not null;

    private protected override void ReleaseSaved()
    {
        _x?.Release();
        _w?.Release();
        _y?.Release();
    }
}

file sealed class ConvBackwardDataNode(ConvGeometry geometry, Tensor dy, Tensor w) : GradNode(dy, w)
{
    private readonly SavedTensor _dy = new("ConvTranspose2d", dy);
    private readonly SavedTensor _w = new("ConvTranspose2d", w);

    public override string Name => "ConvTranspose2d";

    internal override void Backward(Tensor g, GradSink sink)
    {
        if (sink.Needs(0))
        {
            sink.Add(0, ConvOps.ConvForward(geometry, g, _w.Value));
        }

        if (sink.Needs(1))
        {
            sink.Add(1, ConvOps.ConvBackwardWeight(geometry, g, _dy.Value, _w.Value.WantsChannelsLast));
        }
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _dy.Release();
        _w.Release();
    }
}

file sealed class ConvBackwardWeightNode(ConvGeometry geometry, Tensor x, Tensor dy) : GradNode(x, dy)
{
    private readonly SavedTensor _x = new("ConvBackwardWeight", x);
    private readonly SavedTensor _dy = new("ConvBackwardWeight", dy);

    public override string Name => "ConvBackwardWeight";

    internal override void Backward(Tensor g, GradSink sink)
    {
        if (sink.Needs(0))
        {
            sink.Add(0, ConvOps.ConvBackwardData(geometry, _dy.Value, g));
        }

        if (sink.Needs(1))
        {
            sink.Add(1, ConvOps.ConvForward(geometry, _x.Value, g));
        }
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _x.Release();
        _dy.Release();
    }
}
