namespace Engine.Nn;

/// <summary>A block of a <see cref="MobileNetV3"/>.</summary>
/// <param name="Kernel">The window of the filter of each channel.</param>
/// <param name="Expanded">The channels inside.</param>
/// <param name="Channels">The channels of the output.</param>
/// <param name="Squeezes">Whether the channels inside are weighed by their means.</param>
/// <param name="IsHardSwish">Whether the activation is hard swish rather than ReLU.</param>
/// <param name="Stride">The step of the filter.</param>
internal readonly record struct MobileNetV3Stage(int Kernel, int Expanded, int Channels, bool Squeezes, bool IsHardSwish, int Stride);

/// <summary>
/// MobileNetV3 (Howard et al. 2019): the blocks of MobileNetV2, some of which weigh their channels by the channels' means, found by a search; hard swish; two
/// linear layers.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, H, W] with H and W at least 32 → [N, classes]. The names are those of torchvision: features.0.0, features.1.block.0.0,
/// features.4.block.2.fc1, …, classifier.0, classifier.3.
/// </remarks>
public sealed partial class MobileNetV3 : Layer
{
    private const int StemChannels = 16, LastExpansion = 6, LargeHidden = 1280, SmallHidden = 1024;

    private static readonly MobileNetV3Stage[] s_large =
    [
        new(3, 16, 16, false, false, 1),
        new(3, 64, 24, false, false, 2), new(3, 72, 24, false, false, 1),
        new(5, 72, 40, true, false, 2), new(5, 120, 40, true, false, 1), new(5, 120, 40, true, false, 1),
        new(3, 240, 80, false, true, 2), new(3, 200, 80, false, true, 1), new(3, 184, 80, false, true, 1), new(3, 184, 80, false, true, 1),
        new(3, 480, 112, true, true, 1), new(3, 672, 112, true, true, 1),
        new(5, 672, 160, true, true, 2), new(5, 960, 160, true, true, 1), new(5, 960, 160, true, true, 1),
    ];

    private static readonly MobileNetV3Stage[] s_small =
    [
        new(3, 16, 16, true, false, 2),
        new(3, 72, 24, false, false, 2), new(3, 88, 24, false, false, 1),
        new(5, 96, 40, true, true, 2), new(5, 240, 40, true, true, 1), new(5, 240, 40, true, true, 1),
        new(5, 120, 48, true, true, 1), new(5, 144, 48, true, true, 1),
        new(5, 288, 96, true, true, 2), new(5, 576, 96, true, true, 1), new(5, 576, 96, true, true, 1),
    ];

    /// <summary>A network with random start values: convolutions as He et al. do (normal, by fan-out), linear layers normal with standard deviation 0.01.</summary>
    /// <param name="large">Whether it is the larger of the two, of fifteen blocks, or the smaller, of eleven.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="width">By what all numbers of channels are multiplied; they are rounded to multiples of 8.</param>
    /// <param name="dropout">The share of hidden values that are dropped in training.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is not positive.</exception>
    public MobileNetV3(bool large, int inChannels = 3, int classes = 1000, double width = 1, double dropout = 0.2, Generator? generator = null)
    {
        int channels = Scaled(StemChannels, width);
        Features = [ConvNorm.Make(inChannels, channels, 3, 2, 1, Norm(channels), new HardSwish(), generator)];
        foreach (MobileNetV3Stage stage in large ? s_large : s_small)
        {
            MobileNetV3Stage scaled = stage with { Expanded = Scaled(stage.Expanded, width), Channels = Scaled(stage.Channels, width) };
            Features.Add(new SqueezedInvertedResidual(scaled, channels, generator));
            channels = scaled.Channels;
        }

        int last = LayerArguments.Features(nameof(MobileNetV3), (long)LastExpansion * channels, nameof(width)), hidden = Scaled(large ? LargeHidden : SmallHidden, width);
        Features.Add(ConvNorm.Make(channels, last, 1, 1, 1, Norm(last), new HardSwish(), generator));
        Pool = new GlobalAvgPool2d();
        Classifier = [new Linear(last, hidden, generator: generator), new HardSwish(), new Dropout(dropout), new Linear(hidden, classes, generator: generator)];
        ConvNorm.Start(this, generator);
    }

    /// <summary>Everything before the pooling.</summary>
    public Sequential Features { get; }

    /// <summary>The mean over the image.</summary>
    public GlobalAvgPool2d Pool { get; }

    /// <summary>The linear layers; <c>Classifier[3] = new Linear(1024, 5)</c> makes a small model for other classes, 1280 a large one.</summary>
    public Sequential Classifier { get; }

    /// <summary>The larger network: fifteen blocks; 5,483,032 parameters at width 1.</summary>
    /// <inheritdoc cref="Small"/>
    public static MobileNetV3 Large(int inChannels = 3, int classes = 1000, double width = 1, double dropout = 0.2, Generator? generator = null) =>
        new(true, inChannels, classes, width, dropout, generator);

    /// <summary>The smaller network: eleven blocks; 2,542,856 parameters at width 1.</summary>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="width">By what all numbers of channels are multiplied; they are rounded to multiples of 8.</param>
    /// <param name="dropout">The share of hidden values that are dropped in training.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is not positive.</exception>
    public static MobileNetV3 Small(int inChannels = 3, int classes = 1000, double width = 1, double dropout = 0.2, Generator? generator = null) =>
        new(false, inChannels, classes, width, dropout, generator);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Intercepts ? Call(x) : ForwardTrace.Record(this, x, Classifier.Forward(Pool.Forward(Features.Forward(x))));
    }

    // The classifier may be a layer of somebody else, which keeps what it sees.
    internal override bool KeepsNothing(int depth) => LeanChain.KeepsNothing(Classifier, depth - 1);

    /// <summary>The paper's batch normalisation: a larger eps and slower averages than the usual.</summary>
    internal static BatchNorm2d Norm(int channels) => new(channels, 0.001, 0.01);

    private static int Scaled(int channels, double width) => ConvNorm.Channels(nameof(MobileNetV3), channels * width, nameof(width));
}
