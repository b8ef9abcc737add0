namespace Engine.PtxInterpreter;

/// <summary>What one block did, by the numbers of its operations.</summary>
internal sealed unsafe class BlockSample(int operations)
{
    private readonly List<(nint At, byte[] Bytes)> _overwritten = [];

    /// <summary>How often each operation was issued to a warp. Threads that have parted count once for each part.</summary>
    public long[] Issues { get; } = new long[operations];

    /// <summary>The bytes that each operation moved, as <see cref="MemoryTraffic"/> counts them; 0 where it does not know.</summary>
    public long[] Bytes { get; } = new long[operations];

    /// <summary>Remembers bytes of global memory that are about to be written.</summary>
    public void Keep(ulong address, int bytes) => _overwritten.Add(((nint)address, new ReadOnlySpan<byte>((void*)address, bytes).ToArray()));

    /// <summary>
    /// Makes global memory what it was before the block. What one block of each launch leaves is the work of no step: later samples would find sums that are counted in part,
    /// and numbers that grow from layer to layer until they are none.
    /// </summary>
    public void Undo()
    {
        for (int i = _overwritten.Count - 1; i >= 0; i--)
        {
            (nint at, byte[] bytes) = _overwritten[i];
            bytes.CopyTo(new Span<byte>((void*)at, bytes.Length));
        }

        _overwritten.Clear();
    }
}
