namespace Engine.Gpu;

internal sealed partial class KernelBuilder
{
    // Words of 16 rows by the depth of an instruction that a lane has.
    private const int FragmentWords = 4;

    // Variables that products of warpgroups are adding to.
    private readonly HashSet<int> _underWay = [];
    private int _sharedAlignment = 16;
    private bool _usesWarpgroups;

    /// <summary>An array that the group shares, for factors of warpgroups: it begins at a multiple of <paramref name="alignment"/> bytes.</summary>
    /// <remarks>It must be the first one.</remarks>
    public Memory SharedAligned(string name, DType element, int count, int alignment)
    {
        if (_state.SharedBytes > 0 || alignment < 16 || !int.IsPow2(alignment))
        {
            throw Fault($"'{name}' cannot be aligned to {alignment} bytes");
        }

        _sharedAlignment = alignment;
        return Shared(name, element, count);
    }

    /// <summary>The address of a shared array as matrix descriptors count it: bytes, Int32.</summary>
    public Value SharedAddress(Memory shared)
    {
        RequireWarpgroups(nameof(SharedAddress));
        Value result = Fresh(Opcode.Read, RegisterType.Int32, -1, isNonNegative: true);
        Append(new SharedAddressStatement(shared, result));
        return result;
    }

    /// <summary>What this work-item wrote to shared memory, copies that arrived included, is seen by a product after the next barrier.</summary>
    public void FenceProxy()
    {
        RequireWarpgroups(nameof(FenceProxy));
        Append(new ProxyFenceStatement());
    }

    /// <summary>Orders what was done to registers before the products that follow.</summary>
    public void WarpgroupFence()
    {
        RequireWarpgroups(nameof(WarpgroupFence));
        Flush();
        Append(new WarpgroupFenceStatement());
    }

    /// <summary>Begins sums += A · B; see <see cref="WarpgroupMultiplyStatement"/>. The sums cannot be read or set until <see cref="WarpgroupWait"/> for all groups.</summary>
    public void WarpgroupMultiply(WarpgroupFormat format, Variable[] sums, Value a, Value b, bool aIsAlongRows, bool bIsAlongColumns)
    {
        RequireType(Opcode.Read, a, RegisterType.Int64);
        WarpgroupMultiply(format, sums, [a], b, aIsAlongRows, bIsAlongColumns);
    }

    /// <summary>The same with A in registers, four words a work-item: each warp has 16 rows, as <see cref="LoadMatrix"/> gives them. They stay as they are until the product was waited for.</summary>
    /// <remarks>A fence between what made the words and the product is needed, also where other products are under way.</remarks>
    public void WarpgroupMultiply(WarpgroupFormat format, Variable[] sums, Value[] a, Value b, bool bIsAlongColumns)
    {
        if (a.Length != FragmentWords || Array.Exists(a, static word => word.Type != RegisterType.UInt32))
        {
            throw Fault($"a product of {a.Length} words");
        }

        WarpgroupMultiply(format, sums, a, b, false, bIsAlongColumns);
    }

    private void WarpgroupMultiply(WarpgroupFormat format, Variable[] sums, Value[] a, Value b, bool aIsAlongRows, bool bIsAlongColumns)
    {
        RequireWarpgroups(nameof(WarpgroupMultiply));
        RequireType(Opcode.Read, b, RegisterType.Int64);
        bool isTransposed = aIsAlongRows || bIsAlongColumns;
        if (sums.Length is < 4 or > 128 || sums.Length % 4 != 0 || Array.Exists(sums, static sum => sum.Type != RegisterType.Float32) || (isTransposed && format == WarpgroupFormat.Tf32))
        {
            throw Fault($"a product of {format} of {sums.Length} sums{(isTransposed ? " across the depth" : string.Empty)}");
        }

        Flush();
        foreach (Variable sum in sums)
        {
            _state.Reads.Remove(sum.Number);
            _underWay.Add(sum.Number);
        }

        Append(new WarpgroupMultiplyStatement(format, sums, a, b, aIsAlongRows, bIsAlongColumns));
    }

    /// <summary>Closes a group of products.</summary>
    public void WarpgroupCommit()
    {
        RequireWarpgroups(nameof(WarpgroupCommit));
        Append(new WarpgroupCommitStatement());
    }

    /// <summary>Waits until at most so many groups are under way.</summary>
    public void WarpgroupWait(int groupsInFlight)
    {
        RequireWarpgroups(nameof(WarpgroupWait));
        Append(new WarpgroupWaitStatement(groupsInFlight));
        if (groupsInFlight == 0)
        {
            _underWay.Clear();
        }
    }

    private void RequireArrived(Variable variable)
    {
        if (_underWay.Contains(variable.Number))
        {
            throw Fault("sums are used that a product of the warpgroup is adding to");
        }
    }

    private void RequireWarpgroups(string what)
    {
        if (!Target.HasWarpgroups)
        {
            throw Fault($"{what} needs a CUDA device of compute capability 9.0 and a driver that reads PTX 8.0");
        }

        _usesWarpgroups = true;
    }
}
