namespace Engine;

/// <summary>The element type of a <see cref="Tensor"/>.</summary>
public enum DType : byte
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8,

    /// <summary>Signed 32-bit integer.</summary>
    Int32,

    /// <summary>Signed 64-bit integer; the type of indices.</summary>
    Int64,

    /// <summary>IEEE 754 binary16; a storage type, arithmetic is done in <see cref="Float32"/>.</summary>
    Float16,

    /// <summary>The upper half of a binary32; a storage type, arithmetic is done in <see cref="Float32"/>.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary32; the default.</summary>
    Float32,

    /// <summary>IEEE 754 binary64.</summary>
    Float64,
}

/// <summary>Facts about each <see cref="DType"/>.</summary>
public static class DTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int SizeInBytes(this DType dtype) => dtype switch
    {
        DType.Bool or DType.UInt8 => 1,
        DType.Float16 or DType.BFloat16 => 2,
        DType.Int32 or DType.Float32 => 4,
        DType.Int64 or DType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };

    /// <summary>Whether values can have a fraction, and so a gradient.</summary>
    public static bool IsFloatingPoint(this DType dtype) => dtype >= DType.Float16;

    /// <summary>Whether it is one of the two 16-bit floating types.</summary>
    public static bool IsHalf(this DType dtype) => dtype is DType.Float16 or DType.BFloat16;

    /// <summary>The short name that printing and errors use: <c>f32</c>, <c>i64</c>, …</summary>
    public static string ShortName(this DType dtype) => dtype switch
    {
        DType.Bool => "bool",
        DType.UInt8 => "u8",
        DType.Int32 => "i32",
        DType.Int64 => "i64",
        DType.Float16 => "f16",
        DType.BFloat16 => "bf16",
        DType.Float32 => "f32",
        DType.Float64 => "f64",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };

    /// <summary>
    /// The type in which a kernel computes on elements of <paramref name="dtype"/>: float16 and bfloat16 in float32, bytes and truth values
    /// in int32, everything else in itself.
    /// </summary>
    public static DType ComputeType(this DType dtype) => dtype switch
    {
        DType.Bool or DType.UInt8 => DType.Int32,
        DType.Float16 or DType.BFloat16 => DType.Float32,
        _ => dtype,
    };
}
