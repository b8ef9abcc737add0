namespace Engine.Gpu;

/// <summary>
/// Waits until a counter has come to a number. An acquisition, for the whole device, of what the arrivals (<see cref="ArriveStatement"/>) that brought it there released.
/// </summary>
internal sealed class AwaitStatement(Memory counters, Value index, int offset, Value least) : Statement
{
    /// <summary>Int32 counters in global memory.</summary>
    public Memory Counters { get; } = counters;

    /// <summary>In elements, Int32 or Int64.</summary>
    public Value Index { get; } = index;

    /// <summary>Added to the index, in elements.</summary>
    public int Offset { get; } = offset;

    /// <summary>What the counter has to come to, Int32.</summary>
    public Value Least { get; } = least;
}

// Groups that wait for one another, in one launch.
internal sealed partial class KernelBuilder
{
    /// <summary>Shared memory that a multiprocessor of any card has.</summary>
    private const int SharedBytesOfUnit = 64 << 10;

    private bool _meetsGroups;

    /// <summary>
    /// None of <paramref name="groups"/> goes on before all have come here; then each sees all that the others wrote to global memory before. The driver starts such a kernel only
    /// where all groups of the launch run at the same time (<see cref="GpuTarget.MeetingGroups"/> says how many can). All work-items of a group take part, as at a barrier.
    /// </summary>
    /// <remarks>
    /// Each group counts when it comes and again when it goes: the counter cannot fall below the number of groups before all have seen it there, and the last one to go
    /// sets it back to 0.
    /// </remarks>
    /// <param name="counters">Int32 counters, 0 before the launch and after it.</param>
    /// <param name="index">The counter of these groups.</param>
    /// <param name="groups">How many there are, Int32, at least 1 and at most 2³⁰.</param>
    public void Meet(Memory counters, Value index, Value groups)
    {
        if (!Target.HasMeetings)
        {
            throw Fault("a meeting of groups that need not run at the same time");
        }

        if (_host is not null)
        {
            throw Fault("a meeting in a part of a kernel, whose other parts count as groups of the launch too");
        }

        RequireCounters(counters, groups);
        _meetsGroups = true;
        MinGroupsPerUnit = GpuTarget.MeetingGroupsOfUnit(GroupSize);
        Barrier();
        If(LocalId.Is(0), () =>
        {
            (Value start, int offset) = Address(counters, index, 1, null);
            Value last = (groups * 2) - 1;
            Append(new ArriveStatement(counters, start, offset, last, Fresh(Opcode.Read, RegisterType.Int32, -1, isNonNegative: true)));
            Append(new AwaitStatement(counters, start, offset, groups));
            Append(new ArriveStatement(counters, start, offset, last, Fresh(Opcode.Read, RegisterType.Int32, -1, isNonNegative: true)));
        });
        Barrier();
    }

    /// <summary>That as many groups fit on a multiprocessor as are counted on.</summary>
    private void RequireRoomToMeet()
    {
        if (_meetsGroups && (GroupSize > GpuTarget.MeetingItems || _state.SharedBytes * MinGroupsPerUnit > SharedBytesOfUnit))
        {
            throw Fault($"groups of {GroupSize} with {_state.SharedBytes} bytes of shared memory cannot meet: too few fit on a multiprocessor");
        }
    }
}
