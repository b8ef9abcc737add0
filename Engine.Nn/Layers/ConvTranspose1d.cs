namespace Engine.Nn;

/// <summary>One-dimensional transposed convolution, which lengthens sequences: the gradient of <see cref="Conv1d"/> to its input, used forward.</summary>
/// <remarks>
/// Shapes: x [N, in, L] → y [N, out, P] with P = (L − 1)·s − 2·pad + d·(R − 1) + outputPadding + 1; <see cref="Weight"/>
/// [in, out/groups, R]; <see cref="Bias"/> [out]. Both start uniform in ±1/√(out/groups·R), PyTorch's default.
/// </remarks>
public sealed partial class ConvTranspose1d : OperationLayer
{
    private readonly int _stride;
    private readonly int _padding;
    private readonly int _outputPadding;
    private readonly int _dilation;
    private readonly int _groups;

    /// <summary>A layer with random start values.</summary>
    /// <param name="inChannels">Channels of x.</param>
    /// <param name="outChannels">Channels of y.</param>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step of the window in y.</param>
    /// <param name="padding">Elements cut off on each side.</param>
    /// <param name="outputPadding">Elements added at the far side, less than the stride.</param>
    /// <param name="groups">Groups of channels convolved separately; divides both numbers of channels.</param>
    /// <param name="bias">Whether b is added.</param>
    /// <param name="dilation">Distance between taps.</param>
    /// <param name="generator">The source of the start values.</param>
    public ConvTranspose1d(
        int inChannels,
        int outChannels,
        int kernelSize,
        int stride = 1,
        int padding = 0,
        int outputPadding = 0,
        int groups = 1,
        bool bias = true,
        int dilation = 1,
        Generator? generator = null)
    {
        LayerArguments.Channels(nameof(ConvTranspose1d), inChannels, outChannels, groups);
        (_stride, _padding, _outputPadding, _dilation, _groups) = (stride, padding, outputPadding, dilation, groups);
        LayerArguments.Window(nameof(ConvTranspose1d), (1, kernelSize), (1, stride), (0, padding), (1, dilation));
        Weight = Weights.FanIn([inChannels, outChannels / groups, kernelSize], generator);
        Bias = bias ? Weights.Bias(outChannels, Weight, generator) : null;
    }

    /// <summary>w, [in, out/groups, R].</summary>
    public Tensor Weight { get; }

    /// <summary>b, [out]; null if there is none.</summary>
    public Tensor? Bias { get; }

    private protected override Tensor Apply(Tensor x) => x.ConvTranspose1d(Weight, Bias, _stride, _padding, _outputPadding, _dilation, _groups);

    /// <inheritdoc/>
    public override string ToString() =>
        $"ConvTranspose1d({Weight.Shape[0]} → {Weight.Shape[1] * _groups}, {LayerArguments.Describe(Weight.Shape, (1, _stride), (0, _padding), (1, _dilation), _groups)}{(Bias is null ? ", no bias" : string.Empty)})";

    /// <inheritdoc/>
    protected internal override long MultiplyAdds(Shape input, Shape output) =>
        input.ElementCount * Weight.Shape[1] * Weight.Shape[2];
}
