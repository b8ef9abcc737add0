namespace Engine.Cpu;

/// <summary>The processor as a device: host memory, vector kernels, a fixed number of threads.</summary>
/// <remarks>
/// Kernels run on the calling thread and its helpers and have finished when a call returns. The same number of threads gives the same bits.
/// </remarks>
public sealed class CpuDevice : HostDevice, IDisposable
{
    private readonly SimdLevel _level = CpuIsa.Level;
    private volatile CpuBackend _backend;

    /// <summary>A CPU device of its own, with its own threads and memory pool.</summary>
    /// <param name="name">The name in messages.</param>
    /// <param name="threads">How many threads its kernels use; the number of processors if left out.</param>
    public CpuDevice(string name = "cpu", int? threads = null)
        : base(name)
    {
        int count = threads ?? DefaultThreads();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count, nameof(threads));
        _backend = new CpuBackend(count, _level);
    }

    /// <summary>A device whose pointwise kernels use vectors of another width than the best one.</summary>
    internal CpuDevice(string name, int threads, SimdLevel level)
        : base(name)
    {
        _level = level;
        _backend = new CpuBackend(threads, level);
    }

    /// <inheritdoc/>
    public override Backend Backend => _backend;

    /// <inheritdoc/>
    public override string Description => $"{CpuIsa.Describe()}, {Threads} {(Threads == 1 ? "thread" : "threads")}";

    /// <summary>How many threads the kernels use. Set it while no kernel runs.</summary>
    public override int Threads
    {
        get => _backend.Threads;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            if (value != _backend.Threads)
            {
                CpuBackend old = _backend;
                _backend = new CpuBackend(value, _level);
                old.Dispose();
            }
        }
    }

    /// <summary>Ends the helper threads.</summary>
    public void Dispose() => _backend.Dispose();

    private static int DefaultThreads() =>
        int.TryParse(Environment.GetEnvironmentVariable("ENGINE_THREADS"), out int threads) && threads > 0 ? threads : Environment.ProcessorCount;
}
