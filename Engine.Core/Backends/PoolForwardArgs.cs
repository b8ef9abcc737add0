namespace Engine.Backends;

/// <summary>Pooling of images: the maximum or the mean of each window.</summary>
/// <remarks>X and Y have one element type and any strides.</remarks>
public readonly ref struct PoolForwardArgs
{
    /// <summary>Maximum or average.</summary>
    public required PoolKind Kind { get; init; }

    /// <summary>The window.</summary>
    public required PoolGeometry Geometry { get; init; }

    /// <summary>[N, C, H, W]: the images.</summary>
    public required Operand X { get; init; }

    /// <summary>[N, C, P, Q], written.</summary>
    public required Operand Y { get; init; }

    /// <summary>
    /// [N, C, P, Q], int32, written: where in its image (row · W + column) each maximum lies. Null if not needed, and always for averages.
    /// </summary>
    public Operand? Indices { get; init; }
}
