namespace Engine;

/// <summary>
/// The memory, element type and layout of a tensor at one moment. Only the release of the memory changes it. A thread that has read it once
/// computes with parts that belong together, while another thread moves the tensor to other memory.
/// </summary>
internal sealed class TensorState
{
    private readonly Layout _layout;
    private Storage? _storage;

    /// <summary>Takes over one reference to the storage.</summary>
    public TensorState(Storage storage, DType dtype, in Layout layout)
    {
        _storage = storage;
        _layout = layout;
        DType = dtype;
        Device = storage.Device;
    }

    public DType DType { get; }

    public Device Device { get; }

    public ref readonly Layout Layout => ref _layout;

    /// <summary>Whether the memory was released.</summary>
    public bool IsReleased => Volatile.Read(ref _storage) is null;

    /// <exception cref="ObjectDisposedException">The memory was released.</exception>
    public Storage Storage
    {
        get
        {
            Storage? storage = _storage;
            ObjectDisposedException.ThrowIf(storage is null, typeof(Tensor));
            return storage;
        }
    }

    /// <summary>The same memory under another layout, with a reference of its own.</summary>
    /// <exception cref="ObjectDisposedException">The memory was released.</exception>
    public TensorState With(in Layout layout)
    {
        Storage storage = Storage;
        storage.AddReference();
        return new TensorState(storage, DType, layout);
    }

    /// <summary>Gives the reference back. May be called again, by several threads at once.</summary>
    public void Release() => Interlocked.Exchange(ref _storage, null)?.Release();
}
