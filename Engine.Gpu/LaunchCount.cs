namespace Engine.Gpu;

/// <summary>The launches of a device while this counted; <see cref="GpuDevice.CountLaunches"/> begins.</summary>
internal sealed class LaunchCount : IDisposable
{
    private readonly Action<LaunchCount> _end;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _kernels = [];
    private readonly List<(string Name, long Bytes, int Registers)> _launches = [];

    internal LaunchCount(Action<LaunchCount> end) => _end = end;

    /// <summary>By kernel, the most frequent first.</summary>
    public IReadOnlyList<Entry> Kernels
    {
        get
        {
            lock (_lock)
            {
                return [.. _kernels.Values.OrderByDescending(static entry => entry.Launches).ThenBy(static entry => entry.Name, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Each launch in order: the kernel, the bytes of its operands, and the registers of a work-item (0 where the driver does not tell).</summary>
    public IReadOnlyList<(string Name, long Bytes, int Registers)> Launches
    {
        get
        {
            lock (_lock)
            {
                return [.. _launches];
            }
        }
    }

    /// <summary>Ends the counting.</summary>
    public void Dispose() => _end(this);

    internal void Add(CompiledKernel kernel, ReadOnlySpan<KernelArgument> arguments)
    {
        long bytes = 0;
        foreach (KernelArgument argument in arguments)
        {
            bytes += argument.OperandBytes;
        }

        lock (_lock)
        {
            string name = kernel.Source.Name;
            _launches.Add((name, bytes, kernel.Registers));
            Entry before = _kernels.GetValueOrDefault(name) ?? new Entry(name, 0, 0, 0, 0);
            _kernels[name] = before with
            {
                Launches = before.Launches + 1,
                Bytes = before.Bytes + bytes,
                Lines = Math.Max(before.Lines, kernel.Source.Lines),
                Registers = Math.Max(before.Registers, kernel.Registers),
            };
        }
    }

    /// <summary>One kernel's launches.</summary>
    /// <param name="Name">The kernel.</param>
    /// <param name="Launches">How often it ran.</param>
    /// <param name="Bytes">The bytes of its operands together, each operand counted once a launch.</param>
    /// <param name="Lines">Lines of its longest text: in PTX about its instructions, loops not unrolled by the driver.</param>
    /// <param name="Registers">Most registers of a work-item; 0 where the driver does not tell.</param>
    internal sealed record Entry(string Name, int Launches, long Bytes, int Lines, int Registers);
}
