namespace Engine.Nn;

/// <summary>
/// Three-dimensional convolution: <c>y[n, k, e, p, q] = b[k] + Σ x[n, c, e·s − pad + u·d, p·s − pad + r·d, q·s − pad + t·d]·w[k, c, u, r, t]</c>.
/// </summary>
/// <remarks>
/// Shapes: x [N, in, D, H, W] → y [N, out, E, P, Q] with P = ⌊(H + 2·pad − d·(R − 1) − 1)/s⌋ + 1; <see cref="Weight"/> [out, in/groups, U, R, S];
/// <see cref="Bias"/> [out]. Both start uniform in ±1/√(in/groups·U·R·S), PyTorch's default.
/// </remarks>
public sealed partial class Conv3d : OperationLayer, IAbsorbsNorm
{
    private readonly Size3 _stride;
    private readonly Size3 _padding;
    private readonly Size3 _dilation;
    private readonly int _groups;
    private readonly PaddingMode _mode;
    private readonly (int Before, int After)[]? _border;

    /// <summary>A layer with random start values.</summary>
    /// <param name="inChannels">Channels of x.</param>
    /// <param name="outChannels">Channels of y.</param>
    /// <param name="kernelSize">Size of the window, one number or (depth, height, width).</param>
    /// <param name="stride">Step of the window; 1 if left out.</param>
    /// <param name="padding">Zeros on each side, or <see cref="Padding.Same"/>; none if left out.</param>
    /// <param name="dilation">Distance between taps; 1 if left out.</param>
    /// <param name="groups">Groups of channels convolved separately; divides both numbers of channels.</param>
    /// <param name="bias">Whether b is added; leave it out before a batch normalisation.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <param name="paddingMode">What lies in the padding.</param>
    public Conv3d(
        int inChannels,
        int outChannels,
        Size3 kernelSize,
        Size3? stride = null,
        Size3? padding = null,
        Size3? dilation = null,
        int groups = 1,
        bool bias = true,
        Generator? generator = null,
        PaddingMode paddingMode = PaddingMode.Constant)
    {
        LayerArguments.Channels(nameof(Conv3d), inChannels, outChannels, groups);
        (_stride, _padding, _dilation, _groups, _mode) = (stride ?? 1, padding ?? 0, dilation ?? 1, groups, paddingMode);
        LayerArguments.Window(nameof(Conv3d), kernelSize, _stride, _padding, _dilation);
        _border = LayerArguments.Border(
            nameof(Conv3d),
            paddingMode,
            [kernelSize.Depth, kernelSize.Height, kernelSize.Width],
            [_stride.Depth, _stride.Height, _stride.Width],
            [_padding.Depth, _padding.Height, _padding.Width],
            [_dilation.Depth, _dilation.Height, _dilation.Width]);
        Weight = Weights.FanIn([outChannels, inChannels / groups, kernelSize.Depth, kernelSize.Height, kernelSize.Width], generator);
        Bias = bias ? Weights.Bias(outChannels, Weight, generator) : null;
    }

    /// <summary>w, [out, in/groups, U, R, S].</summary>
    public Tensor Weight { get; }

    /// <summary>b, [out]; null if there is none.</summary>
    public Tensor? Bias { get; }

    private protected override Tensor Apply(Tensor x) => Convolve(x, Weight, Bias);

    /// <inheritdoc/>
    Tensor IAbsorbsNorm.Compute(Tensor x, Tensor weight, Tensor? bias, bool relu)
    {
        Tensor y = Convolve(x, weight, bias);
        return relu ? y.Relu() : y;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"Conv3d({Weight.Shape[1] * _groups} → {Weight.Shape[0]}, {LayerArguments.Describe(Weight.Shape, _stride, _padding, _dilation, _groups, _mode)}{(Bias is null ? ", no bias" : string.Empty)})";

    /// <inheritdoc/>
    protected internal override long MultiplyAdds(Shape input, Shape output) =>
        output.ElementCount * Weight.Shape[1] * Weight.Shape[2] * Weight.Shape[3] * Weight.Shape[4];

    private Tensor Convolve(Tensor x, Tensor weight, Tensor? bias) => _border is null
        ? x.Conv3d(weight, bias, _stride, _padding, _dilation, _groups)
        : x.Pad(_border, mode: _mode).Conv3d(weight, bias, _stride, 0, _dilation, _groups);
}
