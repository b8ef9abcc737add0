using System.Collections.Concurrent;

namespace Engine.PtxInterpreter;

/// <summary>A kernel, compiled for the interpreter.</summary>
internal sealed unsafe class KernelProgram
{
    private readonly ConcurrentBag<Block> _blocks = [];

    public required string Name { get; init; }

    /// <summary>The shape of the blocks that it was compiled for.</summary>
    public required BlockShape Group { get; init; }

    public int GroupSize => Group.Threads;

    public required Operation[] Operations { get; init; }

    /// <summary>Bytes of all columns of registers and constants.</summary>
    public required int FrameBytes { get; init; }

    /// <summary>Shared memory that the text declares.</summary>
    public required int SharedBytes { get; init; }

    /// <summary>The smallest access to shared memory in bytes.</summary>
    public required int SharedGranule { get; init; }

    /// <summary>Variables of each thread.</summary>
    public required IReadOnlyList<PtxLocal> Locals { get; init; }

    /// <summary>Whether warps wait for themselves, which then orders accesses to shared memory.</summary>
    public required bool HasWarpBarriers { get; init; }

    /// <summary>Whether warpgroups multiply, which read shared memory on their own.</summary>
    public required bool HasWarpgroups { get; init; }

    /// <summary>Instructions that touch global memory.</summary>
    public required int MemoryOperations { get; init; }

    /// <summary>Columns of marks: which threads have written a register.</summary>
    public required int[] TrackedSlots { get; init; }

    /// <summary>Columns of constants, bytes of an entry, and the constant.</summary>
    public required IReadOnlyList<(int Slot, int Bytes, ulong Bits)> Constants { get; init; }

    public required IReadOnlyDictionary<string, int> SpecialSlots { get; init; }

    public required IReadOnlyList<PtxParameter> Parameters { get; init; }

    public required int ParameterBytes { get; init; }

    /// <summary>32-bit registers that the text declares: what the driver is told when it asks.</summary>
    public required int Registers { get; init; }

    /// <summary>The column of a special register, or -1 if the kernel does not read it.</summary>
    public int SpecialSlot(string name) => SpecialSlots.GetValueOrDefault(name, -1);

    /// <summary>Writes the columns that never change.</summary>
    public void FillConstants(byte* frame)
    {
        foreach ((int slot, int bytes, ulong bits) in Constants)
        {
            for (int i = 0; i < GroupSize; i++)
            {
                switch (bytes)
                {
                    case 1:
                        frame[slot + i] = (byte)bits;
                        break;
                    case 2:
                        ((ushort*)(frame + slot))[i] = (ushort)bits;
                        break;
                    case 4:
                        ((uint*)(frame + slot))[i] = (uint)bits;
                        break;
                    default:
                        ((ulong*)(frame + slot))[i] = bits;
                        break;
                }
            }
        }

        for (int i = 0; i < GroupSize; i++)
        {
            Set("%tid.x", i, i % Group.X);
            Set("%tid.y", i, i / Group.X % Group.Y);
            Set("%tid.z", i, i / (Group.X * Group.Y));
            Set("%ntid.x", i, Group.X);
            Set("%ntid.y", i, Group.Y);
            Set("%ntid.z", i, Group.Z);
            Set("%laneid", i, i % WarpOperation.Size);
            Set("%warpid", i, i / WarpOperation.Size);
        }

        void Set(string name, int thread, int value)
        {
            if (SpecialSlots.TryGetValue(name, out int slot))
            {
                ((int*)(frame + slot))[thread] = value;
            }
        }
    }

    public Block RentBlock() => _blocks.TryTake(out Block? block) ? block : new Block(this);

    public void ReturnBlock(Block block)
    {
        _blocks.Add(block);
        RecentPrograms.Add(this);
    }

    /// <summary>Frees what blocks keep between launches.</summary>
    public void Clear()
    {
        while (_blocks.TryTake(out Block? block))
        {
            block.Dispose();
        }
    }
}
