namespace Engine.Cpu;

/// <summary>The kernels of the CPU, by theme: one file for each family of operations.</summary>
internal sealed partial class CpuBackend(int threads) : Backend, IDisposable
{
    private readonly WorkerPool _pool = new(threads);

    public int Threads => _pool.Threads;

    public void Dispose() => _pool.Dispose();
}
