namespace Engine.Cpu;

/// <summary>Large chunks of scratch memory that no thread rents, for whichever thread needs one next; those that were idle longest go when there are too many.</summary>
internal sealed unsafe class IdleChunks
{
    /// <summary>The largest chunk that is kept; a rare large convolution should not pin its memory.</summary>
    public const nint LargestBytes = 64 << 20;

    /// <summary>As much as if every processor had computed something large.</summary>
    private static readonly nint s_mostBytes = LargestBytes * Environment.ProcessorCount;

    private readonly Lock _lock = new();
    private readonly List<(nint Pointer, nint Bytes)> _chunks = [];
    private nint _held;

    /// <summary>Those of the process.</summary>
    public static IdleChunks Shared { get; } = new();

    /// <summary>The smallest chunk of at least so many bytes.</summary>
    public bool TryTake(nint bytes, out (nint Pointer, nint Bytes) chunk)
    {
        lock (_lock)
        {
            int best = -1;
            for (int i = _chunks.Count - 1; i >= 0; i--)
            {
                if (_chunks[i].Bytes >= bytes && (best < 0 || _chunks[i].Bytes < _chunks[best].Bytes))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                chunk = default;
                return false;
            }

            chunk = _chunks[best];
            _chunks.RemoveAt(best);
            _held -= chunk.Bytes;
            return true;
        }
    }

    /// <summary>Keeps a chunk, or frees it if it is too large.</summary>
    public void Give((nint Pointer, nint Bytes) chunk)
    {
        if (chunk.Bytes > LargestBytes)
        {
            LargePages.Free((void*)chunk.Pointer, chunk.Bytes);
            return;
        }

        lock (_lock)
        {
            _chunks.Add(chunk);
            _held += chunk.Bytes;
            while (_held > s_mostBytes)
            {
                FreeOldest();
            }
        }
    }

    /// <summary>New memory; where there is none, what lies idle is given back first.</summary>
    public bool TryAllocate(nint bytes, out nint pointer)
    {
        if (TryAllocateNew(bytes, out pointer))
        {
            return true;
        }

        lock (_lock)
        {
            if (_chunks.Count == 0)
            {
                return false;
            }

            while (_chunks.Count > 0)
            {
                FreeOldest();
            }
        }

        return TryAllocateNew(bytes, out pointer);
    }

    private static bool TryAllocateNew(nint bytes, out nint pointer)
    {
        try
        {
            pointer = (nint)LargePages.Allocate(bytes);
            return true;
        }
        catch (OutOfMemoryException)
        {
            pointer = 0;
            return false;
        }
    }

    private void FreeOldest()
    {
        LargePages.Free((void*)_chunks[0].Pointer, _chunks[0].Bytes);
        _held -= _chunks[0].Bytes;
        _chunks.RemoveAt(0);
    }
}
