using System.Runtime.ExceptionServices;

namespace Engine.Gpu;

/// <summary>
/// Keeps the order of a device's work while kernels are still being compiled: a launch whose kernel is not there waits, and so does all
/// that comes after it, so that the kernels of a whole training step are compiled side by side while the host goes on.
/// </summary>
/// <remarks>
/// <para>A read of results waits for the missing kernels (<see cref="Drain"/>). With all kernels there, work goes straight to the driver. It
/// does so too, each launch waiting for its kernel, where another party relies on the driver's order: a host that shares the stream, a
/// recording, a trace.</para>
/// <para>The caller of work that waited has already returned when the work fails. Its results become <see cref="FailedResults"/>, and a read
/// of one of them throws the failure. All other work goes on.</para>
/// <para>A recording belongs to the thread that began it. The launches of that thread go straight to the driver, past the waiting work of
/// other threads. It never issues their work, so that no foreign work is recorded.</para>
/// </remarks>
internal sealed class LaunchQueue(GpuDriver driver)
{
    /// <summary>The most items that wait.</summary>
    private const int MostItems = 4096;

    /// <summary>The most bytes of uploads that wait. They are copied, because the host may change its memory.</summary>
    private const long MostUploadedBytes = 64L << 20;

    // Held by the one who hands work to the driver, which may take as long as a compiler.
    private readonly Lock _issuing = new();
    private readonly Lock _lock = new();
    private readonly Queue<Item> _items = [];
    private readonly FailedResults _failed = new();
    private readonly bool _isTraced = driver is TracingDriver;
    private long _uploadedBytes;
    private ExceptionDispatchInfo? _end;
    private LaunchCount? _count;
    private HashSet<long>? _recordedReads;
    private volatile bool _hasItems;
    private volatile bool _isShared;
    private volatile int _recordingThread;

    /// <summary>Whether this thread's launches wait for their kernels instead of being put off.</summary>
    public bool IsDirect => _isShared || _isTraced || _count is not null || IsRecordedHere;

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

    /// <summary>Whether there are results that failed and can still be asked for.</summary>
    public bool HasFailures => _failed.Any;

    /// <summary>Whether some thread's work is recorded.</summary>
    public bool IsRecorded => _recordingThread != 0;

    /// <summary>Whether this thread's work is recorded.</summary>
    public bool IsRecordedHere => _recordingThread is var thread && thread != 0 && thread == Environment.CurrentManagedThreadId;

    /// <summary>Runs a kernel after all work before it.</summary>
    /// <exception cref="EngineException">An operand's own computation failed before, or this launch did.</exception>
    public void Launch(KernelEntry entry, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        LaunchCheck.Verify(entry.Source, arguments);
        if (_hasItems && !IsDirect)
        {
            PutOff(entry, grid, arguments);
            return;
        }

        Drain();
        if (entry.Kernel is { } kernel)
        {
            IssueNow(kernel, grid, arguments);
        }
        else if (IsDirect)
        {
            IssueNow(entry.Wait(), grid, arguments);
        }
        else
        {
            PutOff(entry, grid, arguments);
        }
    }

