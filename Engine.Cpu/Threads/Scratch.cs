using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Engine.Cpu;

/// <summary>
/// Temporary native memory of the calling thread: a stack of 64-byte aligned blocks that is kept from call to call.
/// </summary>
/// <remarks>
/// Leases end in reverse order of renting, which <c>using</c> guarantees; so nested kernels on one thread never share a block.
/// A block may be handed to other threads for the duration of a parallel loop. Contents are undefined.
/// </remarks>
internal static unsafe class Scratch
{
    /// <summary>Alignment of every block: a cache line, and the width of a 512-bit vector.</summary>
    public const int Alignment = 64;

    [ThreadStatic] private static ScratchStack? t_stack;

    /// <summary>Rents <paramref name="bytes"/> bytes; end the lease with <c>using</c> on the same thread.</summary>
    public static ScratchLease Rent(nint bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return (t_stack ??= new ScratchStack()).Rent(bytes);
    }

    /// <summary>Rents room for <paramref name="count"/> values.</summary>
    public static ScratchLease Rent<T>(nint count) where T : unmanaged => Rent(checked(count * sizeof(T)));
}

/// <summary>A rented block of <see cref="Scratch"/>. Disposing it gives the block back.</summary>
internal readonly unsafe ref struct ScratchLease(ScratchStack stack, byte* pointer, int chunk, nint offset)
{
    /// <summary>First byte; aligned to <see cref="Scratch.Alignment"/>.</summary>
    public byte* Pointer => pointer;

    /// <summary>The block as values of one type.</summary>
    public T* As<T>() where T : unmanaged => (T*)pointer;

    /// <summary>Returns the block.</summary>
    public void Dispose() => stack.Return(pointer, chunk, offset);
}

/// <summary>The chunks of one thread's <see cref="Scratch"/>. Freed by the finalizer once the thread is gone.</summary>
internal sealed unsafe class ScratchStack
{
    /// <summary>The most bytes that an idle thread keeps; a rare large convolution should not pin its buffers for the life of the thread.</summary>
    private const nint RetainedBytes = 64 << 20;

    private readonly List<(nint Pointer, nint Bytes)> _chunks = [];
    private int _chunk;                                 // the chunk that is being filled
    private nint _offset;                               // first free byte in it

    ~ScratchStack() => FreeChunks();

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
        nint held = 0;
        foreach ((nint _, nint size) in _chunks)
        {
            held += size;
        }
        nint wanted = Math.Max(bytes, Math.Min(held, RetainedBytes));
        wanted = checked(wanted + LargePages.PageBytes - 1) & -LargePages.PageBytes;
        try
        {
            _chunks.Add(((nint)LargePages.Allocate(wanted), wanted));
            return true;
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
    }

    /// <summary>With nothing rented: several chunks become one of their total size, so that the next round of the same work fits.</summary>
    private void Settle()
    {
        nint held = 0;
        foreach ((nint _, nint size) in _chunks)
        {
            held += size;
        }
        if (_chunks.Count == 1 && held <= RetainedBytes)
        {
            return;
        }
        FreeChunks();
        // Where there is no memory now, the next round asks for it.
        if (held <= RetainedBytes)
        {
            _ = TryAddChunk(held);
        }
    }

    private void FreeChunks()
    {
        foreach ((nint pointer, nint _) in _chunks)
        {
            NativeMemory.AlignedFree((void*)pointer);
        }
        _chunks.Clear();
    }
}
