namespace Engine.PtxInterpreter;

/// <summary>A parsed module. Versions are 10·major + minor, the target is the number after sm_.</summary>
internal sealed record PtxModule(int Version, int Target, IReadOnlyList<PtxKernel> Kernels)
{
    public PtxKernel? Find(string name) => Kernels.FirstOrDefault(kernel => kernel.Name == name);
}

/// <summary>A register of a kernel; the index counts all of its registers.</summary>
internal sealed record PtxRegister(string Name, PtxType Type, int Index);

/// <summary>A parameter and its place in the parameter block.</summary>
internal sealed record PtxParameter(string Name, PtxType Type, int Offset);

/// <summary>A variable in shared memory; an extern one has no size of its own and begins after all the others.</summary>
internal sealed record PtxShared(string Name, int Offset, int Bytes, int Alignment, bool IsExtern);

/// <summary>An instruction as it is written.</summary>
internal sealed record PtxInstruction(int Line, PtxRegister? Guard, bool GuardNegated, string Opcode, IReadOnlyList<string> Modifiers, IReadOnlyList<PtxOperand> Operands)
{
    /// <summary>Opcode and modifiers.</summary>
    public string Name => Modifiers.Count == 0 ? Opcode : $"{Opcode}.{string.Join('.', Modifiers)}";
}

/// <summary>An entry point.</summary>
internal sealed class PtxKernel
{
    public required string Name { get; init; }

    public required int Line { get; init; }

    public required int GroupSize { get; init; }

    public required IReadOnlyList<PtxParameter> Parameters { get; init; }

    public required int ParameterBytes { get; init; }

    public required IReadOnlyList<PtxRegister> Registers { get; init; }

    public required IReadOnlyDictionary<string, PtxShared> Shared { get; init; }

    /// <summary>Bytes of shared memory that the text declares.</summary>
    public required int SharedBytes { get; init; }

    public required IReadOnlyList<PtxInstruction> Body { get; init; }

    /// <summary>Labels and the instruction that follows each.</summary>
    public required IReadOnlyDictionary<string, int> Labels { get; init; }
}
