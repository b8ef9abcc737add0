namespace Engine.Nn;

/// <summary>Transposed convolution, which enlarges volumes: the gradient of <see cref="Conv3d"/> to its input, used forward.</summary>
/// <remarks>
/// Shapes: x [N, in, D, H, W] → y [N, out, E, P, Q] with P = (H − 1)·s − 2·pad + d·(R − 1) + outputPadding + 1; <see cref="Weight"/>
/// [in, out/groups, U, R, S]; <see cref="Bias"/> [out]. Both start uniform in ±1/√(out/groups·U·R·S), PyTorch's default.
/// </remarks>
public sealed partial class ConvTranspose3d : OperationLayer
{
    private readonly Size3 _stride;
    private readonly Size3 _padding;
    private readonly Size3 _outputPadding;
    private readonly Size3 _dilation;
    private readonly int _groups;

    /// <summary>A layer with random start values.</summary>
    /// <param name="inChannels">Channels of x.</param>
    /// <param name="outChannels">Channels of y.</param>
    /// <param name="kernelSize">Size of the window, one number or (depth, height, width).</param>
    /// <param name="stride">Step of the window in y; 1 if left out.</param>
    /// <param name="padding">Planes, rows and columns cut off on each side; none if left out.</param>
    /// <param name="outputPadding">Planes, rows and columns added at the far side, less than the stride; none if left out.</param>
    /// <param name="groups">Groups of channels convolved separately; divides both numbers of channels.</param>
    /// <param name="bias">Whether b is added.</param>
    /// <param name="dilation">Distance between taps; 1 if left out.</param>
    /// <param name="generator">The source of the start values.</param>
    public ConvTranspose3d(
        int inChannels,
        int outChannels,
        Size3 kernelSize,
        Size3? stride = null,
        Size3? padding = null,
        Size3? outputPadding = null,
        int groups = 1,
        bool bias = true,
        Size3? dilation = null,
        Generator? generator = null)
    {
        LayerArguments.Channels(nameof(ConvTranspose3d), inChannels, outChannels, groups);
        (_stride, _padding, _outputPadding, _dilation, _groups) = (stride ?? 1, padding ?? 0, outputPadding ?? 0, dilation ?? 1, groups);
        LayerArguments.Window(nameof(ConvTranspose3d), kernelSize, _stride, _padding, _dilation);
        Weight = Weights.FanIn([inChannels, outChannels / groups, kernelSize.Depth, kernelSize.Height, kernelSize.Width], generator);
        Bias = bias ? Weights.Bias(outChannels, Weight, generator) : null;
    }

    /// <summary>w, [in, out/groups, U, R, S].</summary>
    public Tensor Weight { get; }

    /// <summary>b, [out]; null if there is none.</summary>
    public Tensor? Bias { get; }

    private protected override Tensor Apply(Tensor x) => x.ConvTranspose3d(Weight, Bias, _stride, _padding, _outputPadding, _dilation, _groups);

    /// <inheritdoc/>
    public override string ToString() =>
        $"ConvTranspose3d({Weight.Shape[0]} → {Weight.Shape[1] * _groups}, {LayerArguments.Describe(Weight.Shape, _stride, _padding, _dilation, _groups)}{(Bias is null ? ", no bias" : string.Empty)})";

    /// <inheritdoc/>
    protected internal override long MultiplyAdds(Shape input, Shape output) =>
        input.ElementCount * Weight.Shape[1] * Weight.Shape[2] * Weight.Shape[3] * Weight.Shape[4];
}
