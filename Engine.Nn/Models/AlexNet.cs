namespace Engine.Nn;

/// <summary>
/// AlexNet (Krizhevsky 2014, "one weird trick"): five convolutions with ReLU and three max poolings, average pooling to 6×6, three linear layers with dropout
/// before the first two.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, H, W] with H and W at least 63 → [N, classes]. The names are those of torchvision: features.0, features.3, …, classifier.1, classifier.4,
/// classifier.6. It has 61,100,840 parameters.
/// </remarks>
public sealed partial class AlexNet : Layer
{
    private const int PooledSize = 6, LastChannels = 256;

    /// <summary>A network with the start values of its layers.</summary>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="dropout">The share of values before the linear layers that are dropped in training.</param>
    /// <param name="hidden">The width of the two hidden linear layers.</param>
    /// <param name="generator">The source of the start values.</param>
    public AlexNet(int inChannels = 3, int classes = 1000, double dropout = 0.5, int hidden = 4096, Generator? generator = null)
    {
        Features =
        [
            new Conv2d(inChannels, 64, 11, 4, 2, generator: generator), new Relu(), new MaxPool2d(3, 2),
            new Conv2d(64, 192, 5, 1, 2, generator: generator), new Relu(), new MaxPool2d(3, 2),
            new Conv2d(192, 384, 3, 1, 1, generator: generator), new Relu(),
            new Conv2d(384, LastChannels, 3, 1, 1, generator: generator), new Relu(),
            new Conv2d(LastChannels, LastChannels, 3, 1, 1, generator: generator), new Relu(), new MaxPool2d(3, 2),
        ];
        Pool = new AdaptiveAvgPool2d(PooledSize);
        Classifier =
        [
            new Dropout(dropout), new Linear(LastChannels * PooledSize * PooledSize, hidden, generator: generator), new Relu(),
            new Dropout(dropout), new Linear(hidden, hidden, generator: generator), new Relu(),
            new Linear(hidden, classes, generator: generator),
        ];
    }

    /// <summary>The convolutions.</summary>
    public Sequential Features { get; }

    /// <summary>The mean over windows that leaves 6×6 of images of any size.</summary>
    public AdaptiveAvgPool2d Pool { get; }

    /// <summary>The linear layers; <c>Classifier[6] = new Linear(4096, 5)</c> makes a model for other classes.</summary>
    public Sequential Classifier { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Intercepts ? Call(x) : ForwardTrace.Record(this, x, Classifier.Forward(Pool.Forward(Features.Forward(x)).Flatten(1)));
    }

    // The classifier may be a layer of somebody else, which keeps what it sees.
    internal override bool KeepsNothing(int depth) => LeanChain.KeepsNothing(Classifier, depth - 1);
}
