using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>Copies to the host. These, and printing, are the only calls that wait for the device.</summary>
public sealed partial class Tensor
{
    /// <summary>The value of a tensor with one element; an int64 past 2⁵³ is rounded to the nearest double, see <see cref="Item{T}"/>.</summary>
    /// <exception cref="ShapeMismatchException">It has more or fewer elements.</exception>
    public double Item() => Item<double>();

    /// <summary>The value of a tensor with one element, converted to T where the types differ: <c>Item&lt;long&gt;()</c> is exact for every integer.</summary>
    /// <exception cref="ShapeMismatchException">It has more or fewer elements.</exception>
    public T Item<T>()
        where T : unmanaged
    {
        if (ElementCount != 1)
        {
            throw new ShapeMismatchException($"Item: the tensor is {Shape}; only one with a single element is a number. Index or reduce it first.");
        }

        Device.Refuse(nameof(Item), HostAccess.Read);
        Span<T> value = stackalloc T[1];
        CopyTo(value);
        return value[0];
    }

    /// <summary>The elements in row-major order, converted to T where the types differ.</summary>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        Device.Refuse(nameof(ToArray), HostAccess.Read);
        Guard.HostArray(nameof(ToArray), ElementCount, TypePromotion.Of<T>().SizeInBytes());
        T[] values = new T[ElementCount];
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
        Operand own = Operand;
        if (own.Storage.Device is not HostDevice && own.DType != TypePromotion.Of<T>())
        {
            DownloadConverted(ContiguousOrSelf().Operand, TypePromotion.Of<T>(), MemoryMarshal.AsBytes(destination[..(int)own.Shape.ElementCount]));
            return;
        }

        Operand source = ToOrSelf(TypePromotion.Of<T>()).ContiguousOrSelf().Operand;
        if (source.DType != TypePromotion.Of<T>())
        {
            // Another thread has moved the tensor meanwhile. A handle of our own does not move.
            Alias().CopyTo(destination);
            return;
        }

        source.Storage.Device.Download(source.Storage, source.Layout.Offset * source.DType.SizeInBytes(), MemoryMarshal.AsBytes(destination[..(int)source.Shape.ElementCount]));
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
        Operand own = Operand;
        if (TypePromotion.Of<T>() == own.DType && own.Layout.IsContiguous)
        {
            own.Storage.Device.Upload(MemoryMarshal.AsBytes(source), own.Storage, own.Layout.Offset * own.DType.SizeInBytes());
            own.Storage.MarkWritten();
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        if (Device is HostDevice)
        {
            CopyFrom(From(source, Shape, Device));
        }
        else if (IsContiguous)
        {
            UploadConverted(source, this);
            Storage.MarkWritten();
        }
        else
        {
            Tensor dense = Allocate(Shape, DType, Device);
            UploadConverted(source, dense);
            CopyFrom(dense);
        }
    }

