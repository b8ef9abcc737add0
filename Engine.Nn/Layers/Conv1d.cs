namespace Engine.Nn;

/// <summary>One-dimensional convolution: <c>y[n, k, p] = b[k] + Σ x[n, c, p·s − pad + r·d]·w[k, c, r]</c>.</summary>
/// <remarks>
/// Shapes: x [N, in, L] → y [N, out, P] with P = ⌊(L + 2·pad − d·(R − 1) − 1)/s⌋ + 1; <see cref="Weight"/> [out, in/groups, R];
/// <see cref="Bias"/> [out]. Both start uniform in ±1/√(in/groups·R), PyTorch's default.
/// </remarks>
public sealed partial class Conv1d : OperationLayer, IAbsorbsNorm
{
    private readonly int _stride;
    private readonly int _padding;
    private readonly int _dilation;
    private readonly int _groups;
    private readonly PaddingMode _mode;
    private readonly (int Before, int After)[]? _border;

    /// <summary>A layer with random start values.</summary>
    /// <param name="inChannels">Channels of x.</param>
    /// <param name="outChannels">Channels of y.</param>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step of the window.</param>
    /// <param name="padding">Zeros on each side, or <see cref="Padding.Same"/>.</param>
    /// <param name="dilation">Distance between taps.</param>
    /// <param name="groups">Groups of channels convolved separately; divides both numbers of channels.</param>
    /// <param name="bias">Whether b is added.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <param name="paddingMode">What lies in the padding.</param>
    public Conv1d(
        int inChannels,
        int outChannels,
        int kernelSize,
        int stride = 1,
        int padding = 0,
        int dilation = 1,
        int groups = 1,
        bool bias = true,
        Generator? generator = null,
        PaddingMode paddingMode = PaddingMode.Constant)
    {
        LayerArguments.Channels(nameof(Conv1d), inChannels, outChannels, groups);
        LayerArguments.Window(nameof(Conv1d), (1, kernelSize), (1, stride), (0, padding), (1, dilation));
        (_stride, _padding, _dilation, _groups, _mode) = (stride, padding, dilation, groups, paddingMode);
        _border = LayerArguments.Border(nameof(Conv1d), paddingMode, [kernelSize], [stride], [padding], [dilation]);
        Weight = Weights.FanIn([outChannels, inChannels / groups, kernelSize], generator);
        Bias = bias ? Weights.Bias(outChannels, Weight, generator) : null;
    }

    /// <summary>w, [out, in/groups, R].</summary>
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
        $"Conv1d({Weight.Shape[1] * _groups} → {Weight.Shape[0]}, {LayerArguments.Describe(Weight.Shape, (1, _stride), (0, _padding), (1, _dilation), _groups, _mode)}{(Bias is null ? ", no bias" : string.Empty)})";

    /// <inheritdoc/>
    protected internal override long MultiplyAdds(Shape input, Shape output) => output.ElementCount * Weight.Shape[1] * Weight.Shape[2];

    private Tensor Convolve(Tensor x, Tensor weight, Tensor? bias) => _border is null
        ? x.Conv1d(weight, bias, _stride, _padding, _dilation, _groups)
        : x.Pad(_border, mode: _mode).Conv1d(weight, bias, _stride, 0, _dilation, _groups);
}
