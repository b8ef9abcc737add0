using ILGPU;
using ILGPU.Runtime;

namespace Engine.Gpu;

/// <summary>Tensors as the views that kernels written in C# for ILGPU take. Nothing is copied.</summary>
/// <remarks>
/// <para>A view keeps the tensor's memory from being found by the garbage collector, not from being given back by <see cref="Tensor.Dispose"/>: a
/// launch with a view of a disposed tensor throws.</para>
/// <para>A part of a view that leads out of it is an <see cref="ArgumentOutOfRangeException"/>, where ILGPU by itself ends the process. Its
/// Cast to larger elements rounds the view's begin down without a word: let such a view begin at a multiple of them.</para>
/// <para>Autograd does not see what a kernel writes through a view. Whoever writes into a tensor that an operation may have saved says so with
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
    /// <inheritdoc cref="AsArrayView{T}"/>
    /// <exception cref="ArgumentException">The tensor has another number of axes, is flipped, or an axis has a longer stride than ILGPU's 32 bits.</exception>
    public static ArrayView2D<T, Stride2D.General> AsArrayView2D<T>(this Tensor tensor)
        where T : unmanaged
    {
        Operand operand = Check<T>(tensor, nameof(AsArrayView2D), rank: 2);
        return new ArrayView2D<T, Stride2D.General>(
            Reached<T>(operand),
            new LongIndex2D(operand.Shape[0], operand.Shape[1]),
            new Stride2D.General(new Index2D(Stride(operand, 0), Stride(operand, 1))));
    }

    /// <summary>A tensor of three axes: <c>view[i, j, k]</c> is element [i, j, k], whatever its strides.</summary>
    /// <inheritdoc cref="AsArrayView2D{T}"/>
    public static ArrayView3D<T, Stride3D.General> AsArrayView3D<T>(this Tensor tensor)
        where T : unmanaged
    {
        Operand operand = Check<T>(tensor, nameof(AsArrayView3D), rank: 3);
        return new ArrayView3D<T, Stride3D.General>(
            Reached<T>(operand),
            new LongIndex3D(operand.Shape[0], operand.Shape[1], operand.Shape[2]),
            new Stride3D.General(new Index3D(Stride(operand, 0), Stride(operand, 1), Stride(operand, 2))));
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

    /// <summary>From the first element to the last one that the strides reach.</summary>
    private static ArrayView<T> Reached<T>(in Operand operand)
        where T : unmanaged
    {
        long last = 0;
        for (int i = 0; i < operand.Layout.Rank; i++)
        {
            last += (operand.Shape[i] - 1L) * operand.Layout.Strides[i];
        }

        return new ArrayView<T>(TensorBuffer.Of(operand.Storage), operand.Layout.Offset, operand.Shape.ElementCount == 0 ? 0 : last + 1);
    }

    private static int Stride(in Operand operand, int axis) => operand.Layout.Strides[axis] is >= 0 and <= int.MaxValue and var stride
        ? (int)stride
        : throw new ArgumentException($"Axis {axis} of {operand.Shape} has the stride {operand.Layout.Strides[axis]}; a view takes 0 to {int.MaxValue}. Call Contiguous() before.");
}
