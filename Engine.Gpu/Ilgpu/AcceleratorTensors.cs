using ILGPU;
using ILGPU.Runtime;

namespace Engine.Gpu;

/// <summary>Buffers and views of ILGPU's as tensors. Nothing is copied; who writes to one has written to the other.</summary>
/// <remarks>
/// <para>The device has the memory: <c>cpu</c> that of CPU accelerators, an adopted device that of its accelerator. The element types are float,
/// double, int, long, byte and ILGPU's Half. A buffer lives as long as a tensor of it does unless it is disposed, which ends the tensors, too.</para>
/// <para>On a card the tensors are in order with ILGPU's work in the adopted stream. CPU accelerators compute at once, but in threads of their
/// own: call their <c>Synchronize()</c> before a tensor is read. Autograd does not see writes of ILGPU; <c>tensor.Storage.MarkWritten()</c> reports them.</para>
/// </remarks>
public static class AcceleratorTensors
{
    /// <summary>The elements of a view, as a tensor of one axis.</summary>
    /// <inheritdoc cref="Wrap{T}(Device, ArrayView{T}, Shape)"/>
    public static Tensor Wrap<T>(this Device device, ArrayView<T> view)
        where T : unmanaged => Wrap(device, view, [Axis(view.Length)]);

    /// <summary>The elements of a view, as a row-major tensor of a shape.</summary>
    /// <param name="device">The device that has the view's memory.</param>
    /// <param name="view">The elements.</param>
    /// <param name="shape">As many elements as the view has.</param>
    /// <exception cref="ArgumentException">The shape has another number of elements, or the memory does not begin at a multiple of an element.</exception>
    /// <exception cref="DTypeMismatchException">Tensors have no such elements.</exception>
    /// <exception cref="DeviceMismatchException">The memory is not this device's.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or the tensor that the view is of, was disposed.</exception>
    public static Tensor Wrap<T>(this Device device, ArrayView<T> view, Shape shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        return shape.ElementCount == view.Length
            ? Wrap(device, view, Layout.Contiguous(shape))
            : throw new ArgumentException($"{nameof(Wrap)}: a tensor of {shape} has {shape.ElementCount} elements, the view has {view.Length}.", nameof(shape));
    }

    /// <summary>A view of one axis; <c>tensor[i]</c> is <c>view[i]</c>, whatever its stride.</summary>
    /// <inheritdoc cref="Wrap{T}(Device, ArrayView{T}, Shape)"/>
    public static Tensor Wrap<T, TStride>(this Device device, ArrayView1D<T, TStride> view)
        where T : unmanaged
        where TStride : struct, IStride1D => Wrap(device, view.BaseView, new Layout([Axis(view.Extent.X)], [view.Stride.XStride], 0));

    /// <summary>A view of two axes; <c>tensor[i, j]</c> is <c>view[i, j]</c>, whatever its strides.</summary>
    /// <inheritdoc cref="Wrap{T}(Device, ArrayView{T}, Shape)"/>
    public static Tensor Wrap<T, TStride>(this Device device, ArrayView2D<T, TStride> view)
        where T : unmanaged
        where TStride : struct, IStride2D =>
        Wrap(device, view.BaseView, new Layout([Axis(view.Extent.X), Axis(view.Extent.Y)], [view.Stride.XStride, view.Stride.YStride], 0));

    /// <summary>A view of three axes; <c>tensor[i, j, k]</c> is <c>view[i, j, k]</c>, whatever its strides.</summary>
    /// <inheritdoc cref="Wrap{T}(Device, ArrayView{T}, Shape)"/>
    public static Tensor Wrap<T, TStride>(this Device device, ArrayView3D<T, TStride> view)
        where T : unmanaged
        where TStride : struct, IStride3D =>
        Wrap(
            device,
            view.BaseView,
            new Layout([Axis(view.Extent.X), Axis(view.Extent.Y), Axis(view.Extent.Z)], [view.Stride.XStride, view.Stride.YStride, view.Stride.ZStride], 0));

    /// <summary>A buffer of one axis.</summary>
    /// <inheritdoc cref="Wrap{T, TStride}(Device, ArrayView1D{T, TStride})"/>
    public static Tensor Wrap<T, TStride>(this Device device, MemoryBuffer1D<T, TStride> buffer)
        where T : unmanaged
        where TStride : struct, IStride1D => Wrap(device, ViewOf<ArrayView1D<T, TStride>>(device, buffer));

    /// <summary>A dense buffer, as a row-major tensor of a shape.</summary>
    /// <inheritdoc cref="Wrap{T}(Device, ArrayView{T}, Shape)"/>
    public static Tensor Wrap<T>(this Device device, MemoryBuffer1D<T, Stride1D.Dense> buffer, Shape shape)
        where T : unmanaged => Wrap<T>(device, ViewOf<ArrayView1D<T, Stride1D.Dense>>(device, buffer), shape);

