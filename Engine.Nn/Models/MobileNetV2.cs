namespace Engine.Nn;

/// <summary>
/// MobileNetV2 (Sandler et al. 2018): a 3×3 stem, seventeen blocks that widen, filter each channel alone and narrow again, a 1×1 convolution, global average
/// pooling, dropout and one linear layer; ReLU6 throughout.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, H, W] with H and W at least 32 → [N, classes]. The names are those of torchvision: features.0.0, features.1.conv.0.0, …,
/// features.18.1, classifier.1. At width 1 it has 3,504,872 parameters.
/// </remarks>
public sealed partial class MobileNetV2 : Layer
{
    private const int StemChannels = 32, LastChannels = 1280;

    /// <summary>How many times as many channels a block has inside, the channels of its output, how many blocks there are, and the stride of the first.</summary>
    private static readonly (int Expansion, int Channels, int Blocks, int Stride)[] s_stages =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

    /// <summary>A network with random start values: convolutions as He et al. do (normal, by fan-out), the linear layer normal with standard deviation 0.01.</summary>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="width">By what all numbers of channels are multiplied; they are rounded to multiples of 8.</param>
    /// <param name="dropout">The share of values before the linear layer that are dropped in training.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is not positive.</exception>
    public MobileNetV2(int inChannels = 3, int classes = 1000, double width = 1, double dropout = 0.2, Generator? generator = null)
    {
        int channels = Scaled(StemChannels, width);
        Features = [ConvNorm.Make(inChannels, channels, 3, 2, 1, new BatchNorm2d(channels), new Relu6(), generator)];
        foreach ((int expansion, int outChannels, int blocks, int stride) in s_stages)
        {
            int next = Scaled(outChannels, width);
            for (int i = 0; i < blocks; i++)
            {
                Features.Add(new InvertedResidual(channels, next, i == 0 ? stride : 1, expansion, generator));
                channels = next;
            }
        }

        int last = Scaled(LastChannels, Math.Max(1, width));
        Features.Add(ConvNorm.Make(channels, last, 1, 1, 1, new BatchNorm2d(last), new Relu6(), generator));
        Pool = new GlobalAvgPool2d();
        Classifier = [new Dropout(dropout), new Linear(last, classes, generator: generator)];
        ConvNorm.Start(this, generator);
    }

    /// <summary>Everything before the pooling.</summary>
    public Sequential Features { get; }

    /// <summary>The mean over the image.</summary>
    public GlobalAvgPool2d Pool { get; }

    /// <summary>Dropout and the linear layer; <c>Classifier[1] = new Linear(1280, 5)</c> makes a model for other classes.</summary>
    public Sequential Classifier { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Intercepts ? Call(x) : ForwardTrace.Record(this, x, Classifier.Forward(Pool.Forward(Features.Forward(x))));
    }

    // The classifier may be a layer of somebody else, which keeps what it sees.
    internal override bool KeepsNothing(int depth) => LeanChain.KeepsNothing(Classifier, depth - 1);

    private static int Scaled(int channels, double width) => ConvNorm.Channels(nameof(MobileNetV2), channels * width, nameof(width));
}
