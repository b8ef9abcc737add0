namespace Engine.Perf.Paper;

/// <summary>What limits a launch.</summary>
internal enum Limit
{
    /// <summary>The cost of a launch itself.</summary>
    Launch,

    /// <summary>Instructions that the schedulers can issue.</summary>
    Issue,

    /// <summary>Multiply-adds of float32.</summary>
    Float32,

    /// <summary>Tensor cores.</summary>
    Tensor,

    /// <summary>Shared memory.</summary>
    Shared,

    /// <summary>The second cache.</summary>
    L2,

    /// <summary>Memory.</summary>
    Memory,

    /// <summary>The wait for numbers from memory, where too few warps are there to fill it.</summary>
    Latency,
}

/// <summary>A predicted time of a launch.</summary>
/// <param name="Seconds">All of it.</param>
/// <param name="Binding">What takes the most.</param>
/// <param name="Roof">Seconds of what no kernel could do without: its multiply-adds at the unit's peak, or its operands through memory once.</param>
internal readonly record struct LaunchTime(double Seconds, Limit Binding, double Roof)
{
    /// <summary>
    /// The larger of the times that each unit needs alone, times the share of multiprocessors that the last groups leave idle, plus the cost of a launch. Units are
    /// taken to overlap, as they do where enough warps are there. Where they are not, the waits of one warp for memory are all there is.
    /// </summary>
    /// <param name="card">The card.</param>
    /// <param name="blocks">The blocks of the launch.</param>
    /// <param name="threads">The threads of a block.</param>
    /// <param name="registers">The registers of a thread.</param>
    /// <param name="sharedBytes">The shared memory of a block.</param>
    /// <param name="counts">What a block does.</param>
    /// <param name="issuesForOne">Machine instructions for one of the text.</param>
    /// <param name="operandBytes">The bytes of the operands, each once.</param>
    public static LaunchTime Of(
        PaperCard card, long blocks, int threads, int registers, int sharedBytes, InstructionCounts counts, double issuesForOne, long operandBytes)
    {
        double unit = card.Multiprocessors * card.Clock;
        int resident = Resident(card, threads, registers, sharedBytes);
        double busiest = Idle(card, blocks, resident);
        double waits = Math.Ceiling((double)blocks / ((long)card.Multiprocessors * resident)) * counts.GlobalAccesses / Math.Max(1, (threads + 31) / 32);
        (Limit Limit, double Seconds)[] terms =
        [
            (Limit.Issue, counts.Issued * issuesForOne * blocks / (unit * card.Issues) * busiest),
            (Limit.Float32, (double)counts.Float32 * blocks / (unit * card.Float32) * busiest),
            (Limit.Tensor, TensorSeconds(card, counts, blocks) * busiest),
            (Limit.Shared, (double)counts.SharedBytes * blocks / (unit * card.SharedBytes) * busiest),
            (Limit.L2, (double)counts.GlobalBytes * blocks / (card.L2Bytes * card.Clock)),
            (Limit.Memory, operandBytes / (card.MemoryGBs * 1e9)),
            (Limit.Latency, waits * PaperCard.MemoryLatency / (PaperCard.AccessesInFlight * card.Clock)),
        ];
        (Limit binding, double seconds) = terms.MaxBy(static term => term.Seconds);
        double products = Math.Max((double)counts.Float32 * blocks / (unit * card.Float32), TensorSeconds(card, counts, blocks));
        double roof = Math.Max(counts.Products * 4 > counts.Issued || counts.TensorTf32 + counts.TensorHalf + counts.WarpgroupTf32 + counts.WarpgroupHalf > 0 ? products : 0, operandBytes / (card.MemoryGBs * 1e9));
        return new LaunchTime(seconds + PaperCard.LaunchSeconds, seconds > PaperCard.LaunchSeconds ? binding : Limit.Launch, roof);
    }

    /// <summary>How many blocks a multiprocessor holds at once, at least one.</summary>
    public static int Resident(PaperCard card, int threads, int registers, int sharedBytes)
    {
        int warps = (threads + 31) / 32;
        int byRegisters = registers == 0 ? int.MaxValue : card.Registers / (((registers + 7) / 8 * 8) * warps * 32);
        int byShared = sharedBytes == 0 ? int.MaxValue : card.SharedKiB * 1024 / (sharedBytes + 1024);
        return Math.Max(1, Math.Min(Math.Min(byRegisters, byShared), Math.Min(card.Warps / warps, 32)));
    }

    /// <summary>The blocks of the busiest multiprocessor over the average, where blocks come in waves of as many as there is room for.</summary>
    private static double Idle(PaperCard card, long blocks, int resident)
    {
        double average = (double)blocks / card.Multiprocessors;
        double busiest = Math.Ceiling(average);
        // Within a wave the blocks of a multiprocessor share it, so that a short last wave costs less than a whole one.
        return blocks > (long)card.Multiprocessors * resident * 8 ? 1 : busiest / average;
    }

    private static double TensorSeconds(PaperCard card, InstructionCounts counts, long blocks)
    {
        double unit = card.Multiprocessors * card.Clock;
        double tf32 = counts.TensorTf32 + (counts.WarpgroupTf32 / card.Warpgroups), half = counts.TensorHalf + (counts.WarpgroupHalf / card.Warpgroups);
        return (tf32 == 0 ? 0 : tf32 * blocks / (unit * card.Tf32)) + (half == 0 ? 0 : half * blocks / (unit * card.Half));
    }
}
