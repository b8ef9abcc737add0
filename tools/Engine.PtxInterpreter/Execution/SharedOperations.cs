using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.PtxInterpreter;

/// <summary>Loads from shared memory; several columns make a vector.</summary>
internal sealed unsafe class LoadShared<TMemory, TRegister>(int[] d, Address address) : Operation
    where TMemory : unmanaged, INumberBase<TMemory>
    where TRegister : unmanaged, INumberBase<TRegister>
{
    private readonly int _bytes = d.Length * sizeof(TMemory);

    /// <inheritdoc/>
    public override AccessPlan? Access => new(address, _bytes, IsShared: true);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        SharedMemory shared = block.Shared;
        byte* frame = block.Frame;
        int* list = block.List;
        int start = block.Start;
        int count = block.Count;
        byte* addresses = frame + address.Slot;
        bool isNarrow = address.IsNarrow;
        ulong offset = (ulong)address.Offset;
        byte* memory = shared.Bytes;
        uint* writers = shared.Writers;
        uint* readers = shared.Readers;
        uint first = shared.FirstEntry;
        int shift = shared.Shift;
        int granules = shared.IsCareful ? 0 : _bytes >> shift;
        ulong size = (ulong)shared.Size;
        ulong bytes = (ulong)_bytes;
        TRegister* to = (TRegister*)(frame + d[0]);
        bool isFour = d.Length == 4 && Array.IndexOf(d, -1) < 0;
        TRegister* to1 = isFour ? (TRegister*)(frame + d[1]) : null;
        TRegister* to2 = isFour ? (TRegister*)(frame + d[2]) : null;
        TRegister* to3 = isFour ? (TRegister*)(frame + d[3]) : null;
        for (int j = 0; j < count; j++)
        {
            int i = list == null ? start + j : list[j];
            ulong at = offset + (isNarrow ? ((uint*)addresses)[i] : ((ulong*)addresses)[i]);
            if (at + bytes > size || at > size || (at & (bytes - 1)) != 0 || !SharedMemory.TryRead(writers + (at >> shift), readers + (at >> shift), granules, first, first | (uint)i))
            {
                shared.Read(i, at, _bytes);
            }

            TMemory* from = (TMemory*)(memory + at);
            if (d.Length == 1)
            {
                to[i] = Registers.Extend<TMemory, TRegister>(*from);
                continue;
            }

            if (isFour)
            {
                to[i] = Registers.Extend<TMemory, TRegister>(from[0]);
                to1[i] = Registers.Extend<TMemory, TRegister>(from[1]);
                to2[i] = Registers.Extend<TMemory, TRegister>(from[2]);
                to3[i] = Registers.Extend<TMemory, TRegister>(from[3]);
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

/// <summary>Stores to shared memory; several columns make a vector.</summary>
internal sealed unsafe class StoreShared<TMemory, TRegister>(int[] s, Address address) : Operation
    where TMemory : unmanaged, INumberBase<TMemory>
    where TRegister : unmanaged, INumberBase<TRegister>
{
    private readonly int _bytes = s.Length * sizeof(TMemory);

    /// <inheritdoc/>
    public override AccessPlan? Access => new(address, _bytes, IsShared: true);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        SharedMemory shared = block.Shared;
        byte* frame = block.Frame;
        int* list = block.List;
        int start = block.Start;
        int count = block.Count;
        byte* addresses = frame + address.Slot;
        bool isNarrow = address.IsNarrow;
        ulong offset = (ulong)address.Offset;
        byte* memory = shared.Bytes;
        uint* writers = shared.Writers;
        uint* readers = shared.Readers;
        uint first = shared.FirstEntry;
        int shift = shared.Shift;
        int granules = shared.IsCareful ? 0 : _bytes >> shift;
        ulong size = (ulong)shared.Size;
        ulong bytes = (ulong)_bytes;
        TRegister* from = (TRegister*)(frame + s[0]);
        for (int j = 0; j < count; j++)
        {
            int i = list == null ? start + j : list[j];
            ulong at = offset + (isNarrow ? ((uint*)addresses)[i] : ((ulong*)addresses)[i]);
            if (at + bytes > size || at > size || (at & (bytes - 1)) != 0 || !SharedMemory.TryWrite(writers + (at >> shift), readers + (at >> shift), granules, first, first | (uint)i))
            {
                shared.Write(i, at, _bytes);
            }

            TMemory* to = (TMemory*)(memory + at);
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
