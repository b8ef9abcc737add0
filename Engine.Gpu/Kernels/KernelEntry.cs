using System.Runtime.ExceptionServices;

namespace Engine.Gpu;

/// <summary>A kernel that is there or on its way: whoever comes first makes it, a thread of the pool or the one that waits for it.</summary>
internal abstract class KernelEntry : IThreadPoolWorkItem
{
    private readonly ManualResetEventSlim _finished = new();
    private volatile CompiledKernel? _kernel;
    private ExceptionDispatchInfo? _failure;
    private int _taken;

    /// <summary>The kernel, or null while it is not there.</summary>
    public CompiledKernel? Kernel => _kernel;

    /// <summary>Whether <see cref="Wait"/> returns, or throws, at once.</summary>
    public bool IsFinished => _kernel is not null || _finished.IsSet;

    /// <summary>The kernel; made here if nobody has begun with it.</summary>
    /// <exception cref="KernelCompilationException">The driver refused it.</exception>
    public CompiledKernel Wait()
    {
        if (_kernel is { } kernel)
        {
            return kernel;
        }

        MakeOnce();
        _finished.Wait();
        _failure?.Throw();
        return _kernel!;
    }

    /// <summary>Makes the kernel on a thread of the pool, unless somebody else does.</summary>
    public void Execute()
    {
        if (BackgroundCompilers.Shared.TryEnter())
        {
            MakeOnce();
            BackgroundCompilers.Shared.Leave();
        }
    }

    /// <summary>Sees to it that nobody begins with it any more, and waits for whoever has.</summary>
    public void Abandon()
    {
        if (Interlocked.Exchange(ref _taken, 1) == 0)
        {
            _failure = ExceptionDispatchInfo.Capture(new ObjectDisposedException(nameof(GpuDevice)));
            _finished.Set();
        }

        _finished.Wait();
    }

    /// <summary>Builds and compiles it, or finds it on the disk.</summary>
    protected abstract CompiledKernel Make();

    private void MakeOnce()
    {
        if (Interlocked.Exchange(ref _taken, 1) != 0)
        {
            return;
        }

        try
        {
            _kernel = Make();
        }
        catch (Exception e)
        {
            // Thrown where the kernel is wanted: nobody listens on a thread of the pool.
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            _finished.Set();
        }
    }
}
