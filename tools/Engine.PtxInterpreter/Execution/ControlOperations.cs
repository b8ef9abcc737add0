namespace Engine.PtxInterpreter;

internal sealed class Branch(int target, bool isUniform) : Operation
{
    public override bool IsControl => true;

    public override void Execute(Block block) => block.Branch(target, Guard, GuardNegated, isUniform);
}

internal sealed class Exit : Operation
{
    public override bool IsControl => true;

    public override void Execute(Block block) => block.Exit(Guard, GuardNegated);
}

internal sealed class Barrier : Operation
{
    public override bool IsControl => true;

    public override void Execute(Block block) => block.Barrier();
}

/// <summary>How the predicates of all threads become one value at a barrier.</summary>
internal enum BarrierReductionMode : byte
{
    Count,
    And,
    Or,
}

/// <summary>A barrier at which a predicate of all threads is counted or joined: bar.red.</summary>
internal sealed unsafe class BarrierReduction(BarrierReductionMode mode, int d, int source, bool negated) : Operation
{
    public override void Execute(Block block) => block.Barrier();

    public override void EndBarrier(Block block)
    {
        byte wanted = negated ? (byte)0 : (byte)1;
        int holds = new ReadOnlySpan<byte>(block.Frame + source, block.Threads).Count(wanted);
        switch (mode)
        {
            case BarrierReductionMode.Count:
                new Span<int>(block.Frame + d, block.Threads).Fill(holds);
                break;
            case BarrierReductionMode.And:
                new Span<byte>(block.Frame + d, block.Threads).Fill(holds == block.Threads ? (byte)1 : (byte)0);
                break;
            default:
                new Span<byte>(block.Frame + d, block.Threads).Fill(holds > 0 ? (byte)1 : (byte)0);
                break;
        }
    }
}

/// <summary>Sends each thread to the target that its register counts: brx.idx.</summary>
internal sealed class IndexedBranch(int[] targets, int index, bool isUniform) : Operation
{
    public override bool IsControl => true;

    public override void Execute(Block block) => block.Branch(targets, index, isUniform);
}

/// <summary>Ends the launch with an error.</summary>
internal sealed class Trap : Operation
{
    public override void Execute(Block block) => block.Fault(PtxFaultKind.Trap, block.ActiveThread(0), "gives up: trap");
}

/// <summary>A fence: accesses are carried out in order anyway.</summary>
internal sealed class Fence : Operation
{
    public override void Execute(Block block)
    {
    }
}

/// <summary>Watches registers of which it is not certain from the text that they are written before they are read.</summary>
internal sealed unsafe class Tracked : Operation
{
    private readonly Operation _inner;
    private readonly (int Slot, string Name)[] _reads;
    private readonly int[] _writes;

    /// <param name="inner">The instruction.</param>
    /// <param name="reads">Columns of marks, and names, of the registers that it reads.</param>
    /// <param name="writes">Columns of marks of the registers that it writes.</param>
    public Tracked(Operation inner, (int Slot, string Name)[] reads, int[] writes)
    {
        _inner = inner;
        _reads = reads;
        _writes = writes;
        Members = inner.Members;
    }

    public override bool IsControl => _inner.IsControl;

    public override void EndBarrier(Block block) => _inner.EndBarrier(block);

    public override void Execute(Block block)
    {
        foreach ((int slot, string name) in _reads)
        {
            for (int j = 0; j < block.Count; j++)
            {
                int i = block.ActiveThread(j);
                if (block.Frame[slot + i] == 0)
                {
                    block.Fault(PtxFaultKind.UninitializedRegister, i, $"reads {name}, which was not written");
                }
            }
        }

        foreach (int slot in _writes)
        {
            for (int j = 0; j < block.Count; j++)
            {
                block.Frame[slot + block.ActiveThread(j)] = 1;
            }
        }

        _inner.Execute(block);
    }
}
