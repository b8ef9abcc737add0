namespace Engine.Nn;

/// <summary>
/// SqueezeNet (Iandola et al. 2016): eight blocks, which squeeze the channels and expand them by 1×1 and 3×3 convolutions side by side, between a stem and a 1×1 convolution whose means over the image are the answer. It has a fiftieth of AlexNet's parameters.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, H, W] with H and W at least 21 (17 for version 1.1) → [N, classes]. The names are those of torchvision: features.0, features.3.squeeze, features.3.expand1x1, …, classifier.1.
/// </remarks>
public sealed partial class SqueezeNet : Layer
{
    private const int LastChannels = 512;

    /// <summary>A network whose convolutions start as He et al. do (uniform, by fan-in), the last one normal with standard deviation 0.01; biases 0.</summary>
    /// <param name="isVersion11">Whether it is version 1.1, which needs 2.4 times less computation for the same accuracy, or 1.0.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="dropout">The share of values before the last convolution that are dropped in training.</param>
    /// <param name="generator">The source of the start values.</param>
    public SqueezeNet(bool isVersion11, int inChannels = 3, int classes = 1000, double dropout = 0.5, Generator? generator = null)
    {
        Features = isVersion11
            ? [
                new Conv2d(inChannels, 64, 3, 2, generator: generator), new Relu(), Pooled(),
                Fire(64, 16, 64), Fire(128, 16, 64), Pooled(),
                Fire(128, 32, 128), Fire(256, 32, 128), Pooled(),
                Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(LastChannels, 64, 256),
            ]
            : [
                new Conv2d(inChannels, 96, 7, 2, generator: generator), new Relu(), Pooled(),
                Fire(96, 16, 64), Fire(128, 16, 64), Fire(128, 32, 128), Pooled(),
                Fire(256, 32, 128), Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Pooled(),
                Fire(LastChannels, 64, 256),
            ];
        Conv2d last = new(LastChannels, classes, 1, generator: generator);
        Classifier = [new Dropout(dropout), last, new Relu(), new AdaptiveAvgPool2d(1)];
        foreach ((_, Module module) in NamedModules())
        {
            if (module is Conv2d convolution)
            {
                _ = ReferenceEquals(convolution, last)
                    ? Init.Normal(convolution.Weight, std: 0.01, generator: generator)
                    : Init.KaimingUniform(convolution.Weight, generator: generator);
                Init.Zeros(convolution.Bias!);
            }
        }

        static MaxPool2d Pooled() => new(3, 2, ceilMode: true);
        FireBlock Fire(int channels, int squeezed, int expanded) => new(channels, squeezed, expanded, generator);
    }

    /// <summary>Everything before the last convolution.</summary>
    public Sequential Features { get; }

    /// <summary>Dropout, the last convolution, ReLU and the mean; <c>Classifier[1] = new Conv2d(512, 5, 1)</c> makes a model for other classes.</summary>
    public Sequential Classifier { get; }

    /// <summary>Version 1.0; 1,248,424 parameters.</summary>
    /// <inheritdoc cref="SqueezeNet11"/>
    public static SqueezeNet SqueezeNet10(int inChannels = 3, int classes = 1000, double dropout = 0.5, Generator? generator = null) => new(false, inChannels, classes, dropout, generator);

    /// <summary>Version 1.1; 1,235,496 parameters.</summary>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="dropout">The share of values before the last convolution that are dropped in training.</param>
    /// <param name="generator">The source of the start values.</param>
    public static SqueezeNet SqueezeNet11(int inChannels = 3, int classes = 1000, double dropout = 0.5, Generator? generator = null) => new(true, inChannels, classes, dropout, generator);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Intercepts ? Call(x) : ForwardTrace.Record(this, x, Classifier.Forward(Features.Forward(x)).Flatten(1));
    }

    // The classifier may be a layer of somebody else, which keeps what it sees.
    internal override bool KeepsNothing(int depth) => LeanChain.KeepsNothing(Classifier, depth - 1);
}

/// <summary>
/// The block of <see cref="SqueezeNet"/>: a 1×1 convolution to few channels, and of these a 1×1 and a 3×3 convolution side by side;
/// <c>y = [relu(expand1x1(s)), relu(expand3x3(s))]</c> with <c>s = relu(squeeze(x))</c>.
/// </summary>
/// <remarks>Shapes: x [N, in, H, W] → y [N, 2·expanded, H, W].</remarks>
/// <param name="inChannels">Channels of x.</param>
/// <param name="squeezed">Channels in the middle.</param>
/// <param name="expanded">Channels of each half of y.</param>
/// <param name="generator">The source of the start values.</param>
internal sealed partial class FireBlock(int inChannels, int squeezed, int expanded, Generator? generator) : OperationLayer
{
    /// <summary>To few channels, 1×1.</summary>
    public Conv2d Squeeze { get; } = new(inChannels, squeezed, 1, generator: generator);

    /// <summary>The first half of the output, 1×1.</summary>
    [Name("expand1x1")]
    public Conv2d Expand1x1 { get; } = new(squeezed, expanded, 1, generator: generator);

    /// <summary>The second half of the output, 3×3.</summary>
    [Name("expand3x3")]
    public Conv2d Expand3x3 { get; } = new(squeezed, expanded, 3, padding: 1, generator: generator);

    private protected override Tensor Apply(Tensor x)
    {
        Tensor middle = Squeeze.Forward(x, relu: true);
        return Tensor.Concat([Expand1x1.Forward(middle, relu: true), Expand3x3.Forward(middle, relu: true)], axis: 1);
    }
}
