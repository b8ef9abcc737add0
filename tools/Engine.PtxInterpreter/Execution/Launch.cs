using System.Numerics;

namespace Engine.PtxInterpreter;

/// <summary>What a kernel is run on.</summary>
internal sealed unsafe class Launch
{
    public required GlobalMemory Memory { get; init; }

    public required (int X, int Y, int Z) Grid { get; init; }

    public int DynamicSharedBytes { get; init; }

    public byte* Parameters { get; init; }

    /// <summary>Set to watch global memory for races; the blocks then run one after another.</summary>
    public GlobalRaces? Races { get; init; }

    /// <summary>Whether branches that promise to be uniform must keep the promise.</summary>
    public bool WatchesUniformBranches { get; init; }

    /// <summary>Whether products of warpgroups are lost.</summary>
    public bool LosesProducts { get; init; }

    /// <summary>
    /// A number that decides the order in which blocks begin: cards promise none, and code that counts on one should fail here. 0 is the order of their indices.
    /// </summary>
    public long Order { get; init; }

    /// <summary>Whether all blocks run at the same time, so that they may wait for one another. They take turns: each goes on until it looks whether others have come.</summary>
    public bool IsResident { get; init; }

    /// <summary>Runs all blocks, two at a time, or all in turn.</summary>
    /// <returns>Threads times instructions.</returns>
    /// <exception cref="PtxFault">The first wrong that was found.</exception>
    public long Run(KernelProgram program)
    {
        long blocks = (long)Grid.X * Grid.Y * Grid.Z;
        long next = 0;
        long step = StepOf(blocks);
        long instructions = 0;
        PtxFault? fault = null;
        if (IsResident)
        {
            return RunInTurn(program, [.. Enumerable.Range(0, checked((int)blocks)).Select(static number => (long)number).Select(IndexOf)]);
        }

        int workers = Races == null && blocks > 1 ? Math.Min(2, Environment.ProcessorCount) : 1;
        if (workers == 1)
        {
            Work();
        }
        else
        {
            Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, _ => Work());
        }

        return fault == null ? instructions : throw fault;

        // A step that shares no divisor with the number of blocks comes to each of them once.
        long StepOf(long blocks)
        {
            long step = Order == 0 ? 1 : Math.Max(1, Order * 7919 % blocks);
            while (blocks > 1 && BigInteger.GreatestCommonDivisor(step, blocks) != 1)
            {
                step++;
            }

            return step;
        }

        (int X, int Y, int Z) IndexOf(long number)
        {
            (long rest, long x) = Math.DivRem((long)(((Int128)number * step + Order) % blocks), Grid.X);
            (long z, long y) = Math.DivRem(rest, Grid.Y);
            return ((int)x, (int)y, (int)z);
        }

        void Work()
        {
            Block block = program.RentBlock();
            try
            {
                block.Begin(this);
                long index;
                while (Volatile.Read(ref fault) == null && (index = Interlocked.Increment(ref next) - 1) < blocks)
                {
                    block.Run(IndexOf(index));
                }

                Interlocked.Add(ref instructions, block.ThreadInstructions);
            }
            catch (PtxFault e)
            {
                Interlocked.CompareExchange(ref fault, e, null);
            }
            finally
            {
                program.ReturnBlock(block);
            }
        }
    }

    private long RunInTurn(KernelProgram program, (int X, int Y, int Z)[] indices)
    {
        // A launch whose blocks only look for one another is over after so many rounds.
        const int MostRounds = 10_000;
        List<Block> all = [];
        try
        {
            foreach ((int, int, int) index in indices)
            {
                Block block = program.RentBlock();
                all.Add(block);
                block.Begin(this);
                block.Enter(index);
            }

            List<Block> left = [.. all];
            for (int round = 0; left.Count > 0; round++)
            {
                left.RemoveAll(static block => block.Continue());
                if (round > MostRounds)
                {
                    left[0].Fault(PtxFaultKind.Endless, 0, $"waits for blocks that do not come, with {left.Count - 1} others");
                }
            }

            return all.Sum(static block => block.ThreadInstructions);
        }
        finally
        {
            // So many are not worth keeping.
            all.ForEach(static block => block.Dispose());
        }
    }
}
