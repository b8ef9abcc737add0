using System.Diagnostics;

namespace Engine;

/// <summary>
/// An array of numbers with any number of axes, on a device, that can remember how it was computed.
/// </summary>
/// <remarks>
/// <para>Several tensors can view one block of memory: reshape, permute, slice, expand and flip do not copy.</para>
/// <para><see cref="Dispose"/> returns the memory to the device's pool at once; a <see cref="TensorScope"/> does so for a whole step. A
/// tensor that is merely forgotten costs a garbage collection now and then, never unbounded memory.</para>
/// <para>Reading one tensor from several threads is safe; writing it in place is not.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
public sealed partial class Tensor : IDisposable
{
    private Storage? _storage;
    private Layout _layout;

    /// <summary>Takes over one reference to the storage.</summary>
    internal Tensor(Storage storage, DType dtype, in Layout layout, bool inScope = true)
    {
        _storage = storage;
        _layout = layout;
        DType = dtype;
        Device = storage.Device;
        if (inScope)
        {
            TensorScope.Register(this);
        }
    }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape => _layout.Shape;

    /// <summary>The element type.</summary>
    public DType DType { get; private set; }

    /// <summary>Where the tensor lives.</summary>
    public Device Device { get; private set; }

    /// <summary>The number of axes.</summary>
    public int Rank => _layout.Rank;

    /// <summary>The number of elements.</summary>
    public long ElementCount => _layout.Shape.ElementCount;

    /// <summary>Shape, strides and offset.</summary>
    public Layout Layout => _layout;

    /// <summary>Whether the elements lie in row-major order without gaps.</summary>
    public bool IsContiguous => _layout.IsContiguous;

    /// <summary>Whether the memory was given back.</summary>
    public bool IsDisposed => _storage is null;

    /// <summary>A name for graphs and messages; null unless somebody set it.</summary>
    public string? Name { get; set; }

    /// <summary>The memory block.</summary>
    /// <exception cref="ObjectDisposedException">The tensor was disposed, perhaps by the end of a <see cref="TensorScope"/>.</exception>
    public Storage Storage
    {
        get
        {
            Storage? storage = _storage;
            ObjectDisposedException.ThrowIf(storage is null, this);
            return storage;
        }
    }

    /// <summary>What a backend needs to know of this tensor.</summary>
    public Operand Operand
    {
        get
        {
            Storage storage = Storage;
            CapturePass.RecordingOn(Device)?.Touch(storage);
            return new Operand(storage, DType, _layout);
        }
    }

    internal bool IsKept { get; set; }

    private string DebuggerDisplay => $"Tensor {DType.ShortName()} {Shape} {Device}{(IsDisposed ? " disposed" : string.Empty)}";

    /// <summary>Lets go of the memory; it returns to the pool with its last view. May be called again.</summary>
    public void Dispose() => Interlocked.Exchange(ref _storage, null)?.Release();

    /// <summary>Takes this tensor out of the current <see cref="TensorScope"/>s: it lives until it is disposed or forgotten.</summary>
    public Tensor Keep()
    {
        IsKept = true;
        return this;
    }

    /// <summary>Memory of the given shape and type, its content undefined.</summary>
    internal static Tensor Allocate(Shape shape, DType dtype, Device device)
    {
        long bytes = checked(shape.ElementCount * dtype.SizeInBytes());
        return new Tensor(device.Pool.Rent(Math.Max(bytes, 1)), dtype, Engine.Layout.Contiguous(shape));
    }

    /// <summary>Another handle to the same memory under a layout, without history.</summary>
    internal Tensor ViewAs(in Layout layout, bool inScope = true)
    {
        Storage storage = Storage;
        storage.AddReference();
        return new Tensor(storage, DType, layout, inScope);
    }

    /// <summary>A handle over an operand's memory, without history.</summary>
    internal static Tensor Wrap(in Operand operand)
    {
        operand.Storage.AddReference();
        return new Tensor(operand.Storage, operand.DType, operand.Layout);
    }

    /// <summary>Another handle to the same memory that no scope will dispose, without history.</summary>
    internal Tensor Share() => ViewAs(_layout, inScope: false);

    /// <summary>
    /// Puts this tensor onto other memory (another device or type), as moving a module does; whoever holds the tensor sees the new values.
    /// </summary>
    internal void MoveTo(Tensor source)
    {
        Storage storage = source.Storage;
        storage.AddReference();
        Interlocked.Exchange(ref _storage, storage)?.Release();
        _layout = source._layout;
        DType = source.DType;
        Device = source.Device;
    }
}
