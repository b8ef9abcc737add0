using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>The type of a value in a kernel; memory holds element types, which are converted at loads and stores.</summary>
internal enum RegisterType : byte
{
    /// <summary>A truth value; it cannot be stored.</summary>
    Bool,

    /// <summary>Signed, wraps around.</summary>
    Int32,

    /// <summary>Unsigned, wraps around.</summary>
    UInt32,

    /// <summary>Signed, wraps around.</summary>
    Int64,

    /// <summary>Single precision.</summary>
    Float32,

    /// <summary>Double precision.</summary>
    Float64,
}

/// <summary>Facts about register types.</summary>
internal static class RegisterTypes
{
    /// <summary>Whether values have a fraction.</summary>
    public static bool IsFloat(this RegisterType type) => type is RegisterType.Float32 or RegisterType.Float64;

    /// <summary>Whether values are whole numbers.</summary>
    public static bool IsInteger(this RegisterType type) => type is RegisterType.Int32 or RegisterType.UInt32 or RegisterType.Int64;

    /// <summary>The type in which a loaded element arrives: bytes and truth values as Int32, half precision as Float32.</summary>
    public static RegisterType InRegister(this DType element) => element switch
    {
        DType.Float32 or DType.Float16 or DType.BFloat16 => RegisterType.Float32,
        DType.Float64 => RegisterType.Float64,
        DType.Int64 => RegisterType.Int64,
        DType.Int32 or DType.UInt8 or DType.Bool => RegisterType.Int32,
        _ => throw new UnreachableException(),
    };

    /// <summary>The element type that holds a register; truth values and unsigned numbers have none.</summary>
    public static DType InMemory(this RegisterType type) => type switch
    {
        RegisterType.Float32 => DType.Float32,
        RegisterType.Float64 => DType.Float64,
        RegisterType.Int32 => DType.Int32,
        RegisterType.Int64 => DType.Int64,
        RegisterType.Bool or RegisterType.UInt32 or _ => throw new UnreachableException($"{type} in memory"),
    };
}
