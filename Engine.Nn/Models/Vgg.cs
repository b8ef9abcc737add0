namespace Engine.Nn;

/// <summary>
/// A VGG network (Simonyan and Zisserman 2015): stages of 3×3 convolutions with ReLU, each closed by a 2×2 max pooling; average pooling to 7×7; three
/// linear layers with ReLU and dropout between them.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, H, W] with H and W at least 32 for five stages → [N, classes]. The names are those of torchvision, positions in
/// sequences: features.0, features.3, …, classifier.0, classifier.3, classifier.6. Most of its parameters lie in the first linear layer.
/// </remarks>
public sealed partial class Vgg : OperationLayer
{
    private const int PooledSize = 7;

    /// <summary>A network with random start values: convolutions as He et al. do (normal, by fan-out), linear layers normal with standard deviation 0.01, biases 0.</summary>
    /// <param name="convolutions">The number of convolutions of each stage; stage i has width·2ⁱ channels, at most 8·width.</param>
    /// <param name="batchNorm">Whether a batch normalisation follows each convolution.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="width">The channels of the first stage.</param>
    /// <param name="hidden">The width of the two hidden linear layers.</param>
    /// <param name="dropout">The share of hidden values that are dropped in training.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentException">There is no stage, or there are more layers than the process has memory for.</exception>
    public Vgg(
        ReadOnlySpan<int> convolutions,
        bool batchNorm = false,
        int inChannels = 3,
        int classes = 1000,
        int width = 64,
        int hidden = 4096,
        double dropout = 0.5,
        Generator? generator = null)
    {
        if (convolutions.IsEmpty)
        {
            throw new ArgumentException("Vgg: at least one stage is needed.", nameof(convolutions));
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        long count = 0;
        foreach (int number in convolutions)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(number, nameof(convolutions));
            count += number;
        }

        LayerArguments.Parts(nameof(Vgg), count, nameof(convolutions));
        Features = [];
        int channels = inChannels;
        for (int stage = 0; stage < convolutions.Length; stage++)
        {
            int next = LayerArguments.Features(nameof(Vgg), (long)width << Math.Min(stage, 3), nameof(width));
            for (int i = 0; i < convolutions[stage]; i++)
            {
                Features.Add(new Conv2d(channels, next, 3, padding: 1, generator: generator));
                if (batchNorm)
                {
                    Features.Add(new BatchNorm2d(next));
                }

                Features.Add(new Relu());
                channels = next;
            }

            Features.Add(new MaxPool2d(2));
        }

        Pool = new AdaptiveAvgPool2d(PooledSize);
        Classifier =
        [
            new Linear(LayerArguments.Features(nameof(Vgg), (long)channels * PooledSize * PooledSize, nameof(width)), hidden, generator: generator), new Relu(), new Dropout(dropout),
            new Linear(hidden, hidden, generator: generator), new Relu(), new Dropout(dropout),
            new Linear(hidden, classes, generator: generator),
        ];
        HeStart.Apply(this, FanMode.FanOut, generator);
        foreach (Linear layer in Classifier.OfType<Linear>())
        {
            Init.Normal(layer.Weight, std: 0.01, generator: generator);
            Init.Zeros(layer.Bias!);
        }
    }

    /// <summary>The convolutions.</summary>
    public Sequential Features { get; }

    /// <summary>The mean over windows that leaves 7×7 of images of any size.</summary>
    public AdaptiveAvgPool2d Pool { get; }

    /// <summary>The linear layers; <c>Classifier[6] = new Linear(4096, 5)</c> makes a model for other classes.</summary>
    public Sequential Classifier { get; }

    /// <summary>The network of 11 layers with weights: 132,863,336 parameters, with batch normalisation 132,868,840.</summary>
    /// <inheritdoc cref="Vgg16"/>
    public static Vgg Vgg11(bool batchNorm = false, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new([1, 1, 2, 2, 2], batchNorm, inChannels, classes, generator: generator);

    /// <summary>The network of 13 layers with weights: 133,047,848 parameters, with batch normalisation 133,053,736.</summary>
    /// <inheritdoc cref="Vgg16"/>
    public static Vgg Vgg13(bool batchNorm = false, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new([2, 2, 2, 2, 2], batchNorm, inChannels, classes, generator: generator);

    /// <summary>The network of 16 layers with weights: 138,357,544 parameters, with batch normalisation 138,365,992.</summary>
    /// <param name="batchNorm">Whether a batch normalisation follows each convolution.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    public static Vgg Vgg16(bool batchNorm = false, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new([2, 2, 3, 3, 3], batchNorm, inChannels, classes, generator: generator);

    /// <summary>The network of 19 layers with weights: 143,667,240 parameters, with batch normalisation 143,678,248.</summary>
    /// <inheritdoc cref="Vgg16"/>
    public static Vgg Vgg19(bool batchNorm = false, int inChannels = 3, int classes = 1000, Generator? generator = null) =>
        new([2, 2, 4, 4, 4], batchNorm, inChannels, classes, generator: generator);

    private protected override Tensor Apply(Tensor x)
    {
        Tensor pooled = Pool.Forward(Features.Forward(x));
        Tensor flat = pooled.Reshape([pooled.Shape[0], pooled.Shape[1] * PooledSize * PooledSize]);
        return Classifier.Forward(flat);
    }

    // The classifier may be a layer of somebody else, which keeps what it sees.
    internal override bool KeepsNothing(int depth) => LeanChain.KeepsNothing(Classifier, depth - 1);
}
