namespace Engine.Backends;

/// <summary>A reduction: prologue per element, combination over <see cref="Axes"/>, epilogue per result.</summary>
public readonly ref struct ReduceArgs
{
    /// <summary>The program to compute.</summary>
    public required ReduceProgram Program { get; init; }

    /// <summary>The type of all arithmetic; float32 sums may be accumulated in more bits.</summary>
    public required DType ComputeType { get; init; }

    /// <summary>The axes that vanish.</summary>
    public required AxisSet Axes { get; init; }

    /// <summary>The common shape of all inputs.</summary>
    public required Shape Shape { get; init; }

    /// <summary>The operands that are read.</summary>
    public required ReadOnlySpan<Operand> Inputs { get; init; }

    /// <summary>The operands that are written: the rank of the inputs, size 1 at each axis in <see cref="Axes"/>.</summary>
    public required ReadOnlySpan<Operand> Outputs { get; init; }

    /// <summary>The values of the parameters of prologue and epilogue.</summary>
    public required ReadOnlySpan<double> Parameters { get; init; }
}
