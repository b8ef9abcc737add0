namespace Engine.Nn;

/// <summary>
/// A residual network for small images (He et al. 2016): a 3×3 stem, stages of <see cref="BasicBlock"/>s that halve the image from the second
/// on, global average pooling, one linear layer.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, H, W] of any size → [N, classes]. The names are those of torchvision: conv1, bn1, layer1.0.conv1, …,
/// layer2.0.downsample.0, …, fc.
/// </remarks>
public sealed partial class ResNet : Layer, IHasBatchNormPairs
{
    /// <summary>A network with random start values.</summary>
    /// <param name="widths">The channels of each stage; the stem has those of the first.</param>
    /// <param name="blocks">Blocks a stage.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentException">There is no stage, or there are more blocks than the process has memory for.</exception>
    public ResNet(ReadOnlySpan<int> widths, int blocks, int inChannels = 3, int classes = 10, Generator? generator = null)
    {
        if (widths.IsEmpty)
        {
            throw new ArgumentException("ResNet: at least one stage is needed.", nameof(widths));
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        LayerArguments.Parts(nameof(ResNet), (long)blocks * widths.Length, nameof(blocks));
        Conv1 = new Conv2d(inChannels, widths[0], 3, padding: 1, bias: false, generator: generator);
        Bn1 = new BatchNorm2d(widths[0]);
        Stages = [];
        int channels = widths[0];
        for (int stage = 0; stage < widths.Length; stage++)
        {
            Sequential layers = [];
            for (int block = 0; block < blocks; block++)
            {
                layers.Add(new BasicBlock(channels, widths[stage], stage > 0 && block == 0 ? 2 : 1, generator));
                channels = widths[stage];
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

    /// <summary>layer1, layer2, …: a sequence of blocks each.</summary>
    [Name("")]
    public Sequential Stages { get; }

    /// <summary>The mean over the image.</summary>
    public GlobalAvgPool2d Pool { get; }

    /// <summary>The classifier.</summary>
    public Linear Fc { get; }

    /// <summary>The network of 20 layers for CIFAR: stages of 3 blocks with 16, 32 and 64 channels; 0.27 million parameters.</summary>
    public static ResNet ResNet20(int inChannels = 3, int classes = 10, Generator? generator = null) => new([16, 32, 64], 3, inChannels, classes, generator);

    /// <summary>The network of 18 layers with a stem for small images: stages of 2 blocks with 64 to 512 channels; 11.2 million parameters.</summary>
    public static ResNet ResNet18(int inChannels = 3, int classes = 10, Generator? generator = null) => new([64, 128, 256, 512], 2, inChannels, classes, generator);

    /// <inheritdoc/>
    IEnumerable<BatchNormPair> IHasBatchNormPairs.BatchNormPairs => [new(Conv1, Bn1, ThenRelu: true)];

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return ForwardTrace.Record(this, x, Fc.Forward(Pool.Forward(Stages.Forward(Bn1.Forward(Conv1.Forward(x), relu: true)))));
    }
}
