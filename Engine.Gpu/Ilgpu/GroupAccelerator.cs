using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime.CPU;

namespace Engine.Gpu;

/// <summary>
/// ILGPU's CPU accelerator for groups of up to a number of work-items, each of which is a thread. It is made at the first launch and its threads
/// end some time after the last; they never keep the process alive.
/// </summary>
internal sealed class GroupAccelerator
{
    /// <summary>How long the threads wait for another launch. A thousand that sleep cost some tens of megabytes.</summary>
    public const int IdleMilliseconds = 10_000;

    private static Context? s_context;
    private static object? s_contextGate;
    private static bool s_hasContext;

    private readonly object _running = new();
    private readonly int _maxGroupSize;
    private readonly Timer _idle;
    private CPUAccelerator? _accelerator;
    private GroupBarriers? _barriers;

    /// <param name="maxGroupSize">A power of two of at least <see cref="GroupBarriers.WarpSize"/>.</param>
    public GroupAccelerator(int maxGroupSize)
    {
        _maxGroupSize = maxGroupSize;
        _idle = new Timer(static state => ((GroupAccelerator)state!).EndIfIdle(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>Whether the threads are there.</summary>
    public bool IsAlive => Volatile.Read(ref _accelerator) is not null;

    /// <summary>Runs a kernel and returns when all work-items have ended. One launch at a time; others wait.</summary>
    public void Run(in KernelConfig config, Action kernel, string name, int idleMilliseconds)
    {
        Exception? failure = null;
        bool interrupted;
        lock (_running)
        {
            // A thread of its own: an interruption of the accelerator's wait would leave work-items that still write the operands. The accelerator
            // also makes itself the current one of the thread that creates it.
            KernelConfig launched = config;
            Thread thread = new(() => failure = Launch(launched, kernel, name)) { IsBackground = true, Name = $"kernel {name}" };
            try
            {
                thread.UnsafeStart();
            }
            catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
            {
                throw NotLaunched(config, name, e);
            }

            interrupted = Uninterrupted.Join(thread);
            _ = _idle.Change(idleMilliseconds, Timeout.Infinite);
        }

        if (failure is not null)
        {
            // The next wait of this thread hears of it.
            if (interrupted)
            {
                Thread.CurrentThread.Interrupt();
            }

            throw failure;
        }

        if (interrupted)
        {
            throw new ThreadInterruptedException("The thread was interrupted while it waited for the work-items of a kernel. They have finished; the result is complete.");
        }
    }

    /// <summary>Nothing is compiled in it, so that it stays good for the life of the process.</summary>
    private static Context SharedContext()
        => LazyInitializer.EnsureInitialized(ref s_context, ref s_hasContext, ref s_contextGate, () => Context.Create(builder => builder.CPU(new CPUDevice(GroupBarriers.WarpSize, 1, 1))))!;

    private KernelExecutionException? Launch(in KernelConfig config, Action kernel, string name)
    {
        try
        {
            _accelerator ??= new CPUDevice(GroupBarriers.WarpSize, _maxGroupSize / GroupBarriers.WarpSize, 1).CreateCPUAccelerator(SharedContext(), CPUAcceleratorMode.Parallel);
            _barriers ??= new GroupBarriers(_accelerator);
            using GroupLaunch launch = new(_barriers, config.GroupDim.Size, kernel, name);
            RuntimeKernelConfig runtime = new(config, new SharedMemorySpecification(0, hasDynamicMemory: true));
            _barriers.Launch(new CPUAcceleratorTask(launch.RunWorkItem, config, runtime));
            return launch.Failure;
        }
        catch (Exception e)
        {
            // Some of the threads may have started and others not; the next launch begins anew.
            End();
            return NotLaunched(config, name, e);
        }
    }

    private static KernelExecutionException NotLaunched(in KernelConfig config, string name, Exception e)
        => new($"Kernel {name} could not be launched in groups of {config.GroupDim.Size} work-items, which are as many threads on the host: {e.Message}", e);

    private void EndIfIdle()
    {
        // A launch that runs sets the timer again when it ends.
        if (!Monitor.TryEnter(_running))
        {
            return;
        }

        try
        {
            End();
        }
        finally
        {
            Monitor.Exit(_running);
        }
    }

    private void End()
    {
        CPUAccelerator? accelerator = _accelerator;
        _accelerator = null;
        _barriers = null;
        try
        {
            accelerator?.Dispose();
        }
        catch (Exception)
        {
            // Its threads are background threads that wait; they get no more work.
        }
    }
}
