namespace Engine.Nn;

/// <summary>The names of element types in safetensors files.</summary>
internal static class SafetensorsDTypes
{
    private static readonly (string Name, DType DType)[] s_names =
    [
        ("BOOL", DType.Bool),
        ("U8", DType.UInt8),
        ("I32", DType.Int32),
        ("I64", DType.Int64),
        ("F16", DType.Float16),
        ("BF16", DType.BFloat16),
        ("F32", DType.Float32),
        ("F64", DType.Float64),
    ];

    /// <summary>All names, for messages.</summary>
    public static string Known => string.Join(", ", s_names.Select(static n => n.Name));

    public static bool TryParse(string name, out DType dtype)
    {
        foreach ((string known, DType value) in s_names)
        {
            if (known == name)
            {
                dtype = value;
                return true;
            }
        }

        dtype = default;
        return false;
    }

    public static string Name(DType dtype)
    {
        foreach ((string name, DType value) in s_names)
        {
            if (value == dtype)
            {
                return name;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(dtype));
    }
}
