namespace Engine.PtxInterpreter;

/// <summary>
/// A compiled instruction. It is carried out for a whole group of threads at once, over columns of registers: the cost of decoding is
/// shared by all of them.
/// </summary>
internal abstract class Operation
{
    /// <summary>Where it stands in the text.</summary>
    public int Line { get; set; }

    /// <summary>The column of the guard, or -1.</summary>
    public int Guard { get; set; } = -1;

    public bool GuardNegated { get; set; }

    /// <summary>Whether it decides itself which threads go where; its guard is then its own business.</summary>
    public virtual bool IsControl => false;

    /// <summary>Of an instruction for which the lanes of a warp wait: the column of the mask that names them; else -1.</summary>
    public int Members { get; protected init; } = -1;

    /// <summary>Of a barrier: what is left to do when all threads have come to it.</summary>
    public virtual void EndBarrier(Block block)
    {
    }

    /// <summary>What it loads or stores, where that is known before it runs; null for all others.</summary>
    public virtual AccessPlan? Access => null;

    /// <summary>Whether it writes to global memory.</summary>
    public virtual bool WritesGlobal => false;

    /// <summary>Carries it out for the active threads of a block.</summary>
    public abstract void Execute(Block block);
}
