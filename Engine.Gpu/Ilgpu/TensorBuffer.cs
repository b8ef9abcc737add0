using ILGPU;
using ILGPU.Runtime;

namespace Engine.Gpu;

/// <summary>A tensor's memory as ILGPU's views see it. It belongs to no accelerator of ILGPU's: the engine's own device works with it.</summary>
internal sealed class TensorBuffer : MemoryBuffer
{
    private TensorBuffer(Storage storage)
        : base(null!, storage.Bytes, 1)
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

        TensorBuffer buffer = new(storage);
        storage.Companion = buffer;
        return buffer;
    }

    /// <inheritdoc/>
    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }

    /// <inheritdoc/>
    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView) => throw Refusal();

    /// <inheritdoc/>
    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) => throw Refusal();

    /// <inheritdoc/>
    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) => throw Refusal();

    private static NotSupportedException Refusal() => new(
        "This view is of a tensor's memory, which no accelerator of ILGPU's knows: copy and fill with the tensor's own members, or adopt the accelerator and take its views.");
}
