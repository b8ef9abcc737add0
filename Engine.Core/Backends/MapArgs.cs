namespace Engine.Backends;

/// <summary>A pointwise program over operands of one shape: outputs[o][i] = program(inputs[0][i], …).</summary>
/// <remarks>Inputs are broadcast by stride 0 where needed. An output may be the same memory, element for element, as an input.</remarks>
public readonly ref struct MapArgs
{
    /// <summary>The program to compute.</summary>
    public required MapProgram Program { get; init; }

    /// <summary>The type in which every instruction is carried out: float32, float64, int32 or int64.</summary>
    public required DType ComputeType { get; init; }

    /// <summary>The common shape of all operands.</summary>
    public required Shape Shape { get; init; }

    /// <summary>The operands that are read, converted to <see cref="ComputeType"/> at load.</summary>
    public required ReadOnlySpan<Operand> Inputs { get; init; }

    /// <summary>The operands that are written, converted from <see cref="ComputeType"/> at store.</summary>
    public required ReadOnlySpan<Operand> Outputs { get; init; }

    /// <summary>The values of the program's parameters; empty where they are in <see cref="ParameterMemory"/>.</summary>
    public required ReadOnlySpan<double> Parameters { get; init; }

    /// <summary>
    /// The values of the program's parameters in device memory, read when the kernel runs: one contiguous axis of <see cref="ComputeType"/>,
    /// at least as long as the program asks for. Null where <see cref="Parameters"/> has them. Never given to a program that draws random
    /// numbers, whose keys need all 32 bits.
    /// </summary>
    public Operand? ParameterMemory { get; init; }

    /// <summary>
    /// One int64 in device memory, read when the kernel runs and added (modulo 2⁶⁴) to the draw number of every <see cref="Expr.Random"/>,
    /// which is its third parameter plus 2³² times its fourth. Null is 0. With it a recorded draw gives new numbers in each replay.
    /// </summary>
    public Operand? DrawOffset { get; init; }
}
