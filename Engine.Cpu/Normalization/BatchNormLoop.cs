namespace Engine.Cpu;

/// <summary>The three steps of batch normalisation, forward or backward.</summary>
internal interface IBatchNormStep
{
    /// <summary>Sums over one block of a group.</summary>
    void Collect(int group, int block);

    /// <summary>Joins the sums of a group's blocks and writes the results for its channels.</summary>
    void Finish(int group);

    /// <summary>Writes the results of one block.</summary>
    void Apply(int group, int block);
}

/// <summary>Runs the steps of all groups on the threads.</summary>
/// <remarks>Enough groups are shared whole; of few, the blocks are shared, with a join of the threads after each step.</remarks>
internal struct BatchNormLoop<TStep>(BatchNormShape shape, TStep step, int parts) : IParallelBody where TStep : struct, IBatchNormStep
{
    private Phase _phase;

    private enum Phase : byte
    {
        WholeGroups,
        Collect,
        Finish,
        Apply,
    }

    public static void Run(in BatchNormShape shape, in TStep step, WorkerPool pool)
    {
        int parts = Partition.Parts(pool, shape.Count * shape.Channels, (long)shape.Groups * shape.Blocks);

        // Of fewer than four groups a thread, one thread may get a third more than another.
        int threads = Math.Min(parts, pool.Threads);
        if (shape.Groups % threads == 0 || shape.Groups >= 4 * threads)
        {
            parts = Math.Min(parts, shape.Groups);
            BatchNormLoop<TStep> whole = new(shape, step, parts);
            pool.Run(parts, ref whole);
            return;
        }

        BatchNormLoop<TStep> loop = new(shape, step, parts);
        for (Phase phase = Phase.Collect; phase <= Phase.Apply; phase++)
        {
            loop._phase = phase;
            pool.Run(phase == Phase.Finish ? 1 : parts, ref loop);
        }
    }

    public void Run(int part, int worker)
    {
        switch (_phase)
        {
            case Phase.WholeGroups:
                int last = (int)Partition.Start(shape.Groups, part + 1, parts);
                for (int group = (int)Partition.Start(shape.Groups, part, parts); group < last; group++)
                {
                    for (int block = 0; block < shape.Blocks; block++)
                    {
                        step.Collect(group, block);
                    }
                    step.Finish(group);

                    // Backwards: the rows that were read last are still in the nearest cache.
                    for (int block = shape.Blocks - 1; block >= 0; block--)
                    {
                        step.Apply(group, block);
                    }
                }

                break;
            case Phase.Finish:
                for (int group = 0; group < shape.Groups; group++)
                {
                    step.Finish(group);
                }
                break;
            default:
                nint items = (nint)shape.Groups * shape.Blocks, end = Partition.Start(items, part + 1, parts);
                for (nint item = Partition.Start(items, part, parts); item < end; item++)
                {
                    int group = (int)(item / shape.Blocks), block = (int)(item % shape.Blocks);
                    if (_phase == Phase.Collect)
                    {
                        step.Collect(group, block);
                    }
                    else
                    {
                        step.Apply(group, block);
                    }
                }

                break;
        }

        // Steps may stream their results.
        Streaming.End();
    }
}
