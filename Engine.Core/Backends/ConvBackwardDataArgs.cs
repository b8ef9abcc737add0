namespace Engine.Backends;

/// <summary>The gradient of a convolution to its images.</summary>
/// <remarks>All operands have one element type and any strides.</remarks>
public readonly ref struct ConvBackwardDataArgs
{
    /// <summary>The sizes of the forward pass.</summary>
    public required ConvGeometry Geometry { get; init; }

    /// <summary>[N, K, P, Q]: the gradient to the result.</summary>
    public required Operand GradY { get; init; }

    /// <summary>[K, C/Groups, R, S]: the filters.</summary>
    public required Operand W { get; init; }

    /// <summary>[N, C, H, W], written: the gradient to the images, 0 where no window reached.</summary>
    public required Operand GradX { get; init; }
}
