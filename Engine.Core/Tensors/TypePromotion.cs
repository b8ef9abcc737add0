namespace Engine;

/// <summary>Which element type an operation has: NumPy's ladder, with numbers and tensors without axes weak as in PyTorch.</summary>
/// <remarks>
/// Tensors with axes are promoted among each other by <see cref="Promote"/>. Tensors without axes take part only where they are of a higher
/// kind (bool &lt; integer &lt; floating point): f16 [n] · f32 [] is f16, f32 [n] + f64 [] is f32, but i64 [n] · f32 [] is f32. Among tensors
/// without axes only, all of them count. A number that the type does not hold is not wrapped into it before it is used: u8 &lt; −5 is false and
/// 2.5 − u8 may be negative, where PyTorch takes 251 for −5.
/// </remarks>
internal static class TypePromotion
{
    /// <summary>
    /// bool &lt; u8 &lt; i32 &lt; i64 &lt; f16, bf16 &lt; f32 &lt; f64; f16 with bf16 gives f32. An integer tensor never widens a floating one.
    /// </summary>
    public static DType Promote(DType a, DType b)
    {
        bool isBothHalf = (a == DType.Float16 && b == DType.BFloat16) || (a == DType.BFloat16 && b == DType.Float16);
        return isBothHalf ? DType.Float32 : (DType)Math.Max((byte)a, (byte)b);
    }

    /// <summary>The type of an operation on tensors, those without axes being weak.</summary>
    public static DType Common(params ReadOnlySpan<Tensor> tensors)
    {
        DType? strong = null, weak = null;
        foreach (Tensor x in tensors)
        {
            ref DType? type = ref (x.Rank == 0 ? ref weak : ref strong);
            type = type is { } so ? Promote(so, x.DType) : x.DType;
        }

        return strong is not { } full ? weak ?? throw new ArgumentException("An operation needs at least one tensor.", nameof(tensors))
            : weak is { } single && Kind(single) > Kind(full) ? Promote(full, single)
            : full;
    }

    /// <summary>
    /// A tensor with a C# number: the number is weak, it never widens a floating tensor. A fraction makes an integer tensor float32, a whole
    /// number that 32 bits do not hold makes it int64, and one past 2⁵³, which a double does not hold exactly, float32.
    /// </summary>
    public static DType PromoteScalar(DType tensor, double scalar) =>
        tensor.IsFloatingPoint() ? tensor
        : !double.IsInteger(scalar) || Math.Abs(scalar) > ExactInDouble ? DType.Float32
        : PromoteScalar(tensor, (long)scalar);

    /// <inheritdoc cref="PromoteScalar(DType, double)"/>
    public static DType PromoteScalar(DType tensor, long scalar) =>
        tensor.IsFloatingPoint() ? tensor
        : tensor == DType.Bool || scalar is < int.MinValue or > int.MaxValue ? DType.Int64
        : tensor;

    /// <summary>Up to this magnitude every whole number is a double.</summary>
    public const double ExactInDouble = 1L << 53;

    /// <summary>The floating type for results that have a fraction (division, mean, exp): integers become float32.</summary>
    public static DType ToFloating(DType dtype) => dtype.IsFloatingPoint() ? dtype : DType.Float32;

    /// <summary>The type of a sum: integers widen to int64.</summary>
    public static DType ToSum(DType dtype) => dtype.IsFloatingPoint() ? dtype : DType.Int64;

    private static int Kind(DType dtype) => dtype.IsFloatingPoint() ? 2 : dtype == DType.Bool ? 0 : 1;

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
