namespace Engine.Nn;

/// <summary>
/// One layer of a DenseNet-BC (Huang et al. 2017): batch norm, ReLU, 1×1 convolution to 4k channels, batch norm, ReLU, 3×3 convolution to k
/// channels; the output is x followed by these k channels.
/// </summary>
/// <remarks>Shapes: x [N, in, H, W] → y [N, in + growth, H, W].</remarks>
/// <param name="inChannels">Channels of x.</param>
/// <param name="growth">k, the channels that are added.</param>
/// <param name="generator">The source of the start values.</param>
public sealed partial class DenseLayer(int inChannels, int growth, Generator? generator = null) : OperationLayer, IHasBatchNormPairs
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

    private protected override Tensor Apply(Tensor x) => Tensor.Concat([x, NewChannels(x)], 1);

    /// <summary>k.</summary>
    internal int Growth => Conv2.Weight.Shape[0];

    /// <summary>The output for the channels that a block has so far, written behind them.</summary>
    internal Tensor Extend(ConcatBuffer channels) =>
        Conv2.IsWatched ? channels.Append(NewChannels(channels.Value)) : channels.Append(Growth, NewChannels);

    private Tensor NewChannels(Tensor x) => Conv2.Forward(Norm2.Forward(Conv1.Forward(Norm1.Forward(x, relu: true)), relu: true));
}

/// <summary>Dense layers one after another, each of which sees the channels of all before it.</summary>
/// <remarks>
/// Shapes: x [N, in, H, W] → y [N, in + layers·growth, H, W]. Names: denselayer1, denselayer2, … The layers write into one memory where nobody looks at their outputs, as hooks do,
/// and the device computes well on parts of it.
/// </remarks>
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

    /// <inheritdoc/>
    /// <exception cref="ShapeMismatchException">A layer refuses its input; the message begins with the layer's name.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Rank == 4 && NewChannels() is { } added && (long)x.Shape[1] + added <= int.MaxValue ? ForwardInPlace(x, x.Shape[1] + added) : base.Forward(x);
    }

    /// <summary>The channels that all layers add; null where one's output is looked at, or there are layers of other kinds.</summary>
    private int? NewChannels()
    {
        if (Count == 0 || IsWatched || ForwardTrace.IsActive)
        {
            return null;
        }

        long added = 0;
        for (int i = 0; i < Count; i++)
        {
            if (this[i] is not DenseLayer { IsWatched: false } layer)
            {
                return null;
            }

            added += layer.Growth;
        }

        return added <= int.MaxValue ? (int)added : null;
    }

    private Tensor ForwardInPlace(Tensor x, int channels)
    {
        using ConcatBuffer buffer = new(x, channels, axis: 1);
        Tensor y = buffer.Value;
        LeanChain chain = new();
        int i = 0;
        try
        {
            for (; i < Count; i++)
            {
                y = chain.Call(this[i], y, (layer, _) => ((DenseLayer)layer).Extend(buffer));
            }
        }
        catch (ShapeMismatchException e)
        {
            throw new ShapeMismatchException($"Layer \"{NameOf(i)}\": {e.Message}", e);
        }

        return y;
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
