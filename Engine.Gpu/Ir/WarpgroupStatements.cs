namespace Engine.Gpu;

/// <summary>The format of the factors that warpgroups multiply; sums are Float32.</summary>
internal enum WarpgroupFormat : byte
{
    /// <summary>Depth 8 an instruction, both factors with neighbours along the depth.</summary>
    Tf32,

    /// <summary>Depth 16 an instruction.</summary>
    Float16,

    /// <summary>Depth 16 an instruction.</summary>
    BFloat16,
}

/// <summary>Reads the address of a shared array: bytes from the beginning of the card's shared memory.</summary>
internal sealed class SharedAddressStatement(Memory memory, Value result) : Statement
{
    /// <summary>The array.</summary>
    public Memory Memory { get; } = memory;

    /// <summary>The address, Int32.</summary>
    public Value Result { get; } = result;
}

/// <summary>What a work-item wrote to shared memory so far will be seen by the units that read it on their own, after a barrier. CUDA, compute capability 9.0.</summary>
internal sealed class ProxyFenceStatement : Statement;

/// <summary>Orders a warpgroup's accesses to registers before the products that follow.</summary>
internal sealed class WarpgroupFenceStatement : Statement;

/// <summary>Begins sums += A · B for 64 rows of a warpgroup: B, and A or not, from shared memory. Nobody may touch the sums or the factors until it was waited for.</summary>
internal sealed class WarpgroupMultiplyStatement(WarpgroupFormat format, Variable[] sums, Value[] a, Value b, bool aIsAlongRows, bool bIsAlongColumns) : Statement
{
    /// <summary>The format.</summary>
    public WarpgroupFormat Format { get; } = format;

    /// <summary>This work-item's part of the sums: half as many as the product has columns.</summary>
    public Variable[] Sums { get; } = sums;

    /// <summary>The matrix descriptor of A, Int64; or four words, this work-item's part of A as a matrix load gives it to a warp of 16 rows.</summary>
    public Value[] A { get; } = a;

    /// <summary>Whether A comes from registers.</summary>
    public bool IsAInRegisters => A.Length > 1;

    /// <summary>The matrix descriptor of B, Int64.</summary>
    public Value B { get; } = b;

    /// <summary>Whether neighbours of A in memory are neighbouring rows, else along the depth.</summary>
    public bool AIsAlongRows { get; } = aIsAlongRows;

    /// <summary>Whether neighbours of B in memory are neighbouring columns, else along the depth.</summary>
    public bool BIsAlongColumns { get; } = bIsAlongColumns;
}

/// <summary>Closes a group of a warpgroup's products.</summary>
internal sealed class WarpgroupCommitStatement : Statement;

/// <summary>Waits until at most so many groups of a warpgroup's products are under way.</summary>
internal sealed class WarpgroupWaitStatement(int groupsInFlight) : Statement
{
    /// <summary>How many may still be under way.</summary>
    public int GroupsInFlight { get; } = groupsInFlight;
}
