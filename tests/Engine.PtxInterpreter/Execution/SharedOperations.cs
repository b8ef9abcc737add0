using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.PtxInterpreter;

/// <summary>Loads from shared memory; several columns make a vector.</summary>
internal sealed unsafe class LoadShared<TMemory, TRegister>(int[] d, Address address) : Operation
    where TMemory : unmanaged, INumberBase<TMemory>
    where TRegister : unmanaged, INumberBase<TRegister>
{
    private readonly int _bytes = d.Length * sizeof(TMemory);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        SharedMemory shared = block.Shared;
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            TMemory* from = (TMemory*)shared.Read(i, address.At(block, i), _bytes);
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

/// <summary>Stores to shared memory; several columns make a vector.</summary>
internal sealed unsafe class StoreShared<TMemory, TRegister>(int[] s, Address address) : Operation
    where TMemory : unmanaged, INumberBase<TMemory>
    where TRegister : unmanaged, INumberBase<TRegister>
{
    private readonly int _bytes = s.Length * sizeof(TMemory);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        SharedMemory shared = block.Shared;
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            TMemory* to = (TMemory*)shared.Write(i, address.At(block, i), _bytes);
            for (int k = 0; k < s.Length; k++)
            {
                to[k] = Registers.Cut<TRegister, TMemory>(((TRegister*)(block.Frame + s[k]))[i]);
            }
        }
    }
}
