namespace Engine.Nn;

/// <summary>The kind of block of a <see cref="ResNet"/>.</summary>
public enum ResNetBlock : byte
{
    /// <summary><see cref="BasicBlock"/>: two 3×3 convolutions and a shortcut.</summary>
    Basic,

    /// <summary><see cref="Nn.Bottleneck"/>: 1×1, 3×3, 1×1 and a shortcut; four times as many channels come out.</summary>
    Bottleneck,

    /// <summary><see cref="PlainBlock"/>: two 3×3 convolutions and no shortcut, to show the effect of the shortcut.</summary>
    Plain,
}

/// <summary>How a <see cref="ResNet"/> begins.</summary>
public enum ResNetStem : byte
{
    /// <summary>A 3×3 convolution, for images of some 32 pixels a side.</summary>
    Small,

    /// <summary>A 7×7 convolution and a 3×3 max pooling, both of stride 2, for images of some 224 pixels a side.</summary>
    ImageNet,
}

/// <summary>
/// A residual network (He et al. 2016): a stem, stages of <see cref="BasicBlock"/>s or <see cref="Nn.Bottleneck"/>s that halve the image from the second
/// on, global average pooling, one linear layer.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, H, W] of any size → [N, classes]. The names are those of torchvision: conv1, bn1, layer1.0.conv1, …,
/// layer2.0.downsample.0, …, fc; its weights load by them where stem, blocks and classes agree.
/// </remarks>
public sealed partial class ResNet : OperationLayer, IHasBatchNormPairs
{
    private const int MostStages = 16;

    /// <summary>A network of <see cref="BasicBlock"/>s for small images, with the start values of its layers.</summary>
    /// <param name="widths">The channels of each stage; the stem has those of the first.</param>
    /// <param name="blocks">Blocks a stage.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentException">There is no stage, or there are more blocks than the process has memory for.</exception>
    public ResNet(ReadOnlySpan<int> widths, int blocks, int inChannels = 3, int classes = 10, Generator? generator = null)
        : this(ResNetBlock.Basic, Repeated(blocks, widths.Length), widths, inChannels, classes, ResNetStem.Small, 1, Bottleneck.BaseWidth, generator)
    {
    }

    /// <summary>A network of any blocks and stem, its convolutions started as He et al. do (normal, by fan-out).</summary>
    /// <param name="block">The kind of block.</param>
    /// <param name="blocks">The number of blocks of each stage; stage i has width·2ⁱ channels, four times as many after a bottleneck.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="stem">How it begins.</param>
    /// <param name="width">The channels of the stem and of the first stage.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <param name="groups">Into how many groups the channels in the middle of a bottleneck are divided, as ResNeXt does.</param>
    /// <param name="baseWidth">How many channels each group has for every 64 of its stage.</param>
    /// <exception cref="ArgumentException">There is no stage, there are more blocks than the process has memory for, or blocks without bottleneck are to have groups.</exception>
    public ResNet(
        ResNetBlock block,
        ReadOnlySpan<int> blocks,
        int inChannels = 3,
        int classes = 1000,
        ResNetStem stem = ResNetStem.ImageNet,
        int width = 64,
        Generator? generator = null,
        int groups = 1,
        int baseWidth = Bottleneck.BaseWidth)
        : this(block, blocks.ToArray(), Doubled(width, blocks.Length), inChannels, classes, stem, groups, baseWidth, generator)
    {
        HeStart.Apply(this, FanMode.FanOut, generator);
    }

    private ResNet(ResNetBlock block, int[] blocks, ReadOnlySpan<int> widths, int inChannels, int classes, ResNetStem stem, int groups, int baseWidth, Generator? generator)
    {
        if (widths.IsEmpty)
        {
            throw new ArgumentException("ResNet: at least one stage is needed.", nameof(widths));
        }

        Choice(block, nameof(block));
        Choice(stem, nameof(stem));
        if (block != ResNetBlock.Bottleneck && (groups != 1 || baseWidth != Bottleneck.BaseWidth))
        {
            throw new ArgumentException($"ResNet: {block} blocks have neither groups ({groups}) nor another width in the middle ({baseWidth}); ResNetBlock.Bottleneck has.", nameof(groups));
        }

        long count = 0;
        foreach (int number in blocks)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(number, nameof(blocks));
            count += number;
        }

