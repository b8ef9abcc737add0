namespace Engine.Nn;

/// <summary>A <see cref="BasicBlock"/> without its shortcut, for comparisons: <c>y = relu(bn2(conv2(relu(bn1(conv1(x))))))</c>.</summary>
/// <remarks>Shapes: x [N, in, H, W] → y [N, out, H/stride, W/stride].</remarks>
public sealed partial class PlainBlock : OperationLayer, IHasBatchNormPairs
{
    /// <summary>A block with random start values.</summary>
    /// <param name="inChannels">Channels of x.</param>
    /// <param name="outChannels">Channels of y.</param>
    /// <param name="stride">The step of the first convolution.</param>
    /// <param name="generator">The source of the start values.</param>
    public PlainBlock(int inChannels, int outChannels, int stride = 1, Generator? generator = null)
    {
        Conv1 = new Conv2d(inChannels, outChannels, 3, stride, 1, bias: false, generator: generator);
        Bn1 = new BatchNorm2d(outChannels);
        Conv2 = new Conv2d(outChannels, outChannels, 3, 1, 1, bias: false, generator: generator);
        Bn2 = new BatchNorm2d(outChannels);
    }

    /// <summary>The first convolution, 3×3.</summary>
    public Conv2d Conv1 { get; }

    /// <summary>The first batch normalisation.</summary>
    public BatchNorm2d Bn1 { get; }

    /// <summary>The second convolution, 3×3.</summary>
    public Conv2d Conv2 { get; }

    /// <summary>The second batch normalisation.</summary>
    public BatchNorm2d Bn2 { get; }

    /// <inheritdoc/>
    IEnumerable<BatchNormPair> IHasBatchNormPairs.BatchNormPairs => [new(Conv1, Bn1, ThenRelu: true), new(Conv2, Bn2, ThenRelu: true)];

    private protected override Tensor Apply(Tensor x) => Bn2.Forward(Conv2.Forward(Bn1.Forward(Conv1.Forward(x), relu: true)), relu: true);
}
