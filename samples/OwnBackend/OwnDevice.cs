using System.Runtime.InteropServices;
using Engine;
using Engine.Backends;

namespace OwnBackendSample;

/// <summary>
/// A device: memory, copies between it and the host, and the backend that computes in it. The memory is the process's own here; the engine treats it like a
/// card's all the same, and touches it through these members only.
/// </summary>
internal sealed unsafe class OwnDevice() : Device("own", new DeviceKind("own"))
{
    public override string Description => "plain loops with double and 64-bit accumulators";

    public override long TotalMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public override Backend Backend { get; } = new LoopBackend();

    /// <summary>The pool of the device asks for a block and keeps it, so that a training step allocates nothing after the first.</summary>
    protected override bool TryAllocateMemory(long bytes, out nint handle)
    {
        try
        {
            handle = (nint)NativeMemory.Alloc((nuint)bytes);
            return true;
        }
        catch (OutOfMemoryException)
        {
            handle = 0;
            return false;
        }
    }

    protected override void FreeMemory(nint handle) => NativeMemory.Free((void*)handle);

    // A device that works in the background would wait here until its kernels have finished, and in SynchronizeCore.
    protected override void UploadCore(ReadOnlySpan<byte> source, Storage destination, long offsetInBytes) =>
        source.CopyTo(new Span<byte>((byte*)destination.Handle + offsetInBytes, source.Length));

    protected override void DownloadCore(Storage source, long offsetInBytes, Span<byte> destination) =>
        new ReadOnlySpan<byte>((byte*)source.Handle + offsetInBytes, destination.Length).CopyTo(destination);
}
