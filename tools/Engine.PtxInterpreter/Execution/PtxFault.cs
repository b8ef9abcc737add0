namespace Engine.PtxInterpreter;

/// <summary>What a kernel did wrong.</summary>
internal enum PtxFaultKind : byte
{
    OutOfBounds,
    Misaligned,
    SharedOutOfBounds,
    LocalOutOfBounds,
    UninitializedRegister,
    UninitializedLocal,
    UninitializedShared,
    SharedRace,
    GlobalRace,
    DivergentBarrier,
    DivergentWarp,
    DivergentBranch,
    Endless,
    Trap,
    BadDescriptor,
    AsyncOrder,
}

/// <summary>A kernel did something that a card would punish or, worse, would not notice.</summary>
internal sealed class PtxFault(PtxFaultKind kind, string kernel, int line, (int X, int Y, int Z) block, int thread, string what)
    : Exception($"{kernel}, line {line}, block ({block.X}, {block.Y}, {block.Z}), thread {thread}: {what}")
{
    public PtxFaultKind Kind { get; } = kind;

    public string Kernel { get; } = kernel;

    public int Line { get; } = line;

    public (int X, int Y, int Z) Block { get; } = block;

    public int Thread { get; } = thread;
}
