using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Engine.Nn;

/// <summary>The header of an <c>.npy</c> file: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3.</summary>
/// <param name="Kind">NumPy's letter of the kind of numbers: b, i, u or f.</param>
/// <param name="FileBytes">The bytes of an element.</param>
/// <param name="IsBigEndian">Whether the most significant byte comes first.</param>
/// <param name="IsFortran">Whether the first axis varies fastest.</param>
/// <param name="Shape">The sizes of the axes.</param>
/// <param name="HeaderBytes">Where the elements begin.</param>
internal sealed record NpyHeader(char Kind, int FileBytes, bool IsBigEndian, bool IsFortran, Shape Shape, int HeaderBytes)
{
    private const int PrefixBytes = 10, MaxHeaderBytes = 1 << 16;

    /// <summary>The engine's type that holds the values: small integers become int32, uint32 becomes int64.</summary>
    public DType DType => (Kind, FileBytes) switch
    {
        ('b', _) => DType.Bool,
        ('u', 1) => DType.UInt8,
        ('i', 1 or 2 or 4) or ('u', 2) => DType.Int32,
        ('i', _) or ('u', _) => DType.Int64,
        (_, 2) => DType.Float16,
        (_, 4) => DType.Float32,
        _ => DType.Float64,
    };

    public long DataBytes => Shape.ElementCount * FileBytes;

    /// <summary>The name of the engine's type in the header of a file.</summary>
    public static string Name(DType dtype) => dtype switch
    {
        DType.Bool => "|b1",
        DType.UInt8 => "|u1",
        DType.Int32 => "<i4",
        DType.Int64 => "<i8",
        DType.Float16 => "<f2",
        DType.Float64 => "<f8",
        _ => "<f4",
    };

    /// <summary>The header of an array in row-major order.</summary>
    public static byte[] Write(DType dtype, Shape shape)
    {
        const int Alignment = 64;
        string sizes = string.Join(", ", shape.ToArray().Select(static size => size.ToString(CultureInfo.InvariantCulture)));
        string text = $"{{'descr': '{Name(dtype)}', 'fortran_order': False, 'shape': ({sizes}{(shape.Rank == 1 ? "," : string.Empty)}), }}";
        int padding = -(PrefixBytes + text.Length + 1) & (Alignment - 1);
        byte[] content = Encoding.ASCII.GetBytes($"{text}{new string(' ', padding)}\n");
        byte[] length = [1, 0, (byte)content.Length, (byte)(content.Length >> 8)];
        return [0x93, .. "NUMPY"u8, .. length, .. content];
    }

    /// <summary>Reads a header from the beginning of a stream.</summary>
    /// <param name="stream">The array.</param>
    /// <param name="damaged">The exception for a reason.</param>
    public static NpyHeader Read(Stream stream, Func<string, Exception?, EngineException> damaged)
    {
        byte[] prefix = new byte[PrefixBytes + 2];
        if (stream.ReadAtLeast(prefix.AsSpan(0, PrefixBytes), PrefixBytes, throwOnEndOfStream: false) < PrefixBytes || prefix[0] != 0x93 || !prefix.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
        {
            throw damaged(FileKind.Of(prefix) is { } kind ? $"it is no .npy array but {kind}" : "an .npy array begins with \\x93NUMPY, a version and the length of its header", null);
        }

        int version = prefix[6], start = PrefixBytes;
        long length = BinaryPrimitives.ReadUInt16LittleEndian(prefix.AsSpan(8));
        if (version is 2 or 3)
        {
            start += 2;
            stream.ReadAtLeast(prefix.AsSpan(PrefixBytes), 2, throwOnEndOfStream: false);
            length = BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(8));
        }
        else if (version != 1)
        {
            throw damaged($"its format has version {version}; 1, 2 and 3 are read", null);
        }

        if (length > MaxHeaderBytes)
        {
            throw damaged($"its header claims {length:N0} bytes; at most {MaxHeaderBytes:N0} are read, which only structured types exceed", null);
        }

        byte[] text = new byte[(int)length];
        return stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) == text.Length
            ? new NpyHeaderText(Encoding.UTF8.GetString(text), damaged).Parse(start + text.Length)
            : throw damaged("it ends within its header", null);
    }
}
