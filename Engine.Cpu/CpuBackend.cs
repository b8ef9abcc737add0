namespace Engine.Cpu;

/// <summary>The kernels of the CPU, by theme: one file for each family of operations.</summary>
/// <param name="threads">Number of threads, the caller's included.</param>
/// <param name="level">The vectors that pointwise programs and reductions use; tests run every width in one process.</param>
internal sealed partial class CpuBackend(int threads, SimdLevel level) : Backend, IDisposable
{
    private readonly WorkerPool _pool = new(threads);
    private readonly SimdLevel _level = level;

    public int Threads => _pool.Threads;

    /// <inheritdoc/>
    public override bool ComputesOnParts => true;

    /// <summary>Threads that wait for work hold their pool, but not the backend: with it they end.</summary>
    ~CpuBackend() => _pool?.Abandon();

    /// <summary>A loop over work that is not the backend's own, on its threads.</summary>
    public void RunParts(int parts, Action<int> part)
    {
        ForeignLoop body = new(part);
        _pool.Run(parts, ref body);
    }

    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }

    private readonly struct ForeignLoop(Action<int> part) : IParallelBody
    {
        public void Run(int index, int worker) => part(index);
    }
}
