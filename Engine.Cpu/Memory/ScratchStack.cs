using System.Diagnostics;

namespace Engine.Cpu;

/// <summary>The chunks of one thread's <see cref="Scratch"/>. Its own is freed by the finalizer once the thread is gone.</summary>
internal sealed unsafe class ScratchStack(IdleChunks idle)
{
    /// <summary>The most bytes that an idle thread keeps for itself. A host has many threads that compute now and then, and each would keep what its largest convolution took.</summary>
    private const nint OwnBytes = 2 * LargePages.PageBytes;

    private readonly List<(nint Pointer, nint Bytes)> _chunks = [];
    private int _chunk;                                 // the chunk that is being filled
    private nint _offset;                               // first free byte in it

    ~ScratchStack() => FreeFrom(0);

    public ScratchLease Rent(nint bytes)
    {
        nint rounded = checked(Math.Max(bytes, 1) + Scratch.Alignment - 1) & -Scratch.Alignment;
        int chunk = _chunk;
        nint offset = _offset;
        while (_chunk < _chunks.Count && _chunks[_chunk].Bytes - _offset < rounded)
        {
            _chunk++;
            _offset = 0;
        }

        if (_chunk == _chunks.Count && !TryAddChunk(rounded))
        {
            (_chunk, _offset) = (chunk, offset);
            throw new OutOfDeviceMemoryException(
                $"The processor has no {rounded:N0} bytes left for temporary values of a kernel. Use smaller batches, dispose tensors or put a TensorScope around each step.", default);
        }

        byte* pointer = (byte*)_chunks[_chunk].Pointer + _offset;
        _offset += rounded;
        return new ScratchLease(this, pointer, chunk, offset);
    }

    public void Return(byte* pointer, int chunk, nint offset)
    {
        Debug.Assert(pointer >= (byte*)_chunks[_chunk].Pointer && pointer < (byte*)_chunks[_chunk].Pointer + _offset,
            "Scratch leases must end in reverse order, on the thread that rented them.");
        _chunk = chunk;
        _offset = offset;
        if (chunk == 0 && offset == 0)
        {
            Settle();
        }
    }

    private bool TryAddChunk(nint bytes)
    {
        // The first chunk is the thread's own unless it has to be large. Of the others each is as large as all before it, so that few are needed.
        bool isOwn = _chunks.Count == 0 && bytes <= OwnBytes;
        nint wanted = Math.Max(bytes, Math.Min(HeldFrom(0), IdleChunks.LargestBytes));
        wanted = checked(wanted + LargePages.PageBytes - 1) & -LargePages.PageBytes;
        if (!isOwn && idle.TryTake(wanted, out (nint Pointer, nint Bytes) taken))
        {
            _chunks.Add(taken);
            return true;
        }

        if (!idle.TryAllocate(wanted, out nint pointer))
        {
            return false;
        }

        _chunks.Add((pointer, wanted));
        return true;
    }

    /// <summary>With nothing rented: all but the own chunk are for everybody, as one of their total size, so that the next round of the same work fits.</summary>
    private void Settle()
    {
        int first = _chunks[0].Bytes <= OwnBytes ? 1 : 0;
        if (_chunks.Count == first)
        {
            return;
        }

        if (_chunks.Count == first + 1)
        {
            idle.Give(_chunks[first]);
            _chunks.RemoveAt(first);
            return;
        }

        nint held = HeldFrom(first);
        FreeFrom(first);
        // Where there is no memory now, the next round asks for it.
        if (held <= IdleChunks.LargestBytes && idle.TryAllocate(held, out nint pointer))
        {
            idle.Give((pointer, held));
        }
    }

    private nint HeldFrom(int first)
    {
        nint held = 0;
        for (int i = first; i < _chunks.Count; i++)
        {
            held += _chunks[i].Bytes;
        }

        return held;
    }

    private void FreeFrom(int first)
    {
        for (int i = first; i < _chunks.Count; i++)
        {
            LargePages.Free((void*)_chunks[i].Pointer, _chunks[i].Bytes);
        }

        _chunks.RemoveRange(first, _chunks.Count - first);
    }
}
