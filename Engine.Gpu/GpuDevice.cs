using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>A card, or whatever else runs kernels, reached through a driver.</summary>
/// <remarks>
/// Kernels run in the order of the calls and asynchronously; only reading back and <see cref="Device.Synchronize"/> wait. A call refuses
/// operations that the device does not have. New kernels are compiled on other threads meanwhile, so the driver may refuse one later: a
/// read of its result, or a computation with it, throws the exception. All other work on the device goes on.
/// </remarks>
public abstract class GpuDevice : Device, IDisposable
{
    private readonly Lock _exchange = new();
    private volatile GpuBackend _backend;
    private volatile bool _hasNoticed;

    private protected GpuDevice(string name, DeviceKind kind, GpuDriver driver)
        : base(name, kind)
    {
        Driver = TracingDriver.Wrap(driver);
        Work = new LaunchQueue(Driver);
        Plans = new PlanBook(DiskCache.Shared, Driver.Identity);
        Tuner = new PlanTuner(this);
        Counters = new GroupCounters(Driver, () => Pool.Report);
        Warpgroups = new WarpgroupTrial(this);
        Meetings = new MeetingTrial(this);
        _backend = NewBackend(KernelSetting.Initial, new GpuBackend(this, Driver.Target));
        Driver.GroupsRefused = UseGroupsOfAtMost;
    }

    /// <inheritdoc/>
    public override Backend Backend => _backend;

    /// <summary>Whose kernels compute on this device; the engine's own, unless the environment variable <c>ENGINE_GPU_KERNELS</c> says otherwise.</summary>
    /// <remarks>It can be changed at any time: later calls use the new set. Work under way and captured steps keep the old one.</remarks>
    /// <exception cref="PlatformNotSupportedException">ILGPU's are asked for in a program compiled ahead of time (NativeAOT).</exception>
    public KernelSet Kernels
    {
        get => _backend.Kernels;
        set
        {
            KernelSetting.Check(value);
            lock (_exchange)
            {
                if (value != _backend.Kernels)
                {
                    _backend = NewBackend(value, new GpuBackend(_backend));
                }
            }
        }
    }

    /// <summary>The compiled kernels.</summary>
    internal KernelCache CompiledKernels => _backend.CompiledKernels;

    /// <inheritdoc/>
    public override string Description => Driver.Description;

    /// <inheritdoc/>
    public override bool IsProcessor => Driver.Target.IsProcessor;

    /// <inheritdoc/>
    public override bool HasFloat64 => Driver.Target.HasFloat64;

    /// <summary>Memory of the device in bytes; <see cref="Device.Pool"/> reports the part that tensors hold.</summary>
    public override long TotalMemory => Driver.TotalMemory;

    internal GpuDriver Driver { get; }

    /// <summary>The accelerator of ILGPU's that this device has adopted, if it has one.</summary>
    internal object? Accelerator { get; set; }

    /// <summary>The stream of <see cref="Accelerator"/>'s that carries all work. It is kept here because ILGPU ends streams without references.</summary>
    internal object? AcceleratorStream { get; set; }

