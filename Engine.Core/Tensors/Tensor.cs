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
    private TensorState _state;

    /// <summary>Takes over one reference to the storage.</summary>
    internal Tensor(Storage storage, DType dtype, in Layout layout, bool inScope = true)
        : this(new TensorState(storage, dtype, layout), inScope)
    {
    }

    private Tensor(TensorState state, bool inScope)
    {
        _state = state;
        if (inScope)
        {
            TensorScope.Register(this);
        }
    }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape => _state.Layout.Shape;

    /// <summary>The element type.</summary>
    public DType DType => _state.DType;

    /// <summary>Where the tensor lives.</summary>
    public Device Device => _state.Device;

    /// <summary>The number of axes.</summary>
    public int Rank => _state.Layout.Rank;

    /// <summary>The number of elements.</summary>
    public long ElementCount => _state.Layout.Shape.ElementCount;

    /// <summary>Shape, strides and offset.</summary>
    public Layout Layout => _state.Layout;

    /// <summary>Whether the elements lie in row-major order without gaps.</summary>
    public bool IsContiguous => _state.Layout.IsContiguous;

    /// <summary>Whether the memory was given back.</summary>
    public bool IsDisposed => _state.IsReleased;

    /// <summary>A name for graphs and messages; null unless it was set.</summary>
    public string? Name
    {
        get;
        set
        {
            field = value;
            if (value is not null && _node?.Trace is { } trace)
            {
                trace.Label = value;
            }
        }
    }

    /// <summary>The memory block.</summary>
    /// <exception cref="ObjectDisposedException">The tensor was disposed, perhaps by the end of a <see cref="TensorScope"/>.</exception>
    public Storage Storage => _state.Storage;

    /// <summary>This tensor as a backend sees it.</summary>
    public Operand Operand
    {
        get
        {
            // Read once: another thread may move the tensor.
            TensorState state = _state;
            Storage storage = state.Storage;
            CapturePass.RecordingOn(state.Device)?.Touch(storage);
            return new Operand(storage, state.DType, state.Layout);
        }
    }

    /// <summary>
    /// As <see cref="Operand"/>, for a tensor that has been found to be of a type: it is converted if another thread has moved it to another
    /// type since.
    /// </summary>
    internal Operand OperandAs(DType dtype)
    {
        Operand operand = Operand;
        return operand.DType == dtype ? operand : Wrap(operand).ToOrSelf(dtype).Operand;
    }

    internal bool IsKept { get; set; }

    private string DebuggerDisplay => $"Tensor {DType.ShortName()} {Shape} {Device}{(IsDisposed ? " disposed" : string.Empty)}";

    /// <summary>
    /// Releases the memory, which returns to the pool with its last view. The values that the computation graph saved are released too, unless
    /// another tensor was computed from this one. May be called again.
    /// </summary>
    public void Dispose()
    {
        TensorState state;
        do
        {
            // Again if another thread has moved the tensor in between.
            state = Volatile.Read(ref _state);
            state.Release();
        }
        while (state != Volatile.Read(ref _state));
        DropHistory();
    }

    /// <summary>
    /// This tensor. Disposes a temporary that an operation has made on the way to it, so that an operation leaves only its result also
    /// without a <see cref="TensorScope"/>. Steps that were recorded on the temporary hold the values that they need.
    /// </summary>
    internal Tensor InsteadOf(Tensor temporary)
    {
        if (!ReferenceEquals(this, temporary))
        {
            temporary.Dispose();
        }

        return this;
    }

    /// <summary>Takes this tensor out of the current <see cref="TensorScope"/>s: it lives until it is disposed or forgotten.</summary>
    public Tensor Keep()
    {
        IsKept = true;
        return this;
    }

    /// <summary>Memory of the given shape and type, its content undefined.</summary>
    /// <exception cref="OutOfDeviceMemoryException">There is none of that size, or its bytes cannot even be counted.</exception>
    internal static Tensor Allocate(Shape shape, DType dtype, Device device) => Allocate(dtype, device, Backends.Layout.Contiguous(shape));

    /// <summary>Memory for a dense layout, its content undefined.</summary>
    internal static Tensor Allocate(DType dtype, Device device, in Layout layout)
    {
        Shape shape = layout.Shape;
        device.Require(dtype);
        long count = shape.ElementCount;
        int size = dtype.SizeInBytes();
        if (count > long.MaxValue / 8)
        {
            throw new OutOfDeviceMemoryException($"{device}: {dtype.ShortName()} {shape} takes more bytes than can be addressed.", device.Pool.Report);
        }

        long bytes = count * size;
        return new Tensor(device.Pool.Rent(Math.Max(bytes, 1)), dtype, layout);
    }

    /// <summary>Another handle to the memory of a state of this tensor under a layout, without history.</summary>
    private static Tensor View(TensorState state, in Layout layout, bool inScope = true) => new(state.With(layout), inScope);

    /// <summary>Another handle to a part of this new tensor's memory under a layout, without history.</summary>
    internal Tensor ViewAs(in Layout layout) => View(_state, layout);

    /// <summary>A handle over an operand's memory, without history.</summary>
    internal static Tensor Wrap(in Operand operand)
    {
        operand.Storage.AddReference();
        return new Tensor(operand.Storage, operand.DType, operand.Layout);
    }

    /// <summary>Another handle to the same memory that no scope will dispose, without history.</summary>
    internal Tensor Share()
    {
        TensorState state = _state;
        return View(state, state.Layout, inScope: false);
    }

    /// <summary>
    /// Puts this tensor onto the memory of another one of the same shape, on any device and of any type, as moving a module does; whoever holds
    /// this tensor sees the new values. PyTorch's <c>x.data = source</c>.
    /// </summary>
    /// <remarks>
    /// All at once, so that a thread that reads the tensor meanwhile has the old or the new one. One that has read the old state goes on with
    /// its memory, which is therefore left to the garbage collector.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">One of the two was disposed.</exception>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    /// <exception cref="GradientException">This tensor requires a gradient or was computed, and the source has another type.</exception>
    public void SetData(Tensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Shape != Shape)
        {
            throw new ShapeMismatchException($"SetData: the source is {source.Shape}, the tensor is {Shape}; the shapes must be equal.");
        }

        if (source.DType != DType && History is not null)
        {
            throw new GradientException($"SetData: the source is {source.DType.ShortName()}, the tensor is {DType.ShortName()} and belongs to a graph that counts on it. Set RequiresGrad to false first.");
        }

        TensorState target = source._state;
        TensorState old = Volatile.Read(ref _state);
        if (target.Storage == old.Storage)
        {
            return;
        }

        TensorState own = target.With(target.Layout);
        while (Interlocked.CompareExchange(ref _state, own, old) is { } seen && seen != old)
        {
            old = seen;
        }

        if (old.IsReleased)
        {
            // Disposed before or meanwhile: it stays disposed.
            own.Release();
            throw new ObjectDisposedException(nameof(Tensor));
        }
    }
}
