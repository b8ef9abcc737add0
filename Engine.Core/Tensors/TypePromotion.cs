namespace Engine;

/// <summary>Which element type an operation on two types has: NumPy's ladder with PyTorch's weak scalars.</summary>
internal static class TypePromotion
{
    /// <summary>
    /// bool &lt; u8 &lt; i32 &lt; i64 &lt; f16, bf16 &lt; f32 &lt; f64; f16 with bf16 gives f32. An integer tensor never widens a floating one.
    /// </summary>
    public static DType Promote(DType a, DType b)
    {
        bool halves = (a == DType.Float16 && b == DType.BFloat16) || (a == DType.BFloat16 && b == DType.Float16);
        return halves ? DType.Float32 : (DType)Math.Max((byte)a, (byte)b);
    }

    /// <summary>A tensor with a C# number: the number is weak, it never widens a floating tensor; a fraction makes an integer tensor float32.</summary>
    public static DType PromoteScalar(DType tensor, double scalar) =>
        tensor.IsFloatingPoint() ? tensor
        : double.IsInteger(scalar) && Math.Abs(scalar) <= 1L << 53 ? (tensor == DType.Bool ? DType.Int64 : tensor)
        : DType.Float32;

    /// <summary>The floating type for results that have a fraction (division, mean, exp): integers become float32.</summary>
    public static DType ToFloating(DType dtype) => dtype.IsFloatingPoint() ? dtype : DType.Float32;

    /// <summary>The type of a sum: integers widen to int64.</summary>
    public static DType ToSum(DType dtype) => dtype.IsFloatingPoint() ? dtype : DType.Int64;

    /// <summary>The element type that C# values of type T have.</summary>
    public static DType Of<T>()
        where T : unmanaged =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(int) ? DType.Int32
        : typeof(T) == typeof(long) ? DType.Int64
        : typeof(T) == typeof(byte) ? DType.UInt8
        : typeof(T) == typeof(bool) ? DType.Bool
        : typeof(T) == typeof(Half) ? DType.Float16
        : typeof(T) == typeof(BFloat16) ? DType.BFloat16
        : throw new DTypeMismatchException($"No element type stores {typeof(T).Name}; use float, double, int, long, byte, bool, Half or BFloat16.");
}