    /// <summary>Overwrites the elements with those of a tensor, broadcast and converted as needed.</summary>
    public void CopyFrom(Tensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        CheckInPlace(nameof(CopyFrom));
        CheckBroadcastInto(nameof(CopyFrom), source);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        // Where the destination's device could not hold the source's type, it is converted before it goes there.
        Tensor local = this.Unaliased((source.DType == DType.Float64 && !Device.HasFloat64 ? source.ToOrSelf(DType) : source).ToOrSelf(Device));
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
        Guard.HostArray("Tensor.From", values.FlattenedLength, TypePromotion.Of<T>().SizeInBytes());
        Shape.CheckRank(values.Rank, nameof(values));
        T[] flat = new T[values.FlattenedLength];
        values.FlattenTo(flat);
        Span<int> sizes = stackalloc int[values.Rank];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = Guard.Size("Tensor.From", values.Lengths[i]);
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

    /// <summary>
    /// The elements of a contiguous tensor in host memory, without copying: to go through, to index, to copy, and with
    /// <see cref="HostSpan{T}.Pin"/> as a <see cref="Span{T}"/>. The memory lives as long as the result is in use, also that of a temporary.
    /// </summary>
    /// <exception cref="InvalidOperationException">The device's memory is not the host's, the tensor has gaps, or T is another type.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public HostSpan<T> AsSpan<T>()
        where T : unmanaged
    {
        Operand operand = HostOperand<T>(nameof(AsSpan));
        return new HostSpan<T>(operand.Storage, operand.Layout.Offset, Guard.Size(nameof(AsSpan), operand.Shape.ElementCount));
    }

    /// <summary>
    /// The elements of a contiguous tensor in host memory with their axes, without copying: to index, to copy, and with
    /// <see cref="HostTensorSpan{T}.Pin"/> as the BCL's <see cref="TensorSpan{T}"/>. The memory lives as long as the result is in use.
    /// </summary>
    /// <inheritdoc cref="AsSpan{T}"/>
    public HostTensorSpan<T> AsTensorSpan<T>()
        where T : unmanaged
    {
        Operand operand = HostOperand<T>(nameof(AsTensorSpan));
        return new HostTensorSpan<T>(new HostSpan<T>(operand.Storage, operand.Layout.Offset, Guard.Size(nameof(AsSpan), operand.Shape.ElementCount)), operand.Shape);
    }

    /// <summary>The elements of a tensor that is known to be contiguous, in host memory and of type T, also while a step is captured.</summary>
    internal HostSpan<T> HostValues<T>()
        where T : unmanaged
    {
        TensorState state = _state;
        return new HostSpan<T>(state.Storage, state.Layout.Offset, Guard.Size(nameof(AsSpan), state.Layout.Shape.ElementCount));
    }

    private Operand HostOperand<T>(string op)
        where T : unmanaged
    {
        TensorState state = _state;
        if (state.Device is not HostDevice || !state.Layout.IsContiguous || TypePromotion.Of<T>() != state.DType)
        {
            throw new InvalidOperationException($"{op}<{typeof(T).Name}>: needs a contiguous tensor of that type in host memory; this is {state.DType.ShortName()} {state.Layout.Shape} on {state.Device}. Use ToArray or CopyTo.");
        }

        state.Device.Refuse(op, HostAccess.Read);
        return new Operand(state.Storage, state.DType, state.Layout);
    }

    // Converted on the host: that spares the device a kernel and a block, and one without double precision could not do it.
    [SkipLocalsInit]
    private static void DownloadConverted(in Operand source, DType type, Span<byte> destination)
    {
        const int BytesOnStack = 256;
        int size = source.DType.SizeInBytes(), bytes = checked((int)source.Shape.ElementCount * size);
        byte[]? rented = bytes > BytesOnStack ? ArrayPool<byte>.Shared.Rent(bytes) : null;
        Span<byte> raw = (rented ?? stackalloc byte[BytesOnStack])[..bytes];
        source.Storage.Device.Download(source.Storage, source.Layout.Offset * size, raw);
        HostConversion.Convert(source.DType, raw, type, destination);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void UploadConverted<T>(ReadOnlySpan<T> source, Tensor destination)
        where T : unmanaged
    {
        int size = destination.DType.SizeInBytes();
        byte[] bytes = new byte[checked(source.Length * size)];
        HostConversion.Convert(TypePromotion.Of<T>(), MemoryMarshal.AsBytes(source), destination.DType, bytes);
        destination.Device.Upload(bytes, destination.Storage, destination.Layout.Offset * size);
    }

    internal void CheckBroadcastInto(string op, Tensor source)
    {
        if (source.Shape != Shape && (!Shape.TryBroadcast(source.Shape, Shape, out Shape result) || result != Shape))
        {
            throw new ShapeMismatchException($"{op}: {source.Shape} does not broadcast to the destination's shape {Shape}; a destination is never stretched.");
        }
    }
}
