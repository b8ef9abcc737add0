namespace Engine.Gpu;

/// <summary>
/// Counts a group that arrives: result = what the counter was, and the counter goes on by one or, from <see cref="Last"/>, back to 0. A release of all that the
/// work-item has written or seen written, and an acquisition of what those that arrived before released, for the whole device.
/// </summary>
internal sealed class ArriveStatement(Memory counters, Value index, int offset, Value last, Value result) : Statement
{
    /// <summary>Int32 counters in global memory, all 0 before the launch.</summary>
    public Memory Counters { get; } = counters;

    /// <summary>In elements, Int32 or Int64.</summary>
    public Value Index { get; } = index;

    /// <summary>Added to the index, in elements.</summary>
    public int Offset { get; } = offset;

    /// <summary>How many others there are, Int32: what the counter is when the last one comes.</summary>
    public Value Last { get; } = last;

    /// <summary>How many were there before, Int32.</summary>
    public Value Result { get; } = result;
}

// Work that the last group of several does, in one launch.
internal sealed partial class KernelBuilder
{
    /// <summary>Bytes of shared memory that <see cref="IsLastGroup"/> takes.</summary>
    public const int LastGroupBytes = 16;

    private Memory? _isLast;

    /// <summary>
    /// Whether this group is the last of <paramref name="groups"/> to come here. It sees all that the others wrote to global memory before; which one is the last changes
    /// from launch to launch, so that results must not depend on it. All work-items of the group take part, as at a barrier.
    /// </summary>
    /// <param name="counters">Int32 counters, 0 before the launch and after it.</param>
    /// <param name="index">The counter of these groups.</param>
    /// <param name="groups">How many there are, Int32, at least 1.</param>
    public Value IsLastGroup(Memory counters, Value index, Value groups)
    {
        if (!Target.HasLastGroup)
        {
            throw Fault("a last group on a device whose groups cannot see each other's results");
        }

        RequireCounters(counters, groups);
        _isLast ??= Shared("is_last", DType.Int32, 1);
        Barrier();
        If(LocalId.Is(0), () =>
        {
            (Value start, int offset) = Address(counters, index, 1, null);
            Value last = groups - 1, before = Fresh(Opcode.Read, RegisterType.Int32, -1, isNonNegative: true);
            Append(new ArriveStatement(counters, start, offset, last, before));
            Store(_isLast, Int32(0), Select(before.Is(last), Int32(1), Int32(0)));
        });
        Barrier();
        return Load(_isLast, Int32(0)).Is(1);
    }

    private void RequireCounters(Memory counters, Value groups)
    {
        if (counters.IsShared || counters.IsReadOnly || counters.Element != DType.Int32)
        {
            throw Fault($"{counters.Name} counts no groups");
        }

        RequireType(Opcode.Equal, groups, RegisterType.Int32);
    }
}
