using System.Numerics;

namespace Engine.PtxInterpreter;

/// <summary>What an access does.</summary>
internal enum MemoryAccess : byte
{
    Read,
    Write,
    Update,
}

/// <summary>An instruction that touches memory of any space, thread by thread: for local memory and generic addresses.</summary>
internal abstract unsafe class PlacedOperation(int index, Address address, MemorySpace space, int bytes) : GlobalOperation(index, address, bytes)
{
    private readonly int _bytes = bytes;

    /// <summary>The place that one thread touches, after all checks of its space.</summary>
    protected byte* Place(Block block, int thread, MemoryAccess access)
    {
        (MemorySpace found, ulong at) = (space, Address.At(block, thread));
        if (space == MemorySpace.Generic)
        {
            (found, at) = GenericWindows.Resolve(at);
        }

        return (found, access) switch
        {
            (MemorySpace.Shared, MemoryAccess.Read) => block.Shared.Read(thread, at, _bytes),
            (MemorySpace.Shared, MemoryAccess.Write) => block.Shared.Write(thread, at, _bytes),
            (MemorySpace.Shared, _) => block.Shared.Update(thread, at, _bytes),
            (MemorySpace.Local, MemoryAccess.Write) => block.Local.Write(thread, at, _bytes),
            (MemorySpace.Local, _) => block.Local.Read(thread, at, _bytes),
            _ => Locate(block, thread, access != MemoryAccess.Read, access == MemoryAccess.Update),
        };
    }
}

/// <summary>Loads from any space; several columns make a vector.</summary>
internal sealed unsafe class LoadPlaced<TMemory, TRegister>(int[] d, int index, Address address, MemorySpace space) : PlacedOperation(index, address, space, d.Length * sizeof(TMemory))
    where TMemory : unmanaged, INumberBase<TMemory>
    where TRegister : unmanaged, INumberBase<TRegister>
{
    public override void Execute(Block block)
    {
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            TMemory* from = (TMemory*)Place(block, i, MemoryAccess.Read);
            for (int k = 0; k < d.Length; k++)
            {
                if (d[k] >= 0)
                {
                    ((TRegister*)(block.Frame + d[k]))[i] = Registers.Extend<TMemory, TRegister>(from[k]);
                }
            }
        }
    }
}

/// <summary>Stores to any space; several columns make a vector.</summary>
internal sealed unsafe class StorePlaced<TMemory, TRegister>(int[] s, int index, Address address, MemorySpace space) : PlacedOperation(index, address, space, s.Length * sizeof(TMemory))
    where TMemory : unmanaged, INumberBase<TMemory>
    where TRegister : unmanaged, INumberBase<TRegister>
{
    public override void Execute(Block block)
    {
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            TMemory* to = (TMemory*)Place(block, i, MemoryAccess.Write);
            for (int k = 0; k < s.Length; k++)
            {
                to[k] = Registers.Cut<TRegister, TMemory>(((TRegister*)(block.Frame + s[k]))[i]);
            }
        }
    }
}

/// <summary>Reads, computes and writes in one step in any space; -1 as the column of the old value where it is not wanted.</summary>
internal sealed unsafe class AtomicPlaced<T, TOp>(int d, int index, Address address, MemorySpace space, int b, int c) : PlacedOperation(index, address, space, sizeof(T))
    where T : unmanaged
    where TOp : struct, IAtomic<T>
{
    public override void Execute(Block block)
    {
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            T old = HostAtomic.Exchange<T, TOp>((T*)Place(block, i, MemoryAccess.Update), ((T*)(block.Frame + b))[i], ((T*)(block.Frame + c))[i]);
            if (d >= 0)
            {
                ((T*)(block.Frame + d))[i] = old;
            }
        }
    }
}
