namespace Engine.Backends;

/// <summary>A convolution: y = activation(x ∗ w + bias).</summary>
/// <remarks>X, W and Y have one element type and any strides. The result has at least one element.</remarks>
public readonly ref struct ConvForwardArgs
{
    /// <summary>The sizes.</summary>
    public required ConvGeometry Geometry { get; init; }

    /// <summary>[N, C, H, W]: the images.</summary>
    public required Operand X { get; init; }

    /// <summary>[K, C/Groups, R, S]: the filters.</summary>
    public required Operand W { get; init; }

    /// <summary>[N, K, P, Q], written.</summary>
    public required Operand Y { get; init; }

    /// <summary>[K] or null for 0: what is added before the activation.</summary>
    public Operand? Bias { get; init; }

    /// <summary>A program with one input and one output, or null.</summary>
    public MapProgram? Activation { get; init; }
}
