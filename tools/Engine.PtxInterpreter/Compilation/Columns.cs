namespace Engine.PtxInterpreter;

/// <summary>Gives registers, constants and special registers their columns.</summary>
internal sealed class Columns
{
    private readonly int _threads;
    private readonly int[] _registers;
    private readonly Dictionary<(int Bytes, ulong Bits), int> _constantSlots = [];

    public Columns(PtxKernel kernel, BlockShape group)
    {
        // Whole warps, since instructions of warps touch all of their lanes.
        _threads = (group.Threads + WarpOperation.Size - 1) / WarpOperation.Size * WarpOperation.Size;
        _registers = new int[kernel.Registers.Count];
        Array.Fill(_registers, -1);
    }

    /// <summary>Bytes of all columns.</summary>
    public int Bytes { get; private set; }

    public List<(int Slot, int Bytes, ulong Bits)> Constants { get; } = [];

    public Dictionary<string, int> Special { get; } = [];

    /// <summary>A new column.</summary>
    public int Allocate(int bytes)
    {
        int slot = Bytes;
        Bytes = checked(Bytes + ((bytes * _threads) + 63) / 64 * 64);
        return slot;
    }

    /// <summary>The column of a register, which exists from its first use on.</summary>
    public int Of(PtxRegister register)
    {
        ref int slot = ref _registers[register.Index];
        if (slot < 0)
        {
            slot = Allocate(register.Type.Bytes());
        }

        return slot;
    }

    /// <summary>The column of a constant.</summary>
    public int Constant(int bytes, ulong bits)
    {
        if (!_constantSlots.TryGetValue((bytes, bits), out int slot))
        {
            slot = Allocate(bytes);
            _constantSlots.Add((bytes, bits), slot);
            Constants.Add((slot, bytes, bits));
        }

        return slot;
    }

    /// <summary>The column of a special register.</summary>
    public int OfSpecial(string name)
    {
        if (!Special.TryGetValue(name, out int slot))
        {
            slot = Allocate(4);
            Special.Add(name, slot);
        }

        return slot;
    }
}

/// <summary>The registers that an instruction reads and writes.</summary>
internal sealed class RegisterUse
{
    public List<PtxRegister> Reads { get; } = [];

    public List<PtxRegister> Writes { get; } = [];
}
