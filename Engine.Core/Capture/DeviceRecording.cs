namespace Engine.Backends;

/// <summary>Work that a device has recorded and can carry out again and again: a CUDA graph, a list of launches.</summary>
public abstract class DeviceRecording : IDisposable
{
    /// <summary>How many kernels a replay launches.</summary>
    public abstract int Launches { get; }

    /// <summary>Queues the work once more, behind everything that was queued before; it does not wait.</summary>
    public abstract void Replay();

    /// <summary>Releases what the driver holds; the memory that the work uses is released by Core afterwards.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the driver holds.</summary>
    protected abstract void Dispose(bool disposing);
}
