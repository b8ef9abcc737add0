using System.Runtime.ExceptionServices;

namespace Engine.Gpu;

/// <summary>
/// Keeps the order of a device's work while kernels are still being compiled: a launch whose kernel is not there waits, and so does all
/// that comes after it, so that the kernels of a whole training step are compiled side by side while the host goes on.
/// </summary>
/// <remarks>
/// <para>Whoever wants results waits for the kernels that are missing (<see cref="Drain"/>). With all kernels there, work goes straight to
/// the driver. It does so as well, each launch waiting for its kernel, where somebody else counts on the driver's order: a host that shares
/// the stream, a recording, a trace.</para>
/// <para>What fails in work that waited fails for good: tensors that should hold results do not, so each later use of the device throws
/// the same again.</para>
/// </remarks>
internal sealed class LaunchQueue(GpuDriver driver)
{
    /// <summary>So much waits at most.</summary>
    private const int MostItems = 4096;

    /// <summary>Bytes of uploads that wait at most: the host may change its memory, so they are copied.</summary>
    private const long MostUploadedBytes = 64L << 20;

    // Held by the one who hands work to the driver, which may take as long as a compiler.
    private readonly Lock _issuing = new();
    private readonly Lock _lock = new();
    private readonly Queue<Item> _items = [];
    private readonly bool _isTraced = driver is TracingDriver;
    private long _uploadedBytes;
    private ExceptionDispatchInfo? _failure;
    private LaunchCount? _count;
    private volatile bool _hasItems;
    private volatile bool _isShared;
    private volatile bool _isRecording;

    /// <summary>Whether launches wait for their kernels instead of being put off.</summary>
    public bool IsDirect => _isShared || _isRecording || _isTraced || _count is not null;

    /// <summary>Where launches are counted, if they are.</summary>
    public LaunchCount? Count
    {
        get => _count;
        set
        {
            Drain();
            _count = value;
        }
    }

    /// <summary>Runs a kernel after all work before it.</summary>
    public void Launch(KernelEntry entry, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        if (_hasItems)
        {
            PutOff(entry, grid, arguments);
        }
        else if (entry.Kernel is { } kernel)
        {
            Issue(kernel, grid, arguments);
        }
        else if (IsDirect)
        {
            Issue(entry.Wait(), grid, arguments);
        }
        else
        {
            PutOff(entry, grid, arguments);
        }
    }

    /// <summary>Host to device, after all work before it. The source may be reused when the call returns.</summary>
    public void Upload(ReadOnlySpan<byte> source, nint handle, long offset)
    {
        if (_hasItems && source.Length <= MostUploadedBytes)
        {
            PutOff(source, handle, offset);
            return;
        }

        Drain();
        driver.Upload(source, handle, offset);
    }

    /// <summary>Gives memory back after all work before it. Never throws.</summary>
    public void Free(nint handle)
    {
        if (_hasItems)
        {
            using (Uninterrupted.Hold(_lock))
            {
                if (_items.Count > 0)
                {
                    _items.Enqueue(new Item(null, () => driver.Free(handle), IsRelease: true));
                    return;
                }
            }
        }

        driver.Free(handle);
    }

    /// <summary>Hands all that waits to the driver; waits for kernels, not for the device.</summary>
    public void Drain()
    {
        if (_hasItems)
        {
            Issue(waits: true);
        }
    }

    /// <summary>From here on somebody else counts on the order in which work reaches the driver.</summary>
    public void Share()
    {
        _isShared = true;
        Drain();
    }

    /// <summary>What follows is recorded.</summary>
    public void BeginRecording()
    {
        Drain();
        _isRecording = true;
    }

    /// <summary>What follows is carried out again.</summary>
    public void EndRecording() => _isRecording = false;

    /// <summary>Gives up what waits; returns when no thread uses the driver any more on behalf of it.</summary>
    public void Abandon()
    {
        lock (_issuing)
        {
            Fail(new ObjectDisposedException(nameof(GpuDevice)));
        }
    }

    private void Issue(CompiledKernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        _count?.Add(kernel, arguments);
        driver.Launch(kernel, grid, arguments);
    }

    private void PutOff(KernelEntry entry, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        KernelArgument[] kept = arguments.ToArray();
        PutOff(new Item(entry, () => Issue(entry.Wait(), grid, kept), IsRelease: false), 0);
    }

    private void PutOff(ReadOnlySpan<byte> source, nint handle, long offset)
    {
        byte[] kept = source.ToArray();
        PutOff(new Item(null, () => driver.Upload(kept, handle, offset), IsRelease: false), kept.Length);
    }

    private void PutOff(Item item, int uploadedBytes)
    {
        bool isFull;
        using (Uninterrupted.Hold(_lock))
        {
            _failure?.Throw();
            _items.Enqueue(item);
            _uploadedBytes += uploadedBytes;
            isFull = _items.Count >= MostItems || _uploadedBytes > MostUploadedBytes;
            _hasItems = true;
        }

        // What is ready need not wait for the end of the step.
        Issue(isFull);
    }

    private void Issue(bool waits)
    {
        if (waits)
        {
            _issuing.Enter();
        }
        else if (!_issuing.TryEnter())
        {
            return;
        }

        try
        {
            while (TryPeek(out Item item) && (waits || item.Entry is not { IsFinished: false }))
            {
                item.Work();
                using (Uninterrupted.Hold(_lock))
                {
                    _items.Dequeue();
                }
            }
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }
        finally
        {
            _issuing.Exit();
        }
    }

    private bool TryPeek(out Item item)
    {
        using (Uninterrupted.Hold(_lock))
        {
            _failure?.Throw();
            bool any = _items.TryPeek(out item);
            if (!any)
            {
                // Little will ever wait again.
                _items.TrimExcess();
                _hasItems = false;
                _uploadedBytes = 0;
            }

            return any;
        }
    }

    // Work after the one that failed may need its results: only memory is still given back. From now on nothing takes the short way, and no
    // compiler is at work any more when the driver is disposed.
    private void Fail(Exception e)
    {
        using (Uninterrupted.Hold(_lock))
        {
            _failure ??= ExceptionDispatchInfo.Capture(e);
            _hasItems = true;
            while (_items.TryDequeue(out Item item))
            {
                item.Entry?.Abandon();
                if (item.IsRelease)
                {
                    item.Work();
                }
            }
        }
    }

    /// <summary>Something that waits for its turn.</summary>
    /// <param name="Entry">The kernel that it needs.</param>
    /// <param name="Work">What is to be done.</param>
    /// <param name="IsRelease">Whether it is done in any case.</param>
    private readonly record struct Item(KernelEntry? Entry, Action Work, bool IsRelease);
}
