using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.PtxInterpreter;

internal interface IAtomic<T>
{
    /// <summary>The new value from the old one and the operands.</summary>
    static abstract T Apply(T old, T b, T c);
}

internal readonly struct AtomicAdd<T> : IAtomic<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T old, T b, T c) => old + b;
}

/// <summary>One more, and 0 after b.</summary>
internal readonly struct AtomicIncrement : IAtomic<uint>
{
    public static uint Apply(uint old, uint b, uint c) => old >= b ? 0 : old + 1;
}

internal readonly struct AtomicMinimum<T> : IAtomic<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T old, T b, T c) => T.Min(old, b);
}

internal readonly struct AtomicMaximum<T> : IAtomic<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T old, T b, T c) => T.Max(old, b);
}

internal readonly struct AtomicAnd<T> : IAtomic<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T old, T b, T c) => old & b;
}

internal readonly struct AtomicOr<T> : IAtomic<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T old, T b, T c) => old | b;
}

internal readonly struct AtomicXor<T> : IAtomic<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T old, T b, T c) => old ^ b;
}

internal readonly struct AtomicExchange<T> : IAtomic<T>
    where T : unmanaged
{
    public static T Apply(T old, T b, T c) => b;
}

/// <summary>c takes the place of the old value where that equals b, bit for bit.</summary>
internal readonly struct AtomicCompareExchange<T> : IAtomic<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T old, T b, T c) => old == b ? c : old;
}

/// <summary>Reads, computes and writes in one step; -1 as the column of the old value where it is not wanted.</summary>
/// <remarks>Where races are watched, an order for the device (<paramref name="acquires"/>, <paramref name="releases"/>) is remembered.</remarks>
internal sealed unsafe class AtomicGlobal<T, TOp>(int d, int index, Address address, int b, int c, bool acquires, bool releases) : GlobalOperation(index, address, sizeof(T))
    where T : unmanaged
    where TOp : struct, IAtomic<T>
{
    /// <inheritdoc/>
    public override bool WritesGlobal => true;

    public override void Execute(Block block)
    {
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            T* place = (T*)Locate(block, i, writes: true, atomic: true);
            T value = ((T*)(block.Frame + b))[i];
            T other = ((T*)(block.Frame + c))[i];
            T old = HostAtomic.Exchange<T, TOp>(place, value, other);
            if (d >= 0)
            {
                ((T*)(block.Frame + d))[i] = old;
            }

            block.Races?.Synchronize(block, i, (ulong)place, acquires, releases);
        }
    }
}

/// <summary>
/// Reads a word that other blocks change, and acquires for the device what they released. Where all blocks of the launch run at the same time the block lets the others go on after it.
/// A block that stands for many in a sample waits for nobody: it reads the largest number.
/// </summary>
internal sealed unsafe class LoadAcquired(int d, int index, Address address) : GlobalOperation(index, address, sizeof(uint))
{
    public override void Execute(Block block)
    {
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            uint* place = (uint*)Locate(block, i, writes: false, atomic: true);
            ((uint*)(block.Frame + d))[i] = block.Sample == null ? Volatile.Read(ref *place) : uint.MaxValue;
            block.Races?.Synchronize(block, i, (ulong)place, acquires: true, releases: false);
        }

        block.Yield();
    }
}

/// <summary>An atomic step between threads of the host, on which blocks run.</summary>
internal static unsafe class HostAtomic
{
    /// <summary>Puts the new value into its place.</summary>
    /// <returns>The old one.</returns>
    public static T Exchange<T, TOp>(T* place, T value, T other)
        where T : unmanaged
        where TOp : struct, IAtomic<T> => sizeof(T) == 4 ? Exchange32<T, TOp>(place, value, other) : Exchange64<T, TOp>(place, value, other);

    private static T Exchange32<T, TOp>(T* place, T value, T other)
        where T : unmanaged
        where TOp : struct, IAtomic<T>
    {
        uint old = Volatile.Read(ref *(uint*)place);
        while (true)
        {
            uint wanted = Unsafe.BitCast<T, uint>(TOp.Apply(Unsafe.BitCast<uint, T>(old), value, other));
            uint found = Interlocked.CompareExchange(ref *(uint*)place, wanted, old);
            if (found == old)
            {
                return Unsafe.BitCast<uint, T>(old);
            }

            old = found;
        }
    }

    private static T Exchange64<T, TOp>(T* place, T value, T other)
        where T : unmanaged
        where TOp : struct, IAtomic<T>
    {
        ulong old = Volatile.Read(ref *(ulong*)place);
        while (true)
        {
            ulong wanted = Unsafe.BitCast<T, ulong>(TOp.Apply(Unsafe.BitCast<ulong, T>(old), value, other));
            ulong found = Interlocked.CompareExchange(ref *(ulong*)place, wanted, old);
            if (found == old)
            {
                return Unsafe.BitCast<ulong, T>(old);
            }

            old = found;
        }
    }
}

/// <summary>The same in shared memory, which only one thread of the host touches.</summary>
internal sealed unsafe class AtomicShared<T, TOp>(int d, Address address, int b, int c) : Operation
    where T : unmanaged
    where TOp : struct, IAtomic<T>
{
    public override void Execute(Block block)
    {
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            T* place = (T*)block.Shared.Update(i, address.At(block, i), sizeof(T));
            T old = *place;
            *place = TOp.Apply(old, ((T*)(block.Frame + b))[i], ((T*)(block.Frame + c))[i]);
            if (d >= 0)
            {
                ((T*)(block.Frame + d))[i] = old;
            }
        }
    }
}
