using System.Runtime.InteropServices;

namespace Engine.Nn;

/// <summary>Elements in host memory with a type and a shape: what a sample consists of, before a batch is put on a device.</summary>
/// <remarks>
/// Arrays and numbers become one by themselves: <c>new Sample(pixels, label)</c>. An array is referred to, not copied, so it must not be changed
/// afterwards. A single <c>int</c> becomes int64, as class numbers are in PyTorch's batches; all other types stay.
/// </remarks>
public readonly struct HostArray
{
    private readonly Array? _values;
    private readonly Shape? _shape;

    private HostArray(Array values, DType dtype, Shape shape) => (_values, DType, _shape) = (values, dtype, shape);

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The sizes of the axes; of a single number none.</summary>
    public Shape Shape => _shape ?? [0];

    /// <summary>The elements in row-major order as bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _values is null ? [] : MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(_values), checked((int)(Shape.ElementCount * DType.SizeInBytes())));

    /// <summary>An array of one axis.</summary>
    public static implicit operator HostArray(float[] values) => From(values);

    /// <summary>An array of one axis.</summary>
    public static implicit operator HostArray(double[] values) => From(values);

    /// <summary>An array of one axis.</summary>
    public static implicit operator HostArray(long[] values) => From(values);

    /// <summary>An array of one axis.</summary>
    public static implicit operator HostArray(int[] values) => From(values);

    /// <summary>An array of one axis.</summary>
    public static implicit operator HostArray(byte[] values) => From(values);

    /// <summary>An array of one axis.</summary>
    public static implicit operator HostArray(bool[] values) => From(values);

    /// <summary>A single number.</summary>
    public static implicit operator HostArray(float value) => From([value], Shape.Scalar);

    /// <summary>A single number, float64.</summary>
    public static implicit operator HostArray(double value) => From([value], Shape.Scalar);

    /// <summary>A single number.</summary>
    public static implicit operator HostArray(long value) => From([value], Shape.Scalar);

    /// <summary>A single number, int64.</summary>
    public static implicit operator HostArray(int value) => From([(long)value], Shape.Scalar);

    /// <summary>A single truth value.</summary>
    public static implicit operator HostArray(bool value) => From([value], Shape.Scalar);

    /// <summary>A copy of a tensor's elements; waits for its device.</summary>
    public static implicit operator HostArray(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor source = tensor.Contiguous();
        int size = source.DType.SizeInBytes();
        byte[] bytes = new byte[source.ElementCount * size];
        source.Device.Download(source.Storage, source.Layout.Offset * size, bytes);
        return new HostArray(bytes, source.DType, source.Shape);
    }

    /// <summary>An array of one axis, of any element type that tensors have.</summary>
    public static HostArray From<T>(T[] values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return new HostArray(values, TypeOf<T>(), [values.Length]);
    }

    /// <summary>An array of any number of axes in row-major order.</summary>
    /// <exception cref="ShapeMismatchException">The array has another number of elements than the shape.</exception>
    public static HostArray From<T>(T[] values, Shape shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.Length == shape.ElementCount
            ? new HostArray(values, TypeOf<T>(), shape)
            : throw new ShapeMismatchException($"HostArray: {values.Length} values do not fill {shape}, which has {shape.ElementCount}.");
    }

    /// <summary>Elements as bytes in row-major order.</summary>
    internal static HostArray OfBytes(byte[] bytes, DType dtype, Shape shape) => new(bytes, dtype, shape);

    /// <summary>The bytes of <see cref="OfBytes"/> themselves; of other arrays a copy.</summary>
    internal byte[] OwnBytes() => _values as byte[] ?? Bytes.ToArray();

    private static DType TypeOf<T>() =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(int) ? DType.Int32
        : typeof(T) == typeof(long) ? DType.Int64
        : typeof(T) == typeof(byte) ? DType.UInt8
        : typeof(T) == typeof(bool) ? DType.Bool
        : typeof(T) == typeof(Half) ? DType.Float16
        : typeof(T) == typeof(BFloat16) ? DType.BFloat16
        : throw new DTypeMismatchException($"HostArray: no element type stores {typeof(T).Name}; use float, double, int, long, byte, bool, Half or BFloat16.");

    /// <summary>Type and shape: "f32 [3, 8, 8]".</summary>
    public override string ToString() => $"{DType.ShortName()} {Shape}";
}
