using System.Runtime.ExceptionServices;

namespace Engine.Gpu;

/// <summary>
/// A kernel that is there or under way. The first call that needs it writes its text, so that this call refuses a kernel that the device
/// does not support. A thread of the pool compiles it, or the thread that waits for it, whichever comes first.
/// </summary>
internal abstract class KernelEntry : IThreadPoolWorkItem
{
    private readonly ManualResetEventSlim _finished = new();
    private readonly Lock _writing = new();
    private volatile KernelSource? _source;
    private volatile CompiledKernel? _kernel;
    private ExceptionDispatchInfo? _failure;
    private int _taken;

    /// <summary>The kernel, or null while it is not there.</summary>
    public CompiledKernel? Kernel => _kernel;

    /// <summary>The text, written here if it is not there.</summary>
    /// <exception cref="OperationNotSupportedException">The device lacks a feature that the kernel needs.</exception>
    public KernelSource Source => _source ?? WriteOnce();

    /// <summary>Whether <see cref="Wait"/> returns, or throws, at once.</summary>
    public bool IsFinished => _kernel is not null || _finished.IsSet;

    /// <summary>The kernel; made here if no other thread has begun.</summary>
    /// <exception cref="KernelCompilationException">The driver refused it.</exception>
    public CompiledKernel Wait()
    {
        if (_kernel is { } kernel)
        {
            return kernel;
        }

        MakeOnce();
        WaitUntilFinished();
        _failure?.Throw();
        return _kernel!;
    }

    /// <summary>Makes the kernel on a thread of the pool, unless another thread does.</summary>
    public void Execute()
    {
        if (BackgroundCompilers.Shared.TryEnter())
        {
            MakeOnce();
            BackgroundCompilers.Shared.Leave();
        }
    }

    /// <summary>Refuses a later begin, and waits for a thread that has begun.</summary>
    public void Abandon()
    {
        if (Interlocked.Exchange(ref _taken, 1) == 0)
        {
            _failure = ExceptionDispatchInfo.Capture(new ObjectDisposedException(nameof(GpuDevice)));
            _finished.Set();
        }

        WaitUntilFinished();
    }

    /// <summary>Builds the kernel and renders its text.</summary>
    protected abstract KernelSource Write();

    /// <summary>Compiles it, or finds it on the disk.</summary>
    protected abstract CompiledKernel Make(KernelSource source);

    private KernelSource WriteOnce()
    {
        lock (_writing)
        {
            return _source ??= Write();
        }
    }

    /// <summary>An interruption of the thread is for its own waits: work that others count on is not given up for it.</summary>
    private void WaitUntilFinished()
    {
        bool interrupted = false;
        while (!_finished.IsSet)
        {
            try
            {
                _finished.Wait();
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }

        if (interrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    private void MakeOnce()
    {
        if (Interlocked.Exchange(ref _taken, 1) != 0)
        {
            return;
        }

        try
        {
            _kernel = Make(Source);
        }
        catch (Exception e)
        {
            // Thrown in Wait: nothing catches an exception on a thread of the pool.
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            _finished.Set();
        }
    }
}
