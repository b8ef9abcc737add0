namespace Engine.Backends;

/// <summary>Work that a device has recorded and can carry out again and again: a CUDA graph, a list of launches.</summary>
public abstract class DeviceRecording : IDisposable
{
    /// <summary>How many kernels a replay launches.</summary>
    public abstract int Launches { get; }

    /// <summary>Queues the work once more, after everything that was queued before; it does not wait.</summary>
    public abstract void Replay();

    /// <summary>Releases the objects of the driver. Core then releases the memory that the work uses.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the objects of the driver.</summary>
    protected abstract void Dispose(bool disposing);
}
