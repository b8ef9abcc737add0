namespace Engine.Backends;

/// <summary>Pooling of [N, C, H, W] to [N, C, P, Q].</summary>
public readonly ref struct PoolArgs
{
    /// <summary>Maximum or average.</summary>
    public required PoolKind Kind { get; init; }

    /// <summary>The window.</summary>
    public required PoolGeometry Geometry { get; init; }

    /// <summary>The images, or the gradient that is written.</summary>
    public required Operand X { get; init; }

    /// <summary>The result that is written, or its gradient.</summary>
    public required Operand Y { get; init; }

    /// <summary>Maximum only, int32, the shape of Y: where in its image (row · W + column) each maximum lies. Written forward unless null, read backward.</summary>
    public Operand? Indices { get; init; }
}
