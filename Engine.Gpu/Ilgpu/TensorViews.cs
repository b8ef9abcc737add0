using ILGPU;
using ILGPU.Runtime;

namespace Engine.Gpu;

/// <summary>Tensors as the views that kernels written in C# for ILGPU take. Nothing is copied.</summary>
/// <remarks>
/// <para>A view keeps the tensor's memory from being found by the garbage collector, not from being given back by <see cref="Tensor.Dispose"/>: a
/// launch of a <see cref="DeviceKernel"/> with a view of a disposed tensor throws.</para>
/// <para>A part of a view that leads out of it is an <see cref="ArgumentOutOfRangeException"/>, where ILGPU by itself ends the process. Its
/// Cast to larger elements rounds the view's begin down without a word: let such a view begin at a multiple of them.</para>
/// <para>Autograd does not see the writes of a kernel through a view. Whoever writes into a tensor that an operation may have saved says so with
/// <c>tensor.Storage.MarkWritten()</c>, as the engine's own in-place operations do.</para>
/// </remarks>
public static class TensorViews
{
    /// <summary>The elements of a contiguous tensor, in row-major order.</summary>
    /// <typeparam name="T">float, double, int, long, byte (uint8 and truth values), ILGPU's Half, or ushort for the bits of bfloat16.</typeparam>
    /// <exception cref="DTypeMismatchException">The elements are of another type.</exception>
    /// <exception cref="ArgumentException">The tensor is not contiguous.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public static ArrayView<T> AsArrayView<T>(this Tensor tensor)
        where T : unmanaged
    {
        Operand operand = Check<T>(tensor, nameof(AsArrayView));
        return operand.Layout.IsContiguous
            ? new ArrayView<T>(TensorBuffer.Of(operand.Storage), operand.Layout.Offset, operand.Shape.ElementCount)
            : throw new ArgumentException(
                $"{nameof(AsArrayView)}: the {tensor.Shape} elements do not lie one after another; call Contiguous() before, or take {nameof(AsArrayView2D)} or {nameof(AsArrayView3D)}, which have strides.",
                nameof(tensor));
    }

    /// <summary>A tensor of two axes: <c>view[i, j]</c> is element [i, j], whatever its strides.</summary>
    /// <inheritdoc cref="AsArrayView{T}(Tensor)"/>
    /// <exception cref="ArgumentException">The tensor has another number of axes, is flipped, or an axis has a longer stride than ILGPU's 32 bits.</exception>
    public static ArrayView2D<T, Stride2D.General> AsArrayView2D<T>(this Tensor tensor)
        where T : unmanaged
    {
        Operand operand = Check<T>(tensor, nameof(AsArrayView2D), rank: 2);
        Index2D strides = new(Stride(operand, 0), Stride(operand, 1));
        return new ArrayView2D<T, Stride2D.General>(Reached<T>(operand), new LongIndex2D(operand.Shape[0], operand.Shape[1]), new Stride2D.General(strides));
    }

    /// <summary>A tensor of three axes: <c>view[i, j, k]</c> is element [i, j, k], whatever its strides.</summary>
    /// <inheritdoc cref="AsArrayView2D{T}(Tensor)"/>
    public static ArrayView3D<T, Stride3D.General> AsArrayView3D<T>(this Tensor tensor)
        where T : unmanaged
    {
        Operand operand = Check<T>(tensor, nameof(AsArrayView3D), rank: 3);
        Index3D strides = new(Stride(operand, 0), Stride(operand, 1), Stride(operand, 2));
        return new ArrayView3D<T, Stride3D.General>(
            Reached<T>(operand), new LongIndex3D(operand.Shape[0], operand.Shape[1], operand.Shape[2]), new Stride3D.General(strides));
    }

