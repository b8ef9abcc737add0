namespace Engine.Backends;

/// <summary>One of the three directions of a convolution; which operand is written is the direction's choice.</summary>
public readonly ref struct ConvArgs
{
    /// <summary>The sizes.</summary>
    public required ConvGeometry Geometry { get; init; }

    /// <summary>The images, or their gradient.</summary>
    public required Operand X { get; init; }

    /// <summary>The filters, or their gradient.</summary>
    public required Operand W { get; init; }

    /// <summary>The output, or its gradient.</summary>
    public required Operand Y { get; init; }

    /// <summary>Forward only: one number per output channel, shape [K].</summary>
    public Operand? Bias { get; init; }

    /// <summary>Forward only: a program with one input and one output, or null.</summary>
    public MapProgram? Activation { get; init; }
}
