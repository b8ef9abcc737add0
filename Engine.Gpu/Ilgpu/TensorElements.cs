namespace Engine.Gpu;

/// <summary>Which numbers of C# a tensor's elements are in a kernel.</summary>
internal static class TensorElements
{
    /// <summary>The tensor type whose elements are of a type of C#; null if there is none.</summary>
    public static DType? TypeOf(Type type) => type == typeof(float) ? DType.Float32
        : type == typeof(double) ? DType.Float64
        : type == typeof(int) ? DType.Int32
        : type == typeof(long) ? DType.Int64
        : type == typeof(byte) ? DType.UInt8
        : type == typeof(ILGPU.Half) ? DType.Float16
        : null;

    /// <summary>Whether a tensor's elements may be seen as a type of C#.</summary>
    public static bool AreSeenAs(DType type, Type element) =>
        TypeOf(element) == type || (type == DType.Bool && element == typeof(byte)) || (type == DType.BFloat16 && element == typeof(ushort));
}