        LayerArguments.Parts(nameof(ResNet), count, nameof(blocks));
        bool isSmall = stem == ResNetStem.Small;
        Conv1 = new Conv2d(inChannels, widths[0], isSmall ? 3 : 7, isSmall ? 1 : 2, isSmall ? 1 : 3, bias: false, generator: generator);
        Bn1 = new BatchNorm2d(widths[0]);
        MaxPool = isSmall ? null : new MaxPool2d(3, 2, 1);
        Stages = [];
        int channels = widths[0];
        for (int stage = 0; stage < widths.Length; stage++)
        {
            Sequential layers = [];
            for (int i = 0; i < blocks[stage]; i++)
            {
                int stride = stage > 0 && i == 0 ? 2 : 1, width = widths[stage];
                layers.Add(block switch
                {
                    ResNetBlock.Bottleneck => new Bottleneck(channels, width, stride, generator, groups, baseWidth),
                    ResNetBlock.Plain => new PlainBlock(channels, width, stride, generator),
                    _ => new BasicBlock(channels, width, stride, generator),
                });
                channels = block == ResNetBlock.Bottleneck ? Bottleneck.Expansion * width : width;
            }

            Stages.Add($"layer{ModulePath.Index(stage + 1)}", layers);
        }

        Pool = new GlobalAvgPool2d();
        Fc = new Linear(channels, classes, generator: generator);
    }

    /// <summary>The stem.</summary>
    public Conv2d Conv1 { get; }

    /// <summary>Its batch normalisation.</summary>
    public BatchNorm2d Bn1 { get; }

    /// <summary>The stem's pooling; null for small images.</summary>
    public MaxPool2d? MaxPool { get; }

    /// <summary>layer1, layer2, …: a sequence of blocks each.</summary>
    [Name("")]
    public Sequential Stages { get; }

    /// <summary>The mean over the image.</summary>
    public GlobalAvgPool2d Pool { get; }

    /// <summary>
    /// The classifier, a <see cref="Linear"/> at first; <c>model.Fc = new Linear(512, 5)</c> makes a model for other classes, <c>new Identity()</c> one whose output
    /// are the features before it.
    /// </summary>
    public Layer Fc
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The network of 20 layers for CIFAR: stages of 3 blocks with 16, 32 and 64 channels; 0.27 million parameters.</summary>
    public static ResNet ResNet20(int inChannels = 3, int classes = 10, Generator? generator = null) => new([16, 32, 64], 3, inChannels, classes, generator);

    /// <summary>The network of 18 layers with a stem for small images: stages of 2 blocks with 64 to 512 channels; 11.2 million parameters.</summary>
    /// <remarks>That for large images is <c>ResNet18(ResNetStem.ImageNet)</c>.</remarks>
    public static ResNet ResNet18(int inChannels = 3, int classes = 10, Generator? generator = null) => new([64, 128, 256, 512], 2, inChannels, classes, generator);

    /// <summary>The network of 18 layers: stages of 2, 2, 2 and 2 basic blocks; 11,689,512 parameters with a stem for ImageNet.</summary>
    /// <inheritdoc cref="ResNet50"/>
    public static ResNet ResNet18(ResNetStem stem, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(ResNetBlock.Basic, [2, 2, 2, 2], inChannels, classes, stem, generator: generator);

    /// <summary>The network of 34 layers: stages of 3, 4, 6 and 3 basic blocks; 21,797,672 parameters with a stem for ImageNet.</summary>
    /// <inheritdoc cref="ResNet50"/>
    public static ResNet ResNet34(ResNetStem stem = ResNetStem.ImageNet, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(ResNetBlock.Basic, [3, 4, 6, 3], inChannels, classes, stem, generator: generator);

    /// <summary>The network of 50 layers: stages of 3, 4, 6 and 3 bottleneck blocks; 25,557,032 parameters with a stem for ImageNet.</summary>
    /// <param name="stem">How it begins.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    public static ResNet ResNet50(ResNetStem stem = ResNetStem.ImageNet, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(ResNetBlock.Bottleneck, [3, 4, 6, 3], inChannels, classes, stem, generator: generator);

    /// <summary>The network of 101 layers: stages of 3, 4, 23 and 3 bottleneck blocks; 44,549,160 parameters with a stem for ImageNet.</summary>
    /// <inheritdoc cref="ResNet50"/>
    public static ResNet ResNet101(ResNetStem stem = ResNetStem.ImageNet, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(ResNetBlock.Bottleneck, [3, 4, 23, 3], inChannels, classes, stem, generator: generator);

    /// <summary>The network of 152 layers: stages of 3, 8, 36 and 3 bottleneck blocks; 60,192,808 parameters with a stem for ImageNet.</summary>
    /// <inheritdoc cref="ResNet50"/>
    public static ResNet ResNet152(ResNetStem stem = ResNetStem.ImageNet, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(ResNetBlock.Bottleneck, [3, 8, 36, 3], inChannels, classes, stem, generator: generator);

    /// <summary>ResNeXt-50 32×4d (Xie et al. 2017): as ResNet-50, with 32 groups of 4 channels and more in the middle of a block; 25,028,904 parameters with a stem for ImageNet.</summary>
    /// <inheritdoc cref="ResNet50"/>
    public static ResNet ResNeXt50(ResNetStem stem = ResNetStem.ImageNet, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(ResNetBlock.Bottleneck, [3, 4, 6, 3], inChannels, classes, stem, groups: 32, baseWidth: 4, generator: generator);

    /// <summary>ResNeXt-101 32×8d (Xie et al. 2017); 88,791,336 parameters with a stem for ImageNet.</summary>
    /// <inheritdoc cref="ResNet50"/>
    public static ResNet ResNeXt101(ResNetStem stem = ResNetStem.ImageNet, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(ResNetBlock.Bottleneck, [3, 4, 23, 3], inChannels, classes, stem, groups: 32, baseWidth: 8, generator: generator);

    /// <summary>Wide ResNet-50-2 (Zagoruyko and Komodakis 2016): as ResNet-50, with twice as many channels in the middle of a block; 68,883,240 parameters with a stem for ImageNet.</summary>
    /// <inheritdoc cref="ResNet50"/>
    public static ResNet WideResNet50(ResNetStem stem = ResNetStem.ImageNet, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(ResNetBlock.Bottleneck, [3, 4, 6, 3], inChannels, classes, stem, baseWidth: 128, generator: generator);

    /// <inheritdoc/>
    IEnumerable<BatchNormPair> IHasBatchNormPairs.BatchNormPairs => [new(Conv1, Bn1, ThenRelu: true)];

    private protected override Tensor Apply(Tensor x)
    {
        Tensor stem = Bn1.Forward(Conv1.Forward(x), relu: true);
        return Fc.Forward(Pool.Forward(Stages.Forward(MaxPool?.Forward(stem) ?? stem)));
    }

    // The classifier may be a layer of somebody else, which keeps what it sees.
    internal override bool KeepsNothing(int depth) => LeanChain.KeepsNothing(Fc, depth - 1);

    private static int[] Repeated(int blocks, int stages)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        LayerArguments.Parts(nameof(ResNet), (long)blocks * Math.Max(stages, 1), nameof(blocks));
        return [.. Enumerable.Repeat(blocks, stages)];
    }

    private static int[] Doubled(int width, int stages)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (stages is 0 or > MostStages)
        {
            throw new ArgumentException($"ResNet: there are {stages} stages; there must be 1 to {MostStages}, as each halves the image and doubles the channels.", "blocks");
        }

        return [.. Enumerable.Range(0, stages).Select(stage => LayerArguments.Features(nameof(ResNet), (long)width << Math.Min(stage, 31), nameof(width)))];
    }

    private static void Choice<T>(T value, string name)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"ResNet: there is no such {name}.");
        }
    }
}
