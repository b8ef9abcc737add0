using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Engine.Gpu;

/// <summary>
/// A tensor's memory as ILGPU's views see it: for kernels of the engine's own devices it belongs to no accelerator of ILGPU's, for ILGPU's own
/// launchers and algorithms to the one that they run on.
/// </summary>
internal sealed class TensorBuffer : MemoryBuffer
{
    private static readonly Lock s_lock = new();

    // The buffers of the same memory on accelerators, after the one that belongs to none.
    private TensorBuffer? _next;

    private TensorBuffer(Storage storage, Accelerator? accelerator)
        : base(accelerator!, storage.Bytes, 1)
    {
        Storage = storage;
        NativePtr = storage.Handle;
        // Nothing here is to be released: the storage does that.
        GC.SuppressFinalize(this);
    }

    /// <summary>The memory.</summary>
    public Storage Storage { get; }

    /// <summary>The buffer of a storage, the same one each time.</summary>
    public static TensorBuffer Of(Storage storage)
    {
        if (storage.Companion is TensorBuffer known)
        {
            return known;
        }

        TensorBuffer buffer = new(storage, null);
        storage.Companion = buffer;
        return buffer;
    }

    /// <summary>The buffer of a storage on an accelerator that has its memory, the same one each time.</summary>
    public static TensorBuffer Of(Storage storage, Accelerator accelerator)
    {
        lock (s_lock)
        {
            TensorBuffer first = Of(storage);
            for (TensorBuffer? buffer = first._next; buffer is not null; buffer = buffer._next)
            {
                if (ReferenceEquals(buffer.Accelerator, accelerator))
                {
                    return buffer;
                }
            }

            return first._next = new TensorBuffer(storage, accelerator) { _next = first._next };
        }
    }

    /// <inheritdoc/>
    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }

    /// <inheritdoc/>
    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView)
    {
        CheckUse();
        switch (Accelerator)
        {
            case CudaAccelerator:
                CudaMemoryBuffer.CudaMemSet(stream as CudaStream, value, targetView);
                break;
            case CLAccelerator:
                CLMemoryBuffer.CLMemSet(Queue(stream), value, targetView);
                break;
            default:
                CPUMemoryBuffer.CPUMemSet(AddressOf(targetView), value, 0, targetView.LengthInBytes);
                break;
        }

        Storage.MarkWritten();
    }

    /// <inheritdoc/>
    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView)
    {
        CheckUse();
        Copy(stream, sourceView, targetView);
        Storage.MarkWritten();
    }

    /// <inheritdoc/>
    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView)
    {
        CheckUse();
        Copy(stream, sourceView, targetView);
    }

    // ILGPU's own copies between the host and OpenCL take as many bytes as the whole host's buffer has, not those of the view.
    private static void Copy(AcceleratorStream stream, in ArrayView<byte> source, in ArrayView<byte> target)
    {
        MemoryBuffer from = Usable(source), to = Usable(target);
        if (source.Length != target.Length)
        {
            throw new ArgumentException($"{source.Length} bytes cannot be copied to {target.Length} bytes.");
        }

        if (source.Length == 0)
        {
            return;
        }

        nint bytes = checked((nint)source.Length);
        switch (from.AcceleratorType, to.AcceleratorType)
        {
            case (AcceleratorType.CPU, AcceleratorType.CPU):
                CPUMemoryBuffer.CPUCopyTo(stream, source, target);
                break;
            case (AcceleratorType.CPU, AcceleratorType.OpenCL):
                CLException.ThrowIfFailed(CLAPI.CurrentAPI.WriteBuffer(Queue(stream), to.NativePtr, true, (nint)AcceleratorMemory.StartOf(target), bytes, AddressOf(source)));
                break;
            case (AcceleratorType.OpenCL, AcceleratorType.CPU):
                CLException.ThrowIfFailed(CLAPI.CurrentAPI.ReadBuffer(Queue(stream), from.NativePtr, true, (nint)AcceleratorMemory.StartOf(source), bytes, AddressOf(target)));
                break;
            case (AcceleratorType.OpenCL, AcceleratorType.OpenCL):
                CLMemoryBuffer.CLCopy(Queue(stream), source, target);
                break;
            default:
                CudaMemoryBuffer.CudaCopy(stream as CudaStream, source, target);
                break;
        }
    }

    // A view that belongs to no accelerator says that it is of the CPU, whatever device its tensor is on.
    private static MemoryBuffer Usable(in ArrayView<byte> view)
    {
        MemoryBuffer buffer = AcceleratorMemory.BufferOf(view)!;
        (buffer as TensorBuffer)?.CheckUse();
        return buffer;
    }

    private static nint AddressOf(in ArrayView<byte> view) => AcceleratorMemory.BufferOf(view)!.NativePtr + (nint)AcceleratorMemory.StartOf(view);

    private static CLStream Queue(AcceleratorStream stream) => stream as CLStream
        ?? throw new ArgumentException("Memory of OpenCL is copied and filled in a stream of its accelerator.", nameof(stream));

    private void CheckUse()
    {
        if (Accelerator is null)
        {
            throw new NotSupportedException(
                "This view is of a tensor's memory, which no accelerator of ILGPU's knows: copy and fill with the tensor's own members, or take AsArrayView<T>(accelerator) of an adopted accelerator.");
        }

        ObjectDisposedException.ThrowIf(Storage.References == 0, typeof(Tensor));
    }
}
