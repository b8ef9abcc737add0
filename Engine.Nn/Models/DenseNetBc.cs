namespace Engine.Nn;

/// <summary>
/// DenseNet-BC for small images (Huang et al. 2017): a 3×3 stem, three <see cref="DenseBlock"/>s with a <see cref="Transition"/> that halves
/// the channels between them, batch norm, ReLU, global average pooling, one linear layer.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, H, W] with H and W at least 4 → [N, classes]. The names are those of torchvision: features.conv0,
/// features.denseblock1.denselayer1.norm1, …, features.transition1.norm, …, features.norm5, classifier.
/// </remarks>
public sealed partial class DenseNetBc : Layer
{
    private const int Blocks = 3;

    /// <summary>A network with random start values.</summary>
    /// <param name="depth">The number of layers with weights: 4 and a multiple of 6.</param>
    /// <param name="growth">The channels that each dense layer adds; the stem has twice as many.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentException">The depth is not 4 and a multiple of 6.</exception>
    public DenseNetBc(int depth = 40, int growth = 12, int inChannels = 3, int classes = 10, Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(growth);
        if (depth < 10 || (depth - 4) % 6 != 0)
        {
            throw new ArgumentException($"DenseNetBc: depth {depth} must be 4 and a multiple of 6: two layers with weights in each dense layer, three blocks of them.", nameof(depth));
        }

        int layers = (depth - 4) / (2 * Blocks), channels = 2 * growth;
        Features = new Sequential { { "conv0", new Conv2d(inChannels, channels, 3, padding: 1, bias: false, generator: generator) } };
        for (int block = 1; block <= Blocks; block++)
        {
            Features.Add($"denseblock{ModulePath.Index(block)}", new DenseBlock(layers, channels, growth, generator));
            channels += layers * growth;
            if (block < Blocks)
            {
                Features.Add($"transition{ModulePath.Index(block)}", new Transition(channels, channels / 2, generator));
                channels /= 2;
            }
        }

        Features.Add("norm5", new BatchNorm2d(channels));
        Features.Add("relu", new Relu());
        Features.Add("pool", new GlobalAvgPool2d());
        Classifier = new Linear(channels, classes, generator: generator);
    }

    /// <summary>Everything before the classifier.</summary>
    public Sequential Features { get; }

    /// <summary>The classifier.</summary>
    public Linear Classifier { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Intercepts ? Call(x) : ForwardTrace.Record(this, x, Classifier.Forward(Features.Forward(x)));
}
