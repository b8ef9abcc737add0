using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.PtxInterpreter;

/// <summary>An address operand: the column of its register and what is added.</summary>
/// <param name="Slot">The column.</param>
/// <param name="IsNarrow">Whether the column has 32 bits, which is enough for shared memory.</param>
/// <param name="Offset">The constant.</param>
internal readonly record struct Address(int Slot, bool IsNarrow, long Offset)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe ulong At(Block block, int thread) =>
        (ulong)Offset + (IsNarrow ? ((uint*)(block.Frame + Slot))[thread] : ((ulong*)(block.Frame + Slot))[thread]);
}

/// <summary>An instruction that touches global memory, with its checks.</summary>
internal abstract unsafe class GlobalOperation(int index, Address address, int bytes) : Operation
{
    protected Address Address { get; } = address;

    protected int Index { get; } = index;

    /// <inheritdoc/>
    public override AccessPlan? Access => new(Address, bytes, IsShared: false);

    /// <summary>The address of one thread after all checks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected byte* Locate(Block block, int thread, bool writes, bool atomic = false)
    {
        ulong address = ((ulong*)(block.Frame + Address.Slot))[thread] + (ulong)Address.Offset;
        MemoryRange* range = block.Ranges + Index;
        if (address - range->Start > range->End - range->Start - (ulong)bytes || range->End == 0 || (address & (ulong)(bytes - 1)) != 0)
        {
            Find(block, thread, address, writes);
        }

        block.Races?.Touch(block, thread, address, bytes, writes, atomic);
        return (byte*)address;
    }

    /// <summary>Where the first byte of an access may lie within the allocation that was touched last, and how many such places there are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected (ulong Low, ulong Span) Window(MemoryRange* range) => (range->Start, range->End == 0 ? 0 : range->End - range->Start - (ulong)bytes + 1);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Find(Block block, int thread, ulong address, bool writes)
    {
        string verb = writes ? "writes" : "reads";
        if (!block.Memory.TryFind(address, (ulong)bytes, out block.Ranges[Index]))
        {
            block.Ranges[Index] = default;
            block.Fault(PtxFaultKind.OutOfBounds, thread, $"{verb} {bytes} bytes of global memory at 0x{address:x}, {block.Memory.Describe(address)}");
        }

        if ((address & (ulong)(bytes - 1)) != 0)
        {
            block.Fault(PtxFaultKind.Misaligned, thread, $"{verb} {bytes} bytes of global memory at 0x{address:x}, which is not a multiple of {bytes}");
        }
    }
}

/// <summary>Loads from global memory; several columns make a vector.</summary>
internal sealed unsafe class LoadGlobal<TMemory, TRegister>(int[] d, int index, Address address) : GlobalOperation(index, address, d.Length * sizeof(TMemory))
    where TMemory : unmanaged, INumberBase<TMemory>
    where TRegister : unmanaged, INumberBase<TRegister>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        byte* frame = block.Frame;
        int* list = block.List;
        int start = block.Start;
        int count = block.Count;
        ulong* addresses = (ulong*)(frame + Address.Slot);
        ulong offset = (ulong)Address.Offset;
        ulong mask = (ulong)(d.Length * sizeof(TMemory)) - 1;
        MemoryRange* range = block.Ranges + Index;
        bool isWatched = block.Races != null;
        (ulong low, ulong span) = Window(range);
        TRegister* to = (TRegister*)(frame + d[0]);
        for (int j = 0; j < count; j++)
        {
            int i = list == null ? start + j : list[j];
            ulong at = addresses[i] + offset;
            if (at - low >= span || (at & mask) != 0 || isWatched)
            {
                Locate(block, i, writes: false);
                (low, span) = Window(range);
            }

            TMemory* from = (TMemory*)at;
            if (d.Length == 1)
            {
                to[i] = Registers.Extend<TMemory, TRegister>(*from);
                continue;
            }

            for (int k = 0; k < d.Length; k++)
            {
                if (d[k] >= 0)
                {
                    ((TRegister*)(frame + d[k]))[i] = Registers.Extend<TMemory, TRegister>(from[k]);
                }
            }
        }
    }
}

/// <summary>Stores to global memory; several columns make a vector.</summary>
internal sealed unsafe class StoreGlobal<TMemory, TRegister>(int[] s, int index, Address address) : GlobalOperation(index, address, s.Length * sizeof(TMemory))
    where TMemory : unmanaged, INumberBase<TMemory>
    where TRegister : unmanaged, INumberBase<TRegister>
{
    /// <inheritdoc/>
    public override bool WritesGlobal => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        byte* frame = block.Frame;
        int* list = block.List;
        int start = block.Start;
        int count = block.Count;
        ulong* addresses = (ulong*)(frame + Address.Slot);
        ulong offset = (ulong)Address.Offset;
        ulong mask = (ulong)(s.Length * sizeof(TMemory)) - 1;
        MemoryRange* range = block.Ranges + Index;
        bool isWatched = block.Races != null;
        (ulong low, ulong span) = Window(range);
        TRegister* from = (TRegister*)(frame + s[0]);
        for (int j = 0; j < count; j++)
        {
            int i = list == null ? start + j : list[j];
            ulong at = addresses[i] + offset;
            if (at - low >= span || (at & mask) != 0 || isWatched)
            {
                Locate(block, i, writes: true);
                (low, span) = Window(range);
            }

            TMemory* to = (TMemory*)at;
            if (s.Length == 1)
            {
                *to = Registers.Cut<TRegister, TMemory>(from[i]);
                continue;
            }

            for (int k = 0; k < s.Length; k++)
            {
                to[k] = Registers.Cut<TRegister, TMemory>(((TRegister*)(frame + s[k]))[i]);
            }
        }
    }
}

/// <summary>Loads a parameter of the launch.</summary>
internal sealed unsafe class LoadParameter<TMemory, TRegister>(int d, int offset) : Operation
    where TMemory : unmanaged, INumberBase<TMemory>
    where TRegister : unmanaged, INumberBase<TRegister>
{
    public override void Execute(Block block)
    {
        TRegister value = Registers.Extend<TMemory, TRegister>(*(TMemory*)(block.Parameters + offset));
        TRegister* to = (TRegister*)(block.Frame + d);
        if (block.List == null)
        {
            new Span<TRegister>(to + block.Start, block.Count).Fill(value);
            return;
        }

        for (int j = 0; j < block.Count; j++)
        {
            to[block.List[j]] = value;
        }
    }
}

/// <summary>Between memory and wider registers.</summary>
internal static class Registers
{
    /// <summary>Extends by the sign of signed types, else by zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TRegister Extend<TMemory, TRegister>(TMemory value)
        where TMemory : unmanaged, INumberBase<TMemory>
        where TRegister : unmanaged, INumberBase<TRegister> =>
        sizeof(TMemory) == sizeof(TRegister) ? Unsafe.BitCast<TMemory, TRegister>(value) : TRegister.CreateTruncating(value);

    /// <summary>Keeps the low bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TMemory Cut<TRegister, TMemory>(TRegister value)
        where TMemory : unmanaged, INumberBase<TMemory>
        where TRegister : unmanaged, INumberBase<TRegister> =>
        sizeof(TMemory) == sizeof(TRegister) ? Unsafe.BitCast<TRegister, TMemory>(value) : TMemory.CreateTruncating(value);
}
