namespace Engine.Nn;

/// <summary>Blocks of channels spread over cells (<see cref="Tensor.PixelShuffle"/>), behind a convolution an enlargement that is learned.</summary>
/// <remarks>Shapes: x […, C·r², H, W] → […, C, H·r, W·r].</remarks>
/// <param name="upscaleFactor">r.</param>
public sealed class PixelShuffle(int upscaleFactor) : Layer
{
    private readonly int _factor = upscaleFactor > 0 ? upscaleFactor : throw new ArgumentOutOfRangeException(nameof(upscaleFactor), upscaleFactor, "PixelShuffle: the factor must be positive.");

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return ForwardTrace.Record(this, x, x.PixelShuffle(_factor));
    }

    /// <inheritdoc/>
    public override string ToString() => $"PixelShuffle({_factor})";
}

/// <summary>Cells gathered into channels (<see cref="Tensor.PixelUnshuffle"/>).</summary>
/// <remarks>Shapes: x […, C, H·r, W·r] → […, C·r², H, W].</remarks>
/// <param name="downscaleFactor">r.</param>
public sealed class PixelUnshuffle(int downscaleFactor) : Layer
{
    private readonly int _factor = downscaleFactor > 0 ? downscaleFactor : throw new ArgumentOutOfRangeException(nameof(downscaleFactor), downscaleFactor, "PixelUnshuffle: the factor must be positive.");

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return ForwardTrace.Record(this, x, x.PixelUnshuffle(_factor));
    }

    /// <inheritdoc/>
    public override string ToString() => $"PixelUnshuffle({_factor})";
}

/// <summary>The channels of groups dealt out in turn (<see cref="Tensor.ChannelShuffle"/>).</summary>
/// <remarks>Shapes: x [N, C, …] → the same.</remarks>
/// <param name="groups">A divisor of C.</param>
public sealed class ChannelShuffle(int groups) : Layer
{
    private readonly int _groups = groups > 0 ? groups : throw new ArgumentOutOfRangeException(nameof(groups), groups, "ChannelShuffle: there must be groups.");

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return ForwardTrace.Record(this, x, x.ChannelShuffle(_groups));
    }

    /// <inheritdoc/>
    public override string ToString() => $"ChannelShuffle({_groups})";
}
