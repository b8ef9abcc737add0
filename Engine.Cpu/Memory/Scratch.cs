namespace Engine.Cpu;

/// <summary>
/// Temporary native memory of the calling thread: a stack of 64-byte aligned blocks. A small one is kept from call to call, large ones are
/// shared with the other threads while nobody rents them.
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
        return (t_stack ??= new ScratchStack(IdleChunks.Shared)).Rent(bytes);
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
