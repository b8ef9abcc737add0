namespace Engine.Nn;

/// <summary>Blocks of channels spread over cells (<see cref="Tensor.PixelShuffle"/>), behind a convolution an enlargement that is learned.</summary>
/// <remarks>Shapes: x […, C·r², H, W] → […, C, H·r, W·r].</remarks>
/// <param name="upscaleFactor">r.</param>
public sealed class PixelShuffle(int upscaleFactor) : OperationLayer
{
    private readonly int _factor = upscaleFactor > 0 ? upscaleFactor : throw new ArgumentOutOfRangeException(nameof(upscaleFactor), upscaleFactor, "PixelShuffle: the factor must be positive.");

    private protected override Tensor Apply(Tensor x) => x.PixelShuffle(_factor);

    /// <inheritdoc/>
    public override string ToString() => $"PixelShuffle({_factor})";
}

/// <summary>Cells gathered into channels (<see cref="Tensor.PixelUnshuffle"/>).</summary>
/// <remarks>Shapes: x […, C, H·r, W·r] → […, C·r², H, W].</remarks>
/// <param name="downscaleFactor">r.</param>
public sealed class PixelUnshuffle(int downscaleFactor) : OperationLayer
{
    private readonly int _factor = downscaleFactor > 0 ? downscaleFactor : throw new ArgumentOutOfRangeException(nameof(downscaleFactor), downscaleFactor, "PixelUnshuffle: the factor must be positive.");

    private protected override Tensor Apply(Tensor x) => x.PixelUnshuffle(_factor);

    /// <inheritdoc/>
    public override string ToString() => $"PixelUnshuffle({_factor})";
}

/// <summary>The channels of groups dealt out in turn (<see cref="Tensor.ChannelShuffle"/>).</summary>
/// <remarks>Shapes: x [N, C, …] → the same.</remarks>
/// <param name="groups">A divisor of C.</param>
public sealed class ChannelShuffle(int groups) : OperationLayer
{
    private readonly int _groups = groups > 0 ? groups : throw new ArgumentOutOfRangeException(nameof(groups), groups, "ChannelShuffle: there must be groups.");

    private protected override Tensor Apply(Tensor x) => x.ChannelShuffle(_groups);

    /// <inheritdoc/>
    public override string ToString() => $"ChannelShuffle({_groups})";
}