    /// <summary>A vendor's library that computes products, where one is switched on.</summary>
    internal LibraryProducts? Products
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    }

    /// <summary>The kernels at this moment. Who cuts a launch takes them once: another limit of groups means other ones.</summary>
    internal GpuBackend Current => _backend;

    /// <summary>Measured plans of products and convolutions.</summary>
    internal PlanBook Plans { get; set; }

    /// <summary>Measures them.</summary>
    internal PlanTuner Tuner { get; }

    /// <summary>Tells once that convolutions are strict on a card that has faster units for them. Called at each of them.</summary>
    internal void NoticeStrictConvolutions()
    {
        if (!_hasNoticed && MathMode == MathMode.Strict && Driver.Target.HasTensorCores)
        {
            // One of several threads tells it.
            lock (_exchange)
            {
                if (!_hasNoticed)
                {
                    _hasNoticed = true;
                    _hasNoticed = RaiseNotice("convolutions of float32 are computed strictly. PyTorch rounds their factors to tf32 by default, which tensor cores multiply faster: Device.MathMode = MathMode.Tf32Convolutions does the same.");
                }
            }
        }
    }

    /// <summary>Whether any thread records a step: what happens now is not only carried out.</summary>
    internal bool IsRecording => Work.IsRecorded;

    /// <summary>What tells which group is the last.</summary>
    internal GroupCounters Counters { get; }

    /// <summary>All work on its way to the driver.</summary>
    internal LaunchQueue Work { get; }

    /// <summary>Whether products of warpgroups are right here.</summary>
    internal WarpgroupTrial Warpgroups { get; }

    /// <summary>Whether groups meet here.</summary>
    internal MeetingTrial Meetings { get; }

    /// <inheritdoc/>
    protected override IReadOnlyList<ProbeEntry> Findings =>
    [
        .. from finding in ((string Name, string? Complaint)[])[("wgmma", Warpgroups.Complaint), ("meetings", Meetings.Complaint)]
           where finding.Complaint is not null
           select new ProbeEntry("Engine.Gpu", $"{Name}: {finding.Name}", false, finding.Complaint),
    ];

    /// <inheritdoc/>
    protected override void UploadCore(ReadOnlySpan<byte> source, Storage destination, long offsetInBytes)
    {
        IndependentLaunches.Current?.Send();
        Work.Upload(source, destination.Handle, offsetInBytes, destination.Id, source.Length == destination.Bytes);
    }

    /// <inheritdoc/>
    protected override void DownloadCore(Storage source, long offsetInBytes, Span<byte> destination)
    {
        IndependentLaunches.Current?.Send();
        Work.ThrowIfFailed(source);
        Driver.Download(source.Handle, offsetInBytes, destination);
    }

    /// <inheritdoc/>
    protected override int TuneCore(Action step, TimeSpan budget) => Tuner.Run(step, budget);

    /// <inheritdoc/>
    protected override void SynchronizeCore()
    {
        IndependentLaunches.Current?.Send();
        Work.Drain();
        Driver.Synchronize();
    }

    /// <summary>Counts launches from here until the result is disposed.</summary>
    internal LaunchCount CountLaunches() => Work.Count = new LaunchCount(count => Work.Count = Work.Count == count ? null : Work.Count);

    /// <summary>
    /// Gives the cached memory and the kernels back, and with them all that this device holds of a host's context. Dispose the tensors
    /// first. Devices that discovery made are shared by the whole process and need no disposing.
    /// </summary>
    public void Dispose()
    {
        Work.Abandon();
        Products?.Dispose();
        Pool.Trim();
        Counters.Release();
        Driver.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override bool TryAllocateMemory(long bytes, out nint handle)
    {
        if (Driver.TryAllocate(bytes, out handle))
        {
            return true;
        }

        // Memory that was freed may still wait for the work before it.
        Work.Drain();
        return Driver.TryAllocate(bytes, out handle);
    }

    /// <inheritdoc/>
    protected override void FreeMemory(nint handle) => Work.Free(handle);

    /// <inheritdoc/>
    protected override void Released(long storageId) => Work.Forget(storageId);

    /// <inheritdoc/>
    public override bool CanRecord => true;

    /// <inheritdoc/>
    protected override void BeginRecording()
    {
        if (Driver.Target.HasLastGroup)
        {
            Counters.Prepare();
        }

        Work.BeginRecording();
        try
        {
            Driver.BeginRecording();
        }
        catch
        {
            Work.EndRecording();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override DeviceRecording EndRecording()
    {
        HashSet<long> reads = Work.EndRecording();
        return new RecordedWork(Work, Driver.EndRecording(), reads);
    }

    /// <inheritdoc/>
    protected override void AbortRecording()
    {
        Work.EndRecording();
        Driver.AbortRecording();
    }

    /// <summary>The driver's recording, as Core sees it.</summary>
    private sealed class RecordedWork(LaunchQueue work, GpuRecording recording, HashSet<long> reads) : DeviceRecording
    {
        public override int Launches => recording.Launches;

        public override void Replay()
        {
            work.ThrowIfFailed(reads);
            recording.Replay();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                recording.Dispose();
            }
        }
    }

    /// <summary>A handle that lets the host work beside the engine. All issued work is in the stream before the host gets it.</summary>
    private protected nint Shared(nint handle)
    {
        Work.Share();
        return handle;
    }

    /// <summary>As <see cref="Shared(nint)"/>, of a tensor's memory, which has its values then.</summary>
    private protected nint Shared(Tensor tensor, nint handle)
    {
        Work.ThrowIfFailed(tensor.Storage);
        return Shared(handle);
    }

    // A kernel may need more registers than the driver has for a group of the usual size. Kernels and launches are then planned again with
    // smaller groups. Work under way keeps the old ones.
    private void UseGroupsOfAtMost(int workItems)
    {
        lock (_exchange)
        {
            GpuTarget target = _backend.Target;
            if (workItems >= 1 && workItems < target.MaxGroupSize)
            {
                _backend = NewBackend(_backend.Kernels, new GpuBackend(this, target with { MaxGroupSize = workItems }));
            }
        }
    }

    // The compiler ahead of time leaves ILGPU out, for which it has to see this condition itself.
    private static GpuBackend NewBackend(KernelSet set, GpuBackend engine) =>
        set == KernelSet.Ilgpu && RuntimeFeature.IsDynamicCodeSupported ? new IlgpuBackend(engine) : engine;
}
