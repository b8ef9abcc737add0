namespace Engine.PtxInterpreter;

internal sealed class Branch(int target) : Operation
{
    public override bool IsControl => true;

    public override void Execute(Block block) => block.Branch(target, Guard, GuardNegated);
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

/// <summary>A fence: accesses are carried out in order anyway.</summary>
internal sealed class Fence : Operation
{
    public override void Execute(Block block)
    {
    }
}

/// <summary>Watches registers of which it is not certain from the text that they are written before they are read.</summary>
/// <param name="inner">The instruction.</param>
/// <param name="reads">Columns of marks, and names, of the registers that it reads.</param>
/// <param name="writes">Columns of marks of the registers that it writes.</param>
internal sealed unsafe class Tracked(Operation inner, (int Slot, string Name)[] reads, int[] writes) : Operation
{
    public override bool IsControl => inner.IsControl;

    public override void Execute(Block block)
    {
        foreach ((int slot, string name) in reads)
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

        foreach (int slot in writes)
        {
            for (int j = 0; j < block.Count; j++)
            {
                block.Frame[slot + block.ActiveThread(j)] = 1;
            }
        }

        inner.Execute(block);
    }
}
