namespace Engine.Gpu;

/// <summary>Several kernels in one launch: the first groups carry out the first, the next ones the second, and so on. None may rely on another's results.</summary>
internal readonly record struct PartsKernel(PartList Parts) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        IKernelDefinition[] parts = Parts.Definitions;
        KernelBuilder k = new("parts", target, Parts.GroupSize);
        var ends = new Value[parts.Length];
        var groups = new (Value X, Value Y)[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            (ends[i], groups[i]) = (k.Size($"end{i}"), (k.Size($"across{i}"), k.Size($"down{i}")));
        }

        Value group = k.GroupX;
        void Write(int i)
        {
            void Part() => k.Part(i == 0 ? group : group - ends[i - 1], groups[i], () => parts[i].Build(target));
            if (i == parts.Length - 1)
            {
                Part();
            }
            else
            {
                k.If(group < ends[i], Part, () => Write(i + 1), uniform: true);
            }
        }

        Write(0);
        return k.Build();
    }

    /// <summary>Adds the arguments of the parts' grids; the parts' own arguments follow in order.</summary>
    public static LaunchGrid Bind(ref ArgumentList arguments, ReadOnlySpan<LaunchGrid> grids)
    {
        int end = 0;
        foreach (LaunchGrid grid in grids)
        {
            end = checked(end + (grid.X * grid.Y));
            arguments.Add(end);
            arguments.Add(grid.X);
            arguments.Add(grid.Y);
        }

        return new LaunchGrid(end);
    }
}

/// <summary>Definitions as a key: two lists of equal ones are equal.</summary>
internal sealed class PartList(IKernelDefinition[] definitions, int groupSize) : IEquatable<PartList>
{
    /// <summary>In the order of the groups.</summary>
    public IKernelDefinition[] Definitions => definitions;

    /// <summary>Work-items of each group, in all of them.</summary>
    public int GroupSize => groupSize;

    /// <inheritdoc/>
    public bool Equals(PartList? other) => other is not null && groupSize == other.GroupSize && definitions.AsSpan().SequenceEqual(other.Definitions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PartList);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (IKernelDefinition definition in definitions)
        {
            hash.Add(definition);
        }

        return hash.ToHashCode();
    }
}
