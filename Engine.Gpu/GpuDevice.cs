namespace Engine.Gpu;

/// <summary>A card, or whatever else runs kernels, reached through a driver.</summary>
/// <remarks>Kernels run in the order of the calls and asynchronously; only reading back and <see cref="Device.Synchronize"/> wait.</remarks>
public abstract class GpuDevice : Device, IDisposable
{
    private readonly GpuBackend _backend;

    private protected GpuDevice(string name, DeviceKind kind, GpuDriver driver)
        : base(name, kind)
    {
        Driver = TracingDriver.Wrap(driver);
        _backend = new GpuBackend(this);
    }

    /// <inheritdoc/>
    public override Backend Backend => _backend;

    /// <inheritdoc/>
    public override string Description => Driver.Description;

    /// <inheritdoc/>
    public override bool IsProcessor => Driver.Target.IsProcessor;

    /// <summary>Memory of the device in bytes; <see cref="Device.Pool"/> tells how much of it tensors hold.</summary>
    public long TotalMemory => Driver.TotalMemory;

    internal GpuDriver Driver { get; }

    /// <summary>Where launches are counted, if they are.</summary>
    internal LaunchCount? LaunchCount { get; private set; }

    /// <inheritdoc/>
    protected override void UploadCore(ReadOnlySpan<byte> source, Storage destination, long offsetInBytes)
    {
        ArgumentNullException.ThrowIfNull(destination);
        CheckRange(destination, offsetInBytes, source.Length);
        Driver.Upload(source, destination.Handle, offsetInBytes);
    }

    /// <inheritdoc/>
    protected override void DownloadCore(Storage source, long offsetInBytes, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        CheckRange(source, offsetInBytes, destination.Length);
        Driver.Download(source.Handle, offsetInBytes, destination);
    }

    /// <inheritdoc/>
    protected override void SynchronizeCore() => Driver.Synchronize();

    /// <summary>Counts launches from here until the result is disposed.</summary>
    internal LaunchCount CountLaunches() => LaunchCount = new LaunchCount(count => LaunchCount = LaunchCount == count ? null : LaunchCount);

    /// <summary>
    /// Gives the cached memory and the kernels back, and with them all that this device holds of a host's context. Dispose the tensors
    /// first. Devices that discovery made are shared by the whole process and need no disposing.
    /// </summary>
    public void Dispose()
    {
        Pool.Trim();
        Driver.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected internal override bool TryAllocateMemory(long bytes, out nint handle) => Driver.TryAllocate(bytes, out handle);

    /// <inheritdoc/>
    protected internal override void FreeMemory(nint handle) => Driver.Free(handle);

    /// <inheritdoc/>
    public override bool CanRecord => true;

    /// <inheritdoc/>
    protected internal override void BeginRecording() => Driver.BeginRecording();

    /// <inheritdoc/>
    protected internal override DeviceRecording EndRecording() => new RecordedWork(Driver.EndRecording());

    /// <inheritdoc/>
    protected internal override void AbortRecording() => Driver.AbortRecording();

    /// <summary>What the driver recorded, as Core sees it.</summary>
    private sealed class RecordedWork(GpuRecording recording) : DeviceRecording
    {
        public override int Launches => recording.Launches;

        public override void Replay() => recording.Replay();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                recording.Dispose();
            }
        }
    }

    private static void CheckRange(Storage storage, long offsetInBytes, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetInBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetInBytes + length, storage.Bytes);
    }
}
