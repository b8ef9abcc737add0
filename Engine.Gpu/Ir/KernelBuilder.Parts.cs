namespace Engine.Gpu;

// Kernels as parts of another one: each group of the launch belongs to one of them.
internal sealed partial class KernelBuilder
{
    [ThreadStatic]
    private static KernelBuilder? s_host;

    private KernelBuilder? _host;
    private Place? _place;
    private string _prefix = string.Empty;
    private int _mostSharedBytes;
    private int _parts;

    /// <summary>
    /// Writes another kernel here, in a branch that whole groups take. Its builder, made by <paramref name="build"/>, goes on in this one: names of its parameters begin with
    /// the number of the part, its shared memory takes the place of that of the parts before, and its groups are those that <paramref name="groups"/> counts from 0 on.
    /// </summary>
    /// <param name="group">The group's number among those of the part, Int32.</param>
    /// <param name="groups">How many there are in the first and in the second direction, Int32.</param>
    /// <param name="build">Builds the kernel, for groups of as many work-items.</param>
    public void Part(Value group, (Value X, Value Y) groups, Func<Kernel> build)
    {
        Value y = group / groups.X;
        (_place, _prefix, _state.SharedBytes) = (new Place(group - (y * groups.X), y, groups.X, groups.Y), $"part{_parts}_", 0);
        s_host = this;
        try
        {
            _ = build();
        }
        finally
        {
            s_host = null;
            (_place, _prefix) = (null, string.Empty);
        }
    }

    private State Join(KernelBuilder host)
    {
        if (host._groupSize != _groupSize)
        {
            throw host.Fault($"a part of groups of {_groupSize} work-items among groups of {host._groupSize}");
        }

        (_host, _place, _prefix) = (host, host._place, host._prefix);
        return host._state;
    }

    /// <summary>Takes the end of a part over: its name, the larger shared memory, and the hint of the part that needs most registers.</summary>
    private void Take(KernelBuilder part)
    {
        _name = _parts == 0 ? part._name : $"{_name}_with_{part._name}";
        MinGroupsPerUnit = _parts == 0 ? part.MinGroupsPerUnit : Math.Min(MinGroupsPerUnit, part.MinGroupsPerUnit);
        _mostSharedBytes = Math.Max(_mostSharedBytes, _state.SharedBytes);
        _state.SharedBytes = _mostSharedBytes;
        _parts++;
    }

    /// <summary>Where a group of a part stands among the groups of the part.</summary>
    private sealed record Place(Value X, Value Y, Value CountX, Value CountY);
}
