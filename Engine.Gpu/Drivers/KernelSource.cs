namespace Engine.Gpu;

/// <summary>A kernel as text, ready for a driver.</summary>
/// <param name="Name">The entry point.</param>
/// <param name="Text">PTX or OpenCL C.</param>
/// <param name="GroupSize">Work-items of a group, fixed when the kernel was built; in one direction unless <see cref="Group"/> says otherwise.</param>
/// <param name="SharedBytes">Shared memory that has to be asked for at the launch; 0 where the text declares it.</param>
internal sealed record KernelSource(string Name, string Text, int GroupSize, int SharedBytes)
{
    private string _text = Text;

    /// <summary>PTX or OpenCL C; empty after <see cref="ForgetText"/>.</summary>
    public string Text { get => _text; init => _text = value; }

    /// <summary>Lines of the text.</summary>
    public int Lines => field == 0 ? field = Text.AsSpan().Count('\n') : field;

    /// <summary>The shape of a group.</summary>
    public GroupShape Group { get => field.Size == GroupSize ? field : new GroupShape(GroupSize); init; }

    /// <summary>Whether shared memory comes with the launch as a parameter.</summary>
    public bool TakesSharedMemory { get; init; }

    /// <summary>Whether the text needs pointers that may lead to any kind of memory, which OpenCL C has from 2.0 on.</summary>
    public bool NeedsGenericPointers { get; init; }

    /// <summary>Work-items of a sub-group that the text counts on; 0 where it has no shuffles.</summary>
    public int SubGroupSize { get; init; }

    /// <summary>Whether the text asks for sub-groups of that size.</summary>
    public bool RequiresSubGroupSize { get; init; }

    /// <summary>The option for the version of OpenCL C that the text needs; null for 1.2.</summary>
    public string? Language { get; init; }

    /// <summary>The same kernel without shuffles, for a driver that makes sub-groups of another size of it. It takes no part in comparisons of sources.</summary>
    public Func<KernelSource>? WithoutSubGroups { get; init; }

    /// <summary>Whether the text needs atomics that order memory for the whole device, which OpenCL C has from 2.0 on.</summary>
    public bool NeedsDeviceScope { get; init; }

    /// <summary>Whether groups wait for one another, so that all of a launch have to run at the same time.</summary>
    public bool MeetsGroups { get; init; }

    /// <summary>The parameters; null for a text that no builder wrote.</summary>
    public KernelSignature? Signature { get; init; }

    /// <summary>Gives the text's memory back: a kernel that is there needs it no more, and it is some 100 kB.</summary>
    public void ForgetText()
    {
        _ = Lines;
        _text = "";
    }
}

/// <summary>The work-items of a group in each direction.</summary>
internal readonly record struct GroupShape(int X, int Y = 1, int Z = 1)
{
    /// <summary>All of them.</summary>
    public long Size => (long)X * Y * Z;
}

/// <summary>A kernel that a driver has loaded.</summary>
internal abstract class CompiledKernel(KernelSource source)
{
    /// <summary>The source that it was compiled from.</summary>
    public KernelSource Source { get; } = source;

    /// <summary>Registers of a work-item; 0 where the driver does not tell.</summary>
    public virtual int Registers => 0;

    /// <summary>Bytes of a work-item's registers that had to move to memory; 0 where the driver does not tell.</summary>
    public virtual int LocalBytes => 0;
}

/// <summary>The number of groups in each direction.</summary>
internal readonly record struct LaunchGrid(int X, int Y = 1, int Z = 1);
