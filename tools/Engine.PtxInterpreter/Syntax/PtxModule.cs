namespace Engine.PtxInterpreter;

/// <summary>A parsed module. Versions are 10·major + minor, the target is the number after sm_; an <c>a</c> after that makes it specific to the architecture, with more instructions and for no other card.</summary>
internal sealed record PtxModule(int Version, int Target, bool IsArchitectureSpecific, IReadOnlyList<PtxKernel> Kernels)
{
    public PtxKernel? Find(string name) => Kernels.FirstOrDefault(kernel => kernel.Name == name);
}

/// <summary>A register of a kernel; the index counts all of its registers.</summary>
internal sealed record PtxRegister(string Name, PtxType Type, int Index);

/// <summary>A parameter and its place in the parameter block; a structure is an array of bytes.</summary>
internal sealed record PtxParameter(string Name, PtxType Type, int Offset, int Bytes);

/// <summary>A variable in shared memory; an extern one has no size of its own and begins after all the others.</summary>
internal sealed record PtxShared(string Name, int Offset, int Bytes, int Alignment, bool IsExtern);

/// <summary>A variable of each thread: in local memory, or a parameter of a call.</summary>
internal sealed record PtxLocal(string Name, int Offset, int Bytes, int Alignment, bool IsParameter);

/// <summary>How many threads a block has in each direction.</summary>
internal readonly record struct BlockShape(int X, int Y = 1, int Z = 1)
{
    public int Threads => X * Y * Z;

    public override string ToString() => Y == 1 && Z == 1 ? $"{X}" : $"({X}, {Y}, {Z})";
}

/// <summary>An instruction as it is written.</summary>
internal sealed record PtxInstruction(int Line, PtxRegister? Guard, bool GuardNegated, string Opcode, IReadOnlyList<string> Modifiers, IReadOnlyList<PtxOperand> Operands)
{
    /// <summary>Opcode and modifiers.</summary>
    public string Name => Modifiers.Count == 0 ? Opcode : $"{Opcode}.{string.Join('.', Modifiers)}";
}

/// <summary>An entry point, with the functions that it calls in the places of the calls.</summary>
internal sealed record PtxKernel
{
    public required string Name { get; init; }

    public required int Line { get; init; }

    /// <summary>The shape of its blocks, if the text fixes it: .reqntid.</summary>
    public required BlockShape? RequiredGroup { get; init; }

    /// <summary>The most threads that a block may have.</summary>
    public required int MaxThreads { get; init; }

    public required IReadOnlyList<PtxParameter> Parameters { get; init; }

    public required int ParameterBytes { get; init; }

    public required IReadOnlyList<PtxRegister> Registers { get; init; }

    public required IReadOnlyDictionary<string, PtxShared> Shared { get; init; }

    /// <summary>Bytes of shared memory that the text declares.</summary>
    public required int SharedBytes { get; init; }

    public required IReadOnlyDictionary<string, PtxLocal> Locals { get; init; }

    public required IReadOnlyList<PtxInstruction> Body { get; init; }

    /// <summary>Labels and the instruction that follows each.</summary>
    public required IReadOnlyDictionary<string, int> Labels { get; init; }

    /// <summary>Lists of labels for branches by number.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> BranchTargets { get; init; }

    /// <summary>The kernel without what only its compilation reads: instructions take many times the room of the text.</summary>
    public PtxKernel WithoutBody() => this with
    {
        Registers = [],
        Body = [],
        Labels = new Dictionary<string, int>(),
        BranchTargets = new Dictionary<string, IReadOnlyList<string>>(),
    };
}
