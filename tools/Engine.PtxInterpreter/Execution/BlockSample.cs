namespace Engine.PtxInterpreter;

/// <summary>What one block did, by the numbers of its operations.</summary>
internal sealed class BlockSample(int operations)
{
    /// <summary>How often each operation was issued to a warp. Threads that have parted count once for each part.</summary>
    public long[] Issues { get; } = new long[operations];

    /// <summary>The bytes that each operation moved, as <see cref="MemoryTraffic"/> counts them; 0 where it does not know.</summary>
    public long[] Bytes { get; } = new long[operations];
}
