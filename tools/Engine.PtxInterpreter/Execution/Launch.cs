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

    /// <summary>Runs all blocks, two at a time.</summary>
    /// <returns>Threads times instructions.</returns>
    /// <exception cref="PtxFault">The first wrong that was found.</exception>
    public long Run(KernelProgram program)
    {
        long blocks = (long)Grid.X * Grid.Y * Grid.Z;
        long next = 0;
        long step = StepOf(blocks);
        long instructions = 0;
        PtxFault? fault = null;
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

        void Work()
        {
            Block block = program.RentBlock();
            try
            {
                block.Begin(this);
                long index;
                while (Volatile.Read(ref fault) == null && (index = Interlocked.Increment(ref next) - 1) < blocks)
                {
                    (long rest, long x) = Math.DivRem((long)(((Int128)index * step + Order) % blocks), Grid.X);
                    (long z, long y) = Math.DivRem(rest, Grid.Y);
                    block.Run(((int)x, (int)y, (int)z));
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
}
