namespace Engine.Nn;

/// <summary>
/// One layer of a DenseNet-BC (Huang et al. 2017): batch norm, ReLU, 1×1 convolution to 4k channels, batch norm, ReLU, 3×3 convolution to k
/// channels; the output is x followed by these k channels.
/// </summary>
/// <remarks>Shapes: x [N, in, H, W] → y [N, in + growth, H, W].</remarks>
/// <param name="inChannels">Channels of x.</param>
/// <param name="growth">k, the channels that are added.</param>
/// <param name="generator">The source of the start values.</param>
public sealed partial class DenseLayer(int inChannels, int growth, Generator? generator = null) : Layer, IHasBatchNormPairs
{
    // The width of the bottleneck, in units of the growth rate.
    private const int Bottleneck = 4;

    /// <summary>The batch normalisation of x.</summary>
    public BatchNorm2d Norm1 { get; } = new(inChannels);

    /// <summary>The bottleneck, 1×1.</summary>
    public Conv2d Conv1 { get; } = new(inChannels, Bottleneck * growth, 1, bias: false, generator: generator);

    /// <summary>The batch normalisation after it.</summary>
    public BatchNorm2d Norm2 { get; } = new(Bottleneck * growth);

    /// <summary>The convolution that makes the new channels, 3×3.</summary>
    public Conv2d Conv2 { get; } = new(Bottleneck * growth, growth, 3, padding: 1, bias: false, generator: generator);

    /// <inheritdoc/>
    IEnumerable<BatchNormPair> IHasBatchNormPairs.BatchNormPairs => [new(Conv1, Norm2, ThenRelu: true)];

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        if (Intercepts)
        {
            return Call(x);
        }

        Tensor fresh = Conv2.Forward(Norm2.Forward(Conv1.Forward(Norm1.Forward(x, relu: true)), relu: true));
        return ForwardTrace.Record(this, x, Tensor.Concat([x, fresh], 1));
    }
}

/// <summary>Dense layers one after another, each of which sees the channels of all before it.</summary>
/// <remarks>Shapes: x [N, in, H, W] → y [N, in + layers·growth, H, W]. Names: denselayer1, denselayer2, …</remarks>
public sealed class DenseBlock : Sequential
{
    /// <summary>A block with random start values.</summary>
    /// <param name="layers">The number of layers.</param>
    /// <param name="inChannels">Channels of x.</param>
    /// <param name="growth">The channels that each layer adds.</param>
    /// <param name="generator">The source of the start values.</param>
    public DenseBlock(int layers, int inChannels, int growth, Generator? generator = null)
    {
        Guard.HostArray(nameof(DenseBlock), layers, LayerArguments.LayerBytes);
        for (int i = 0; i < layers; i++)
        {
            Add($"denselayer{ModulePath.Index(i + 1)}", new DenseLayer(inChannels + (i * growth), growth, generator));
        }
    }
}

/// <summary>Between dense blocks: batch norm, ReLU, 1×1 convolution to fewer channels, 2×2 average pooling.</summary>
/// <remarks>Shapes: x [N, in, H, W] → y [N, out, H/2, W/2].</remarks>
/// <param name="inChannels">Channels of x.</param>
/// <param name="outChannels">Channels of y.</param>
/// <param name="generator">The source of the start values.</param>
public sealed partial class Transition(int inChannels, int outChannels, Generator? generator = null) : Layer
{
    /// <summary>The batch normalisation of x.</summary>
    public BatchNorm2d Norm { get; } = new(inChannels);

    /// <summary>The convolution to fewer channels, 1×1.</summary>
    public Conv2d Conv { get; } = new(inChannels, outChannels, 1, bias: false, generator: generator);

    /// <summary>The pooling.</summary>
    public AvgPool2d Pool { get; } = new(2);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Intercepts ? Call(x) : ForwardTrace.Record(this, x, Pool.Forward(Conv.Forward(Norm.Forward(x, relu: true))));
}
