namespace Engine.Nn;

/// <summary>
/// A densely connected network for large images (Huang et al. 2017): a 7×7 stem with pooling, <see cref="DenseBlock"/>s with a <see cref="Transition"/>
/// that halves channels and image between them, batch norm, ReLU, global average pooling, one linear layer.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, H, W] with H and W at least 32 for four blocks → [N, classes]. The names are those of torchvision: features.conv0,
/// features.norm0, features.denseblock1.denselayer1.norm1, …, features.transition1.norm, …, features.norm5, classifier. Torchvision's own files have older names
/// (norm.1), which <see cref="TorchvisionWeights.CurrentNames"/> turns into these. For small images see <see cref="DenseNetBc"/>.
/// </remarks>
public sealed partial class DenseNet : Layer
{
    /// <summary>A network with random start values: convolutions as He et al. do (normal, by fan-in).</summary>
    /// <param name="growth">The channels that each dense layer adds.</param>
    /// <param name="blocks">The number of dense layers of each block.</param>
    /// <param name="width">The channels of the stem; twice the growth where left out.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentException">There is no block, or there are more layers than the process has memory for.</exception>
    public DenseNet(int growth, ReadOnlySpan<int> blocks, int? width = null, int inChannels = 3, int classes = 1000, Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(growth);
        if (blocks.IsEmpty)
        {
            throw new ArgumentException("DenseNet: at least one block is needed.", nameof(blocks));
        }

        foreach (int layers in blocks)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers, nameof(blocks));
        }

        int channels = width ?? LayerArguments.Features(nameof(DenseNet), 2L * growth, nameof(growth));
        Features = new Sequential
        {
            { "conv0", new Conv2d(inChannels, channels, 7, 2, 3, bias: false, generator: generator) },
            { "norm0", new BatchNorm2d(channels) },
            { "relu0", new Relu() },
            { "pool0", new MaxPool2d(3, 2, 1) },
        };
        for (int block = 0; block < blocks.Length; block++)
        {
            Features.Add($"denseblock{ModulePath.Index(block + 1)}", new DenseBlock(blocks[block], channels, growth, generator));
            channels = LayerArguments.Features(nameof(DenseNet), channels + ((long)blocks[block] * growth), nameof(growth));
            if (block + 1 < blocks.Length)
            {
                Features.Add($"transition{ModulePath.Index(block + 1)}", new Transition(channels, channels / 2, generator));
                channels /= 2;
            }
        }

        Features.Add("norm5", new BatchNorm2d(channels));
        Features.Add("relu", new Relu());
        Features.Add("pool", new GlobalAvgPool2d());
        Linear classifier = new(channels, classes, generator: generator);
        Classifier = classifier;
        HeStart.Apply(this, FanMode.FanIn, generator);
        Init.Zeros(classifier.Bias!);
    }

    /// <summary>Everything before the classifier.</summary>
    public Sequential Features { get; }

    /// <summary>The classifier, a <see cref="Linear"/> at first; <c>model.Classifier = new Linear(1024, 5)</c> makes a model for other classes.</summary>
    public Layer Classifier
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The network of 121 layers: growth 32, blocks of 6, 12, 24 and 16 dense layers; 7,978,856 parameters.</summary>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    public static DenseNet DenseNet121(int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(32, [6, 12, 24, 16], null, inChannels, classes, generator);

    /// <summary>The network of 161 layers: growth 48, a stem of 96, blocks of 6, 12, 36 and 24 dense layers; 28,681,000 parameters.</summary>
    /// <inheritdoc cref="DenseNet121"/>
    public static DenseNet DenseNet161(int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(48, [6, 12, 36, 24], null, inChannels, classes, generator);

    /// <summary>The network of 169 layers: growth 32, blocks of 6, 12, 32 and 32 dense layers; 14,149,480 parameters.</summary>
    /// <inheritdoc cref="DenseNet121"/>
    public static DenseNet DenseNet169(int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(32, [6, 12, 32, 32], null, inChannels, classes, generator);

    /// <summary>The network of 201 layers: growth 32, blocks of 6, 12, 48 and 32 dense layers; 20,013,928 parameters.</summary>
    /// <inheritdoc cref="DenseNet121"/>
    public static DenseNet DenseNet201(int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new(32, [6, 12, 48, 32], null, inChannels, classes, generator);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Intercepts ? Call(x) : ForwardTrace.Record(this, x, Classifier.Forward(Features.Forward(x)));

    // The classifier may be a layer of somebody else, which keeps what it sees.
    internal override bool KeepsNothing(int depth) => LeanChain.KeepsNothing(Classifier, depth - 1);
}
