using System.Runtime.InteropServices;

namespace Engine.Backends;

/// <summary>A device whose memory is ordinary host memory, 64-byte aligned, so that handles are addresses.</summary>
public abstract unsafe class HostDevice : Device
{
    /// <summary>The width of a cache line and of the widest vector.</summary>
    public const int Alignment = 64;

    /// <summary>Names a device of the kind <see cref="DeviceKind.Cpu"/>.</summary>
    protected HostDevice(string name)
        : this(name, DeviceKind.Cpu)
    {
    }

    /// <summary>Names a device of any kind whose memory is the host's.</summary>
    /// <exception cref="ArgumentException">The kind is not set.</exception>
    protected HostDevice(string name, DeviceKind kind)
        : base(name, kind)
    {
    }

    /// <summary>A device without references has no living tensors; its pool gives the cached blocks back.</summary>
    ~HostDevice() => Pool.Abandon();

    /// <summary>The memory of this machine, or of the container that the process runs in.</summary>
    public override long TotalMemory => HostMemory.Total;

    /// <summary>Carries out work on this device's memory that is no call of its backend, such as a kernel in C#: now, or at each replay where this thread records a step.</summary>
    public virtual void Enqueue(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        work();
    }

    /// <summary>Runs <c>part(0)</c> … <c>part(parts − 1)</c>, each once, on the device's threads, and returns when all have ended.</summary>
    /// <remarks>Of several parts that throw, the exception of the lowest one is thrown here.</remarks>
    public virtual void RunParts(int parts, Action<int> part)
    {
        ArgumentNullException.ThrowIfNull(part);
        for (int i = 0; i < parts; i++)
        {
            part(i);
        }
    }

    /// <inheritdoc/>
    protected override void UploadCore(ReadOnlySpan<byte> source, Storage destination, long offsetInBytes)
    {
        source.CopyTo(new Span<byte>((byte*)destination.Handle + offsetInBytes, source.Length));
    }

    /// <inheritdoc/>
    protected override void DownloadCore(Storage source, long offsetInBytes, Span<byte> destination)
    {
        new ReadOnlySpan<byte>((byte*)source.Handle + offsetInBytes, destination.Length).CopyTo(destination);
    }

    /// <inheritdoc/>
    protected internal override bool TryAllocateMemory(long bytes, out nint handle)
    {
        try
        {
            handle = (nint)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            return true;
        }
        catch (OutOfMemoryException)
        {
            handle = 0;
            return false;
        }
    }

    /// <inheritdoc/>
    protected internal override void FreeMemory(nint handle) => NativeMemory.AlignedFree((void*)handle);
}