    /// <summary>The elements of a contiguous tensor as a view of an accelerator's, for ILGPU's own launchers and algorithms.</summary>
    /// <param name="tensor">A tensor on <c>cpu</c> for any CPU accelerator, or on the device that has adopted the accelerator.</param>
    /// <param name="accelerator">The accelerator.</param>
    /// <remarks>
    /// <para>On a card all that was computed before is in the adopted stream by then: ILGPU's work in that stream finds the finished values, and
    /// later work of the engine finds ILGPU's. Hold the tensor until ILGPU's call was made; ILGPU does not notice a tensor that was disposed.
    /// On the CPU, call <c>accelerator.Synchronize()</c> before the tensor is read.</para>
    /// <para>Take a new view after each operation of the engine: this call issues the waiting work.</para>
    /// </remarks>
    /// <inheritdoc cref="AsArrayView{T}(Tensor)"/>
    /// <exception cref="DeviceMismatchException">The accelerator does not have the tensor's memory.</exception>
    /// <exception cref="CaptureException">A step is being captured, which would not repeat ILGPU's work.</exception>
    public static ArrayView<T> AsArrayView<T>(this Tensor tensor, Accelerator accelerator)
        where T : unmanaged => HandOver(AsArrayView<T>(tensor), accelerator);

    /// <summary>A tensor of two axes as a view of an accelerator's; <c>view[i, j]</c> is element [i, j], whatever its strides.</summary>
    /// <inheritdoc cref="AsArrayView{T}(Tensor, Accelerator)"/>
    public static ArrayView2D<T, Stride2D.General> AsArrayView2D<T>(this Tensor tensor, Accelerator accelerator)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(accelerator);
        ArrayView2D<T, Stride2D.General> view = AsArrayView2D<T>(tensor);
        return new ArrayView2D<T, Stride2D.General>(HandOver(view.BaseView, accelerator), view.Extent, view.Stride);
    }

    /// <summary>A tensor of three axes as a view of an accelerator's; <c>view[i, j, k]</c> is element [i, j, k], whatever its strides.</summary>
    /// <inheritdoc cref="AsArrayView{T}(Tensor, Accelerator)"/>
    public static ArrayView3D<T, Stride3D.General> AsArrayView3D<T>(this Tensor tensor, Accelerator accelerator)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(accelerator);
        ArrayView3D<T, Stride3D.General> view = AsArrayView3D<T>(tensor);
        return new ArrayView3D<T, Stride3D.General>(HandOver(view.BaseView, accelerator), view.Extent, view.Stride);
    }

    private static ArrayView<T> HandOver<T>(ArrayView<T> view, Accelerator accelerator)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        Storage storage = ((TensorBuffer)AcceleratorMemory.BufferOf(view)!).Storage;
        AcceleratorMemory.Require(storage.Device, accelerator, nameof(AsArrayView));
        if (CapturePass.RecordingOn(storage.Device) is not null)
        {
            throw new CaptureException($"{nameof(AsArrayView)}: a step is being captured, and what ILGPU launches is no part of it. Launch the method by device.Kernel(…), which is recorded, or call ILGPU outside of the step.");
        }

        if (storage.Device is GpuDevice device)
        {
            device.Work.ThrowIfFailed(storage);
            device.Work.Share();
        }

        return new ArrayView<T>(TensorBuffer.Of(storage, accelerator), AcceleratorMemory.StartOf(view), view.Length);
    }

    private static Operand Check<T>(Tensor tensor, string member, int rank = -1)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        IlgpuCompiler.Require();
        KernelAssertions.ArmOnce();
        if (!TensorElements.AreSeenAs(tensor.DType, typeof(T)))
        {
            throw new DTypeMismatchException($"{member}<{typeof(T).Name}>: the tensor is {tensor.DType.ShortName()} {tensor.Shape}.");
        }

        return rank < 0 || tensor.Rank == rank
            ? tensor.Operand
            : throw new ArgumentException($"{member}: the tensor is {tensor.Shape}; it must have {rank} axes.", nameof(tensor));
    }

    /// <summary>From the first element to the last one that the strides, which are not negative, reach.</summary>
    private static ArrayView<T> Reached<T>(in Operand operand)
        where T : unmanaged => new(TensorBuffer.Of(operand.Storage), operand.Layout.Offset, operand.Layout.Reach);

    private static int Stride(in Operand operand, int axis) => operand.Layout.Strides[axis] is >= 0 and <= int.MaxValue and var stride
        ? (int)stride
        : throw new ArgumentException($"Axis {axis} of {operand.Shape} has the stride {operand.Layout.Strides[axis]}; a view takes 0 to {int.MaxValue}. Call Contiguous() before.");
}
