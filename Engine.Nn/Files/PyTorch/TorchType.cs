namespace Engine.Nn;

/// <summary>An element type of PyTorch and the engine's type that holds its values.</summary>
/// <param name="Name">PyTorch's name of the type.</param>
/// <param name="Storage">PyTorch's name of the storages that hold it.</param>
/// <param name="DType">The engine's type.</param>
/// <param name="FileBytes">The bytes of an element in a file.</param>
internal sealed record TorchType(string Name, string Storage, DType DType, int FileBytes)
{
    private static readonly TorchType[] s_all =
    [
        new("bool", "BoolStorage", DType.Bool, 1),
        new("uint8", "ByteStorage", DType.UInt8, 1),
        new("int8", "CharStorage", DType.Int32, 1),
        new("int16", "ShortStorage", DType.Int32, 2),
        new("int32", "IntStorage", DType.Int32, 4),
        new("int64", "LongStorage", DType.Int64, 8),
        new("float16", "HalfStorage", DType.Float16, 2),
        new("bfloat16", "BFloat16Storage", DType.BFloat16, 2),
        new("float32", "FloatStorage", DType.Float32, 4),
        new("float64", "DoubleStorage", DType.Float64, 8),
    ];

    /// <summary>Bytes of a storage whose tensors say what they are.</summary>
    public static TorchType Untyped { get; } = new("uint8", "UntypedStorage", DType.UInt8, 1);

    public static TorchType? OfName(string name) => Array.Find(s_all, type => type.Name == name);

    public static TorchType? OfStorage(string name) => Array.Find(s_all, type => type.Storage == name);

    /// <summary>The type under which the engine's values are written.</summary>
    public static TorchType Of(DType dtype) => s_all.First(type => type.DType == dtype && type.FileBytes == dtype.SizeInBytes());

    /// <summary>Elements of a file as the engine has them: in this machine's byte order, small integers widened.</summary>
    /// <param name="file">Whole elements; their bytes may be turned round.</param>
    /// <param name="isBigEndian">Whether the file's writer had the most significant byte first.</param>
    /// <param name="widened">Room for widened elements.</param>
    public Span<byte> ToEngine(Span<byte> file, bool isBigEndian, byte[] widened)
    {
        for (int i = 0; isBigEndian && FileBytes > 1 && i < file.Length; i += FileBytes)
        {
            file.Slice(i, FileBytes).Reverse();
        }

        if (DType != DType.Int32 || FileBytes == sizeof(int))
        {
            return file;
        }

        Span<byte> result = widened.AsSpan(0, file.Length / FileBytes * sizeof(int));
        for (int i = 0; i < file.Length / FileBytes; i++)
        {
            int value = FileBytes == 1 ? (sbyte)file[i] : (short)(file[2 * i] | (file[(2 * i) + 1] << 8));
            BitConverter.TryWriteBytes(result[(sizeof(int) * i)..], value);
        }

        return result;
    }
}

/// <summary>The elements of one or more tensors, as a file's pickle names them.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="First">The element of the stored ones at which it begins; a view of another storage does not begin at 0.</param>
/// <param name="Count">The number of elements.</param>
/// <param name="StoredCount">The number of elements that are stored under the key.</param>
internal sealed record TorchStorage(string Key, TorchType Type, long First, long Count, long StoredCount);

/// <summary>A tensor that a file's pickle describes and that was not read yet.</summary>
/// <param name="Storage">Where its elements are.</param>
/// <param name="Type">Their type.</param>
/// <param name="Offset">The element of the storage at which it begins.</param>
/// <param name="Sizes">Its shape.</param>
/// <param name="Strides">The distance of neighbours along each axis, in elements.</param>
internal sealed record TorchTensor(TorchStorage Storage, TorchType Type, long Offset, object?[] Sizes, object?[] Strides);