    /// <summary>Host to device, after all work before it. The source may be reused when the call returns.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="handle">The block.</param>
    /// <param name="offset">Where in it.</param>
    /// <param name="storageId">The block's <see cref="Storage.Id"/>, if it has one.</param>
    /// <param name="isWhole">Whether the bytes fill the block, so that its former values do not matter.</param>
    public void Upload(ReadOnlySpan<byte> source, nint handle, long offset, long storageId = 0, bool isWhole = false)
    {
        if (_hasItems && source.Length <= MostUploadedBytes)
        {
            PutOff(source, handle, offset, storageId, isWhole);
            return;
        }

        Drain();
        driver.Upload(source, handle, offset);
        if (isWhole)
        {
            _failed.Remove(storageId);
        }
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
                    _items.Enqueue(new Item(null, () => driver.Free(handle), isRelease: true));
                    return;
                }
            }
        }

        driver.Free(handle);
    }

    /// <summary>Called after the release of a block, when it cannot be read any more.</summary>
    public void Forget(long storageId) => _failed.Forget(storageId, atOnce: !_hasItems);

    /// <summary>Issues the waiting work, then throws the failure that kept a block from its values, if there is one.</summary>
    public void ThrowIfFailed(Storage storage)
    {
        Drain();
        _failed.ThrowIfFailed(storage.Id);
    }

    /// <summary>Throws if a block that a recording reads has no values because of a failure.</summary>
    public void ThrowIfFailed(HashSet<long> recordedReads)
    {
        Drain();
        _failed.ThrowIfFailed(recordedReads);
    }

    /// <summary>Hands all that waits to the driver; waits for kernels, not for the device.</summary>
    public void Drain()
    {
        if (_hasItems && !IsRecordedHere)
        {
            Issue(waits: true);
        }
    }

    /// <summary>From here on another party relies on the order in which work reaches the driver.</summary>
    public void Share()
    {
        _isShared = true;
        Drain();
    }

    /// <summary>From here on the work of this thread is recorded.</summary>
    public void BeginRecording()
    {
        Drain();
        _recordedReads = [];
        _recordingThread = Environment.CurrentManagedThreadId;
    }

    /// <summary>From here on the work of this thread is carried out again. The result has the blocks that the recorded launches read.</summary>
    public HashSet<long> EndRecording()
    {
        _recordingThread = 0;
        return Interlocked.Exchange(ref _recordedReads, null) ?? [];
    }

    /// <summary>Gives up the waiting work; returns when no thread uses the driver for it any more.</summary>
    public void Abandon()
    {
        lock (_issuing)
        {
            End(new ObjectDisposedException(nameof(GpuDevice)));
        }
    }

    // The caller gets the exception; no failure has to be remembered.
    private void IssueNow(CompiledKernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        if (_failed.Any)
        {
            _failed.FailureOfInputs(kernel.Source, arguments)?.Throw();
        }

        Issue(kernel, grid, arguments);
        if (IsRecordedHere)
        {
            AddReads(kernel.Source, arguments);
        }

        if (_failed.Any)
        {
            _failed.RemoveOverwritten(kernel.Source, arguments);
        }
    }

    private void Issue(CompiledKernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        _count?.Add(kernel, arguments);
        driver.Launch(kernel, grid, arguments);
    }

    private void AddReads(KernelSource source, ReadOnlySpan<KernelArgument> arguments)
    {
        ReadOnlySpan<ParameterSlot> slots = source.Signature is { } signature ? signature.Slots : [];
        for (int i = 0; i < Math.Min(slots.Length, arguments.Length); i++)
        {
            if (slots[i].IsRead && arguments[i].StorageId != 0)
            {
                _recordedReads?.Add(arguments[i].StorageId);
            }
        }
    }

    private void PutOff(KernelEntry entry, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        KernelArgument[] kept = arguments.ToArray();
        PutOff(new Item(entry, () => IssueLater(entry, grid, kept), isRelease: false), 0);
    }

    private void PutOff(ReadOnlySpan<byte> source, nint handle, long offset, long storageId, bool isWhole)
    {
        byte[] kept = source.ToArray();
        PutOff(new Item(null, () => UploadLater(kept, handle, offset, storageId, isWhole), isRelease: false), kept.Length);
    }

    private void IssueLater(KernelEntry entry, LaunchGrid grid, KernelArgument[] arguments)
    {
        try
        {
            CompiledKernel kernel = entry.Wait();
            if (_failed.Any && _failed.FailureOfInputs(kernel.Source, arguments) is { } inherited)
            {
                _failed.AddOutputs(kernel.Source, arguments, inherited);
                return;
            }

            Issue(kernel, grid, arguments);
            if (_failed.Any)
            {
                _failed.RemoveOverwritten(kernel.Source, arguments);
            }
        }
        catch (Exception e) when (e is not ThreadInterruptedException)
        {
            // A failure without a result that could keep it is thrown to the present caller.
            if (!_failed.AddOutputs(entry.Source, arguments, ExceptionDispatchInfo.Capture(e)))
            {
                throw;
            }
        }
    }

    private void UploadLater(byte[] source, nint handle, long offset, long storageId, bool isWhole)
    {
        try
        {
            driver.Upload(source, handle, offset);
            if (isWhole)
            {
                _failed.Remove(storageId);
            }
        }
        catch (Exception e) when (e is not ThreadInterruptedException && storageId != 0)
        {
            _failed.Add(storageId, ExceptionDispatchInfo.Capture(e));
        }
    }

    private void PutOff(Item item, int uploadedBytes)
    {
        bool isFull;
        using (Uninterrupted.Hold(_lock))
        {
            _end?.Throw();
            _items.Enqueue(item);
            _uploadedBytes += uploadedBytes;
            isFull = _items.Count >= MostItems || _uploadedBytes > MostUploadedBytes;
            _hasItems = true;
        }

        // Work with a compiled kernel need not wait for the end of the step.
        if (!IsRecordedHere)
        {
            Issue(isFull);
        }
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
            while (TryPeek(out Item? item) && (waits || item.Entry is not { IsFinished: false }))
            {
                try
                {
                    item.Run();
                }
                finally
                {
                    if (item.IsDone)
                    {
                        Dequeue();
                    }
                }
            }
        }
        finally
        {
            _issuing.Exit();
        }
    }

    private bool TryPeek([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Item? item)
    {
        using (Uninterrupted.Hold(_lock))
        {
            _end?.Throw();
            bool any = _items.TryPeek(out item);
            if (!any)
            {
                // Little will ever wait again.
                _items.TrimExcess();
                _hasItems = false;
                _uploadedBytes = 0;
                _failed.DropForgotten();
            }

            return any;
        }
    }

    private void Dequeue()
    {
        using (Uninterrupted.Hold(_lock))
        {
            _ = _items.TryDequeue(out _);
        }
    }

    // From now on nothing takes the short way, and no compiler is at work any more when the driver is disposed; only memory is still given back.
    private void End(Exception e)
    {
        using (Uninterrupted.Hold(_lock))
        {
            _end ??= ExceptionDispatchInfo.Capture(e);
            _hasItems = true;
            while (_items.TryDequeue(out Item? item))
            {
                item.Entry?.Abandon();
                if (item.IsRelease)
                {
                    item.Run();
                }
            }
        }
    }

    /// <summary>Something that waits for its turn.</summary>
    private sealed class Item(KernelEntry? entry, Action work, bool isRelease)
    {
        /// <summary>The kernel that it needs.</summary>
        public KernelEntry? Entry => entry;

        /// <summary>Whether it is done in any case.</summary>
        public bool IsRelease => isRelease;

        /// <summary>Whether its turn is over, well or not. A thread that is interrupted while it waits for a kernel leaves it to the next.</summary>
        public bool IsDone { get; private set; }

        /// <summary>Does it, once.</summary>
        public void Run()
        {
            if (IsDone)
            {
                return;
            }

            try
            {
                work();
                IsDone = true;
            }
            catch (Exception e) when (e is not ThreadInterruptedException)
            {
                IsDone = true;
                throw;
            }
        }
    }
}
