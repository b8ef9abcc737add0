using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>Copies to the host. These, and printing, are the only calls that wait for the device.</summary>
public sealed partial class Tensor
{
    /// <summary>The value of a tensor with one element.</summary>
    /// <exception cref="ShapeMismatchException">It has more or fewer elements.</exception>
    public double Item()
    {
        if (ElementCount != 1)
        {
            throw new ShapeMismatchException($"Item: the tensor is {Shape}; only one with a single element is a number. Index or reduce it first.");
        }

        Device.Refuse(nameof(Item), HostAccess.Read);
        Span<double> value = stackalloc double[1];
        CopyTo(value);
        return value[0];
    }

    /// <summary>The elements in row-major order, converted to T where the types differ.</summary>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        Device.Refuse(nameof(ToArray), HostAccess.Read);
        T[] values = new T[checked((int)ElementCount)];
        CopyTo<T>(values);
        return values;
    }

    /// <summary>Writes the elements in row-major order, converted to T where the types differ.</summary>
    /// <exception cref="ArgumentException">The span is too short.</exception>
    public void CopyTo<T>(Span<T> destination)
        where T : unmanaged
    {
        if (destination.Length < ElementCount)
        {
            throw new ArgumentException($"CopyTo: the span holds {destination.Length} values, the tensor {Shape} has {ElementCount}.", nameof(destination));
        }

        Device.Refuse(nameof(CopyTo), HostAccess.Read);
        if (ElementCount == 0)
        {
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor source = To(TypePromotion.Of<T>()).Contiguous();
        int size = source.DType.SizeInBytes();
        Device.Download(source.Storage, source._layout.Offset * size, MemoryMarshal.AsBytes(destination[..(int)ElementCount]));
    }

    /// <summary>Overwrites the elements with the values of a span in row-major order.</summary>
    public void CopyFrom<T>(ReadOnlySpan<T> source)
        where T : unmanaged
    {
        CheckInPlace(nameof(CopyFrom));
        if (source.Length != ElementCount)
        {
            throw new ShapeMismatchException($"CopyFrom: {source.Length} values do not fill shape {Shape}, which has {ElementCount} elements.");
        }

        Device.Refuse(nameof(CopyFrom), HostAccess.Upload);
        if (TypePromotion.Of<T>() == DType && IsContiguous)
        {
            Device.Upload(MemoryMarshal.AsBytes(source), Storage, _layout.Offset * DType.SizeInBytes());
            Storage.MarkWritten();
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        CopyFrom(From(source, Shape, Device));
    }

    /// <summary>Overwrites the elements with those of a tensor, broadcast and converted as needed.</summary>
    public void CopyFrom(Tensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        CheckInPlace(nameof(CopyFrom));
        CheckBroadcastInto(nameof(CopyFrom), source);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor local = Unaliased(source.To(Device));
        Pointwise.Into(this, Programs.Copy, [local], [], local.DType.IsFloatingPoint() ? local.DType.ComputeType() : null);
    }

    /// <summary>A copy as the BCL's exchange type.</summary>
    public Tensor<T> ToDotNet<T>()
        where T : unmanaged
    {
        Span<nint> lengths = stackalloc nint[Rank];
        for (int i = 0; i < Rank; i++)
        {
            lengths[i] = Shape[i];
        }

        return System.Numerics.Tensors.Tensor.Create(ToArray<T>(), lengths);
    }

    /// <summary>A tensor with the values of the BCL's exchange type.</summary>
    public static Tensor From<T>(in ReadOnlyTensorSpan<T> values, Device? device = null)
        where T : unmanaged
    {
        T[] flat = new T[checked((int)values.FlattenedLength)];
        values.FlattenTo(flat);
        Span<int> sizes = stackalloc int[values.Rank];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = checked((int)values.Lengths[i]);
        }

        return From((ReadOnlySpan<T>)flat, new Shape(sizes), device);
    }

    /// <summary>A tensor with the values of the BCL's exchange type.</summary>
    public static Tensor From<T>(Tensor<T> values, Device? device = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return From(values.AsReadOnlyTensorSpan(), device);
    }

    /// <summary>The memory of a contiguous tensor on a host device as a span, without copying. Valid while the tensor lives.</summary>
    /// <exception cref="InvalidOperationException">The device's memory is not the host's, the tensor has gaps, or T is another type.</exception>
    public Span<T> AsSpan<T>()
        where T : unmanaged
    {
        if (Device is not HostDevice || !IsContiguous || TypePromotion.Of<T>() != DType)
        {
            throw new InvalidOperationException($"AsSpan<{typeof(T).Name}>: needs a contiguous tensor of that type in host memory; this is {DType.ShortName()} {Shape} on {Device}. Use ToArray or CopyTo.");
        }

        Device.Refuse(nameof(AsSpan), HostAccess.Read);
        return HostSpan<T>();
    }

    /// <summary>The span of a tensor that is known to be contiguous, in host memory and of type T.</summary>
    internal unsafe Span<T> HostSpan<T>()
        where T : unmanaged => new((void*)Operand.Address, checked((int)ElementCount));

    /// <summary>The memory of a tensor on a host device as the BCL's span type with strides, without copying. Valid while the tensor lives.</summary>
    public unsafe TensorSpan<T> AsTensorSpan<T>()
        where T : unmanaged
    {
        Span<T> span = AsSpan<T>();
        Span<nint> lengths = stackalloc nint[Rank];
        for (int i = 0; i < Rank; i++)
        {
            lengths[i] = Shape[i];
        }

        fixed (T* start = span)
        {
            return new TensorSpan<T>(start, span.Length, lengths, []);
        }
    }

    private void CheckBroadcastInto(string op, Tensor source)
    {
        if (source.Shape != Shape && (!Shape.TryBroadcast(source.Shape, Shape, out Shape result) || result != Shape))
        {
            throw new ShapeMismatchException($"{op}: {source.Shape} does not broadcast to the destination's shape {Shape}; a destination is never stretched.");
        }
    }
}
