namespace Engine.Nn;

/// <summary>
/// Two-dimensional convolution (cross-correlation, as everywhere in deep learning):
/// <c>y[n, k, p, q] = b[k] + Σ x[n, c, p·s − pad + r·d, q·s − pad + t·d]·w[k, c, r, t]</c>.
/// </summary>
/// <remarks>
/// Shapes: x [N, in, H, W] → y [N, out, P, Q] with P = ⌊(H + 2·pad − d·(R − 1) − 1)/s⌋ + 1; <see cref="Weight"/> [out, in/groups, R, S];
/// <see cref="Bias"/> [out]. Both start uniform in ±1/√(in/groups·R·S), PyTorch's default. With groups = in every channel is filtered
/// alone (depthwise).
/// </remarks>
public sealed partial class Conv2d : Layer, IFusesRelu, IAbsorbsNorm
{
    private readonly Size2 _stride;
    private readonly Size2 _padding;
    private readonly Size2 _dilation;
    private readonly int _groups;
    private readonly PaddingMode _mode;
    private readonly (int Before, int After)[]? _border;

    /// <summary>A layer with random start values.</summary>
    /// <param name="inChannels">Channels of x.</param>
    /// <param name="outChannels">Channels of y.</param>
    /// <param name="kernelSize">Size of the window, one number or (height, width).</param>
    /// <param name="stride">Step of the window; 1 if left out.</param>
    /// <param name="padding">Zeros on each side, or <see cref="Padding.Same"/>; none if left out.</param>
    /// <param name="dilation">Distance between taps; 1 if left out.</param>
    /// <param name="groups">Groups of channels convolved separately; divides both numbers of channels.</param>
    /// <param name="bias">Whether b is added; leave it out before a batch normalisation.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <param name="paddingMode">What lies in the padding.</param>
    public Conv2d(
        int inChannels,
        int outChannels,
        Size2 kernelSize,
        Size2? stride = null,
        Size2? padding = null,
        Size2? dilation = null,
        int groups = 1,
        bool bias = true,
        Generator? generator = null,
        PaddingMode paddingMode = PaddingMode.Constant)
    {
        LayerArguments.Channels(nameof(Conv2d), inChannels, outChannels, groups);
        (_stride, _padding, _dilation, _groups, _mode) = (stride ?? 1, padding ?? 0, dilation ?? 1, groups, paddingMode);
        LayerArguments.Window(nameof(Conv2d), kernelSize, _stride, _padding, _dilation);
        _border = LayerArguments.Border(
            nameof(Conv2d), paddingMode, [kernelSize.Height, kernelSize.Width], [_stride.Height, _stride.Width], [_padding.Height, _padding.Width], [_dilation.Height, _dilation.Width]);
        Weight = Weights.FanIn([outChannels, inChannels / groups, kernelSize.Height, kernelSize.Width], generator);
        Bias = bias ? Weights.Bias(outChannels, Weight, generator) : null;
    }

    /// <summary>w, [out, in/groups, R, S].</summary>
    public Tensor Weight { get; }

    /// <summary>b, [out]; null if there is none.</summary>
    public Tensor? Bias { get; }

    /// <inheritdoc/>
    /// <exception cref="ShapeMismatchException">x does not have four axes or not the right channels, or is smaller than the window.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Forward(x, relu: false);
    }

    /// <summary>The output, with negative results set to 0 in the same pass if <paramref name="relu"/>.</summary>
    public Tensor Forward(Tensor x, bool relu)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            Tensor y = Call(x);
            return relu ? y.Relu() : y;
        }

        return ForwardTrace.Record(this, x, Convolve(x, Weight, Bias, relu));
    }

    /// <inheritdoc/>
    Tensor IAbsorbsNorm.Compute(Tensor x, Tensor weight, Tensor? bias, bool relu) => Convolve(x, weight, bias, relu);

    /// <inheritdoc/>
    public override string ToString() =>
        $"Conv2d({Weight.Shape[1] * _groups} → {Weight.Shape[0]}, {LayerArguments.Describe(Weight.Shape, _stride, _padding, _dilation, _groups, _mode)}{(Bias is null ? ", no bias" : string.Empty)})";

    /// <inheritdoc/>
    protected internal override long MultiplyAdds(Shape input, Shape output) =>
        output.ElementCount * Weight.Shape[1] * Weight.Shape[2] * Weight.Shape[3];

    private Tensor Convolve(Tensor x, Tensor weight, Tensor? bias, bool relu) => _border is null
        ? x.Conv2d(weight, bias, _stride, _padding, _dilation, _groups, relu)
        : x.Pad(_border, mode: _mode).Conv2d(weight, bias, _stride, 0, _dilation, _groups, relu);
}
