namespace Engine.Nn;

/// <summary>
/// The two-layer block of residual networks (He et al. 2016): <c>y = relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))</c>.
/// </summary>
/// <remarks>
/// Shapes: x [N, in, H, W] → y [N, out, H/stride, W/stride]. Where stride or channels change, the shortcut is a 1×1 convolution and batch
/// normalisation (<see cref="Downsample"/>), otherwise x itself.
/// </remarks>
public sealed partial class BasicBlock : OperationLayer, IHasBatchNormPairs
{
    /// <summary>A block with random start values.</summary>
    /// <param name="inChannels">Channels of x.</param>
    /// <param name="outChannels">Channels of y.</param>
    /// <param name="stride">The step of the first convolution.</param>
    /// <param name="generator">The source of the start values.</param>
    public BasicBlock(int inChannels, int outChannels, int stride = 1, Generator? generator = null)
    {
        Conv1 = new Conv2d(inChannels, outChannels, 3, stride, 1, bias: false, generator: generator);
        Bn1 = new BatchNorm2d(outChannels);
        Conv2 = new Conv2d(outChannels, outChannels, 3, 1, 1, bias: false, generator: generator);
        Bn2 = new BatchNorm2d(outChannels);
        Downsample = ResidualShortcut.Of(inChannels, outChannels, stride, generator);
    }

    /// <summary>The first convolution, 3×3.</summary>
    public Conv2d Conv1 { get; }

    /// <summary>The first batch normalisation.</summary>
    public BatchNorm2d Bn1 { get; }

    /// <summary>The second convolution, 3×3.</summary>
    public Conv2d Conv2 { get; }

    /// <summary>The second batch normalisation.</summary>
    public BatchNorm2d Bn2 { get; }

    /// <summary>The shortcut's layers; null where x fits as it is.</summary>
    public Sequential? Downsample { get; }

    /// <inheritdoc/>
    IEnumerable<BatchNormPair> IHasBatchNormPairs.BatchNormPairs => [new(Conv1, Bn1, ThenRelu: true), new(Conv2, Bn2, ThenRelu: false)];

    private protected override Tensor Apply(Tensor x)
    {
        Tensor main = Conv2.Forward(Bn1.Forward(Conv1.Forward(x), relu: true));
        return Bn2.Forward(main, Downsample?.Forward(x) ?? x, relu: true);
    }
}
