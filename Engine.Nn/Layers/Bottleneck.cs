namespace Engine.Nn;

/// <summary>
/// The three-layer block of deep residual networks (He et al. 2016): 1×1 to fewer channels, 3×3 there, 1×1 back to four times as many;
/// <c>y = relu(bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))) + shortcut(x))</c>.
/// </summary>
/// <remarks>
/// Shapes: x [N, in, H, W] → y [N, 4·width, H/stride, W/stride]. The stride is that of the 3×3 convolution, as in torchvision. Where stride or channels
/// change, the shortcut is a 1×1 convolution and batch normalisation (<see cref="Downsample"/>), otherwise x itself. With few channels in the middle,
/// the block costs about as much as a <see cref="BasicBlock"/> with a quarter of its output channels.
/// </remarks>
public sealed partial class Bottleneck : OperationLayer, IHasBatchNormPairs
{
    /// <summary>How many times as many channels come out as the middle has.</summary>
    public const int Expansion = 4;

    /// <summary>The width of a group that is <c>width</c> itself, as in a ResNet.</summary>
    internal const int BaseWidth = 64;

    /// <summary>A block with random start values.</summary>
    /// <param name="inChannels">Channels of x.</param>
    /// <param name="width">Channels of the middle; y has four times as many.</param>
    /// <param name="stride">The step of the 3×3 convolution.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <param name="groups">Into how many groups the channels of the middle are divided, as ResNeXt does.</param>
    /// <param name="baseWidth">How many channels each group has for every 64 of <paramref name="width"/>: ResNeXt-50 32×4d has 32 groups of 4, a wide network one of 128.</param>
    public Bottleneck(int inChannels, int width, int stride = 1, Generator? generator = null, int groups = 1, int baseWidth = BaseWidth)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(baseWidth);
        int outChannels = LayerArguments.Features(nameof(Bottleneck), (long)Expansion * width, nameof(width));
        long each = (long)width * baseWidth / BaseWidth;
        int middle = LayerArguments.Features(nameof(Bottleneck), each is > 0 and <= int.MaxValue ? each * groups : each, nameof(baseWidth));
        Conv1 = new Conv2d(inChannels, middle, 1, bias: false, generator: generator);
        Bn1 = new BatchNorm2d(middle);
        Conv2 = new Conv2d(middle, middle, 3, stride, 1, groups: groups, bias: false, generator: generator);
        Bn2 = new BatchNorm2d(middle);
        Conv3 = new Conv2d(middle, outChannels, 1, bias: false, generator: generator);
        Bn3 = new BatchNorm2d(outChannels);
        Downsample = ResidualShortcut.Of(inChannels, outChannels, stride, generator);
    }

    /// <summary>The convolution to fewer channels, 1×1.</summary>
    public Conv2d Conv1 { get; }

    /// <summary>The first batch normalisation.</summary>
    public BatchNorm2d Bn1 { get; }

    /// <summary>The convolution in the middle, 3×3.</summary>
    public Conv2d Conv2 { get; }

    /// <summary>The second batch normalisation.</summary>
    public BatchNorm2d Bn2 { get; }

    /// <summary>The convolution to more channels, 1×1.</summary>
    public Conv2d Conv3 { get; }

    /// <summary>The third batch normalisation.</summary>
    public BatchNorm2d Bn3 { get; }

    /// <summary>The shortcut's layers; null where x fits as it is.</summary>
    public Sequential? Downsample { get; }

    /// <inheritdoc/>
    IEnumerable<BatchNormPair> IHasBatchNormPairs.BatchNormPairs => [new(Conv1, Bn1, ThenRelu: true), new(Conv2, Bn2, ThenRelu: true), new(Conv3, Bn3, ThenRelu: false)];

    private protected override Tensor Apply(Tensor x)
    {
        Tensor middle = Bn2.Forward(Conv2.Forward(Bn1.Forward(Conv1.Forward(x), relu: true)), relu: true);
        return Bn3.Forward(Conv3.Forward(middle), Downsample?.Forward(x) ?? x, relu: true);
    }
}
