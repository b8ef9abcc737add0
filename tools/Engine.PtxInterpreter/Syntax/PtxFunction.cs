namespace Engine.PtxInterpreter;

/// <summary>An entry or a function as it is written, before calls are resolved.</summary>
internal sealed class PtxFunction
{
    public required string Name { get; init; }

    public required int Line { get; init; }

    public required IReadOnlyList<PtxParameter> Parameters { get; init; }

    public required int ParameterBytes { get; init; }

    /// <summary>What it returns, if anything.</summary>
    public PtxParameter? Result { get; init; }

    public BlockShape? RequiredGroup { get; init; }

    public int MaxThreads { get; init; }

    public IReadOnlyList<PtxRegister> Registers { get; init; } = [];

    /// <summary>Its variables in shared memory, with offsets of their own.</summary>
    public IReadOnlyDictionary<string, PtxShared> Shared { get; init; } = new Dictionary<string, PtxShared>();

    public IReadOnlyDictionary<string, PtxLocal> Locals { get; init; } = new Dictionary<string, PtxLocal>();

    /// <summary>Null where it is only declared.</summary>
    public IReadOnlyList<PtxInstruction>? Body { get; init; }

    public IReadOnlyDictionary<string, int> Labels { get; init; } = new Dictionary<string, int>();

    public IReadOnlyDictionary<string, IReadOnlyList<string>> BranchTargets { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}
