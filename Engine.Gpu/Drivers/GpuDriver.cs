namespace Engine.Gpu;

/// <summary>
/// All that differs between CUDA and OpenCL: memory, copies, kernels, one ordered stream of work, and recording it. Everything is
/// asynchronous and in order unless said otherwise; all members may be called from several threads.
/// </summary>
/// <remarks>
/// Failures: a lost device throws <see cref="DeviceLostException"/> from then on, at every call but <see cref="Free"/> and
/// <see cref="IDisposable.Dispose"/>; other failures of the driver throw <see cref="EngineException"/> with the call's name, the driver's
/// code and words, and the last kernel that was launched.
/// </remarks>
internal abstract class GpuDriver : IDisposable
{
    /// <summary>The target that kernels are built for.</summary>
    public abstract GpuTarget Target { get; }

    /// <summary>The device in words: model, memory, driver.</summary>
    public abstract string Description { get; }

    /// <summary>Device, driver and their versions: a cached binary depends on them and on its source.</summary>
    public abstract string Identity { get; }

    /// <summary>Memory of the device in bytes.</summary>
    public abstract long TotalMemory { get; }

    /// <summary>Whether the stream is the engine's own, not that of a host, which may have reasons not to be waited for.</summary>
    public virtual bool OwnsStream => true;

    /// <summary>Told, by <see cref="Compile"/>, of a kernel that can only be run with groups of so many work-items.</summary>
    public virtual Action<int>? GroupsRefused { get; set; }

    /// <summary>Whether memory can be had; the handle is an address in CUDA, a buffer object in OpenCL.</summary>
    public abstract bool TryAllocate(long bytes, out nint handle);

    /// <summary>Gives memory back. Never throws.</summary>
    public abstract void Free(nint handle);

    /// <summary>Host to device. The source may be reused when the call returns.</summary>
    public abstract void Upload(ReadOnlySpan<byte> source, nint handle, long offset);

    /// <summary>Device to host; waits.</summary>
    public abstract void Download(nint handle, long offset, Span<byte> destination);

    /// <summary>Device to device; the ranges do not overlap.</summary>
    public abstract void Copy(nint source, long sourceOffset, nint destination, long destinationOffset, long bytes);

    /// <summary>Sets bytes to zero.</summary>
    public abstract void Clear(nint handle, long offset, long bytes);

    /// <summary>Compiles a kernel.</summary>
    /// <exception cref="KernelCompilationException">With the driver's log and the source.</exception>
    public abstract CompiledKernel Compile(KernelSource source);

    /// <summary>Loads a kernel from an earlier result of <see cref="GetBinary"/>; null if the driver refuses it, for any reason.</summary>
    public abstract CompiledKernel? TryLoad(KernelSource source, ReadOnlySpan<byte> binary);

    /// <summary>The compiled form, for a cache; empty where the driver gives none.</summary>
    public abstract byte[] GetBinary(CompiledKernel kernel);

    /// <summary>Runs a kernel.</summary>
    public abstract void Launch(CompiledKernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments);

    /// <summary>Waits for everything.</summary>
    public abstract void Synchronize();

    /// <summary>Marks this point of the stream.</summary>
    public abstract GpuEvent RecordEvent();

    /// <summary>From here on launches, copies and clears are recorded instead of carried out; uploads, downloads and waiting are refused.</summary>
    /// <exception cref="InvalidOperationException">A recording is already under way.</exception>
    public abstract void BeginRecording();

    /// <summary>Ends the recording.</summary>
    public abstract GpuRecording EndRecording();

    /// <summary>Forgets an unfinished recording; the stream works as before.</summary>
    public abstract void AbortRecording();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the objects that the driver made, and no adopted ones.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>A point in the stream of a device.</summary>
internal abstract class GpuEvent : IDisposable
{
    /// <summary>Whether everything before it has finished.</summary>
    public abstract bool IsDone { get; }

    /// <summary>Waits until everything before it has finished.</summary>
    public abstract void Wait();

    /// <summary>Milliseconds of device time from <paramref name="earlier"/> to this one; waits for both.</summary>
    public abstract double MillisecondsSince(GpuEvent earlier);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Recorded work that can be carried out again and again: a CUDA graph, or a list of launches.</summary>
internal abstract class GpuRecording : IDisposable
{
    /// <summary>How many kernels one replay launches.</summary>
    public abstract int Launches { get; }

    /// <summary>Carries the work out once more.</summary>
    public abstract void Replay();

    /// <inheritdoc/>
    public abstract void Dispose();
}
