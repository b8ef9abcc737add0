namespace Engine.Backends;

/// <summary>The gradient of pooling to its images.</summary>
/// <remarks>GradY and GradX have one element type and any strides.</remarks>
public readonly ref struct PoolBackwardArgs
{
    /// <summary>The window of the forward pass.</summary>
    public required PoolGeometry Geometry { get; init; }

    /// <summary>[N, C, P, Q]: the gradient to the result.</summary>
    public required Operand GradY { get; init; }

    /// <summary>[N, C, P, Q], int32, as the forward pass wrote it: where each maximum lies. Null says that the windows were averaged.</summary>
    public required Operand? Indices { get; init; }

    /// <summary>[N, C, H, W], written: the gradient to the images, 0 where no window reached.</summary>
    public required Operand GradX { get; init; }

    /// <summary>Maximum where there are <see cref="Indices"/>, else average.</summary>
    public PoolKind Kind => Indices.HasValue ? PoolKind.Max : PoolKind.Average;
}