    /// <summary>A buffer of two axes.</summary>
    /// <inheritdoc cref="Wrap{T, TStride}(Device, ArrayView2D{T, TStride})"/>
    public static Tensor Wrap<T, TStride>(this Device device, MemoryBuffer2D<T, TStride> buffer)
        where T : unmanaged
        where TStride : struct, IStride2D => Wrap(device, ViewOf<ArrayView2D<T, TStride>>(device, buffer));

    /// <summary>A buffer of three axes.</summary>
    /// <inheritdoc cref="Wrap{T, TStride}(Device, ArrayView3D{T, TStride})"/>
    public static Tensor Wrap<T, TStride>(this Device device, MemoryBuffer3D<T, TStride> buffer)
        where T : unmanaged
        where TStride : struct, IStride3D => Wrap(device, ViewOf<ArrayView3D<T, TStride>>(device, buffer));

    // A buffer that was disposed has an empty view, which would be a tensor without elements.
    private static TView ViewOf<TView>(Device device, MemoryBuffer<TView> buffer)
        where TView : struct, IArrayView
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(buffer);
        ObjectDisposedException.ThrowIf(buffer.IsDisposed, buffer);
        return buffer.View;
    }

    private static int Axis(long length) => length <= int.MaxValue
        ? (int)length
        : throw new ArgumentException($"{nameof(Wrap)}: an axis of {length} elements; an axis of a tensor has at most {int.MaxValue}. Give a shape with more axes.");

    private static Tensor Wrap<T>(Device device, ArrayView<T> view, Layout layout)
        where T : unmanaged
    {
        IlgpuCompiler.Require();
        ArgumentNullException.ThrowIfNull(device);
        DType dtype = TensorElements.TypeOf(typeof(T))
            ?? throw new DTypeMismatchException($"{nameof(Wrap)}: tensors have no elements of type {typeof(T).Name}. Cast the view to float, double, int, long, byte or ILGPU's Half.");
        long reached = Reached(layout);
        if (reached > view.Length)
        {
            throw new ArgumentException($"{nameof(Wrap)}: the strides of {layout.Shape} reach {reached} elements, the view has {view.Length}.", nameof(view));
        }

        MemoryBuffer? buffer = AcceleratorMemory.BufferOf(view);
        if (buffer is TensorBuffer { Storage: { } storage })
        {
            return storage.Device == device
                ? new Operand(storage, dtype, new Layout(layout.Shape, layout.Strides, AcceleratorMemory.StartOf(view))).ToTensor()
                : throw new DeviceMismatchException($"{nameof(Wrap)}: the view is of a tensor on {storage.Device}, not on {device}. Move the tensor with To(device).");
        }

        if (buffer is not null)
        {
            AcceleratorMemory.Require(device, buffer.Accelerator, nameof(Wrap));
            ObjectDisposedException.ThrowIf(buffer.IsDisposed, buffer);
        }

        if (layout.Shape.ElementCount == 0)
        {
            return Tensor.Empty(layout.Shape, dtype, device);
        }

        return buffer is null
            ? throw new ArgumentException($"{nameof(Wrap)}: the view is of no memory.", nameof(view))
            : Wrap(device, buffer, AcceleratorMemory.StartOf(view), dtype, layout, reached);
    }

    private static Tensor Wrap(Device device, MemoryBuffer buffer, long start, DType dtype, in Layout layout, long reached)
    {
        bool isDense = layout.IsContiguous;
        Shape flat = isDense ? layout.Shape : [Axis(reached)];
        nint bytes = checked((nint)(start * dtype.SizeInBytes()));
        Tensor tensor = device switch
        {
            CudaDevice cuda => cuda.Wrap(buffer.NativePtr + bytes, flat, dtype, buffer),
            OpenClDevice openCl => openCl.Wrap(buffer.NativePtr, bytes, flat, dtype, buffer),
            _ => WrapHost((HostDevice)device, buffer.NativePtr + bytes, flat, dtype, buffer),
        };
        if (isDense)
        {
            return tensor;
        }

        using (tensor)
        {
            return tensor.Operand.With(new Layout(layout.Shape, layout.Strides, tensor.Layout.Offset)).ToTensor();
        }
    }

    private static Tensor WrapHost(HostDevice device, nint address, Shape shape, DType dtype, object owner)
    {
        int size = dtype.SizeInBytes();
        if (address % size != 0)
        {
            throw new ArgumentException($"{nameof(Wrap)}: the memory begins at a place that is not a multiple of the {size} bytes of an element.");
        }

        // Handles are aligned on this device; nothing before the address is touched.
        nint handle = address & -HostDevice.Alignment;
        long offset = (address - handle) / size;
        return Storage.Wrap(device, handle, (offset + shape.ElementCount) * size, dtype, Layout.Contiguous(shape, offset), owner);
    }

    private static long Reached(in Layout layout)
    {
        if (layout.Shape.ElementCount == 0)
        {
            return 0;
        }

        for (int i = 0; i < layout.Rank; i++)
        {
            if (layout.Strides[i] < 0)
            {
                throw new ArgumentException($"{nameof(Wrap)}: axis {i} has the stride {layout.Strides[i]}; views that run backwards cannot be tensors.");
            }
        }

        return layout.Reach;
    }
}
