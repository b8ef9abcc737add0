namespace Engine.Backends;

/// <summary>The gradient of a convolution to its filters.</summary>
/// <remarks>All operands have one element type and any strides.</remarks>
public readonly ref struct ConvBackwardWeightArgs
{
    /// <summary>The sizes of the forward pass.</summary>
    public required ConvGeometry Geometry { get; init; }

    /// <summary>[N, C, H, W]: the images.</summary>
    public required Operand X { get; init; }

    /// <summary>[N, K, P, Q]: the gradient to the result.</summary>
    public required Operand GradY { get; init; }

    /// <summary>[K, C/Groups, R, S], written: the gradient to the filters.</summary>
    public required Operand GradW { get; init; }
}
