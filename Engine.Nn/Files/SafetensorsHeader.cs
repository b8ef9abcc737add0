using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace Engine.Nn;

/// <summary>Where one tensor lies in a safetensors file.</summary>
/// <param name="Name">The name, as in <c>features.0.weight</c>.</param>
/// <param name="DType">The element type.</param>
/// <param name="Shape">The sizes of the axes.</param>
/// <param name="Offset">The first byte, counted from the end of the header.</param>
/// <param name="Bytes">How many bytes it takes.</param>
public readonly record struct SafetensorsEntry(string Name, DType DType, Shape Shape, long Offset, long Bytes);

/// <summary>The first part of a safetensors file: a length, then JSON that gives the type, the shape and the offsets of each tensor.</summary>
/// <remarks>
/// Nothing in a file is believed before it is checked: the length against the file's, each byte range against shape and type, all ranges
/// together against the data, which they must cover without gap or overlap. So no header can ask for more memory than the file has bytes.
/// </remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>The format's own limit.</summary>
    public const int MaxBytes = 100_000_000;

    /// <summary>The length field in front of the JSON.</summary>
    public const int PrefixBytes = sizeof(ulong);

    private static readonly Dictionary<string, string> s_noMetadata = [];

    private readonly string _file;
    private readonly Dictionary<string, SafetensorsEntry> _entries = new(StringComparer.Ordinal);
    private Dictionary<string, string>? _metadata;

    private SafetensorsHeader(string file) => _file = file;

    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _entries;

    public IReadOnlyDictionary<string, string> Metadata => _metadata ?? s_noMetadata;

    /// <summary>Reads and checks the header of an open file, and leaves the stream at the first byte of data.</summary>
    /// <exception cref="ModelFileException">The file is not a safetensors file, or a part of it is missing or false.</exception>
    public static SafetensorsHeader Read(Stream stream, string file)
    {
        SafetensorsHeader header = new(file);
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (stream.Length < PrefixBytes)
        {
            throw header.Damaged($"it has {stream.Length} bytes; a safetensors file begins with the 8-byte length of its header");
        }

        stream.ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        long rest = stream.Length - PrefixBytes;
        if (length > MaxBytes)
        {
            throw header.Damaged(FileKind.Of(prefix) is { } kind ? $"it is no safetensors file but {kind}" : $"its header claims {length:N0} bytes; the format allows {MaxBytes:N0}");
        }

        if (length > (ulong)rest)
        {
            throw header.Damaged(FileKind.Of(prefix) is { } kind
                ? $"it is no safetensors file but {kind}"
                : $"its header claims {length:N0} bytes, but only {rest:N0} follow; the file is cut short or not a safetensors file");
        }

        byte[] json = new byte[(int)length];
        stream.ReadExactly(json);
        header.Parse(json);
        header.CheckCoverage(rest - (long)length);
        return header;
    }

    private void Parse(byte[] json)
    {
        // The reader checks strings only when they are read; escapes aside, this settles all of them.
        if (!Utf8.IsValid(json))
        {
            throw Damaged("its header is not UTF-8");
        }

        try
        {
            Utf8JsonReader reader = new(json);
            Expect(ref reader, JsonTokenType.StartObject, "the header");
            while (NextProperty(ref reader, out string name))
            {
                if (name == "__metadata__")
                {
                    ReadMetadata(ref reader);
                }
                else if (!_entries.TryAdd(name, ReadEntry(ref reader, name)))
                {
                    throw Damaged($"tensor {Quote(name)} is listed twice");
                }
            }

            if (reader.Read())
            {
                throw Damaged("something follows the header's closing brace");
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw Damaged($"its header is not valid JSON ({FileText.Escape(error.Message, 200)})", error);
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (_metadata is not null)
        {
            throw Damaged("__metadata__ is listed twice");
        }

        _metadata = new(StringComparer.Ordinal);
        Expect(ref reader, JsonTokenType.StartObject, "__metadata__");
        while (NextProperty(ref reader, out string key))
        {
            Expect(ref reader, JsonTokenType.String, $"__metadata__ {Quote(key)}");
            if (!_metadata.TryAdd(key, reader.GetString()!))
            {
                throw Damaged($"__metadata__ {Quote(key)} is listed twice");
            }
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        DType? dtype = null;
        Shape? shape = null;
        (long Begin, long End)? range = null;
        Expect(ref reader, JsonTokenType.StartObject, $"tensor {Quote(name)}");
        while (NextProperty(ref reader, out string field))
        {
            bool repeated = false;
            switch (field)
            {
                case "dtype":
                    repeated = dtype is not null;
                    dtype = ReadDType(ref reader, name);
                    break;
                case "shape":
                    repeated = shape is not null;
                    shape = ReadShape(ref reader, name);
                    break;
                case "data_offsets":
                    repeated = range is not null;
                    range = ReadRange(ref reader, name);
                    break;
                default:
                    // Fields of later versions are no error.
                    reader.Read();
                    reader.Skip();
                    break;
            }

            if (repeated)
            {
                throw Damaged($"tensor {Quote(name)} has two fields {field}");
            }
        }

        if (dtype is null || shape is null || range is null)
        {
            throw Damaged($"tensor {Quote(name)} lacks {(dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets")}");
        }

        long bytes = range.Value.End - range.Value.Begin;
        long? needed = ByteCount(shape.Value, dtype.Value);
        if (bytes != needed)
        {
            throw Damaged($"tensor {Quote(name)} is {dtype.Value.ShortName()} {shape.Value}, which takes {(needed is null ? "more bytes than can be counted" : $"{needed:N0} bytes")}; its data_offsets give it {bytes:N0}");
        }

        return new SafetensorsEntry(name, dtype.Value, shape.Value, range.Value.Begin, bytes);
    }

    private DType ReadDType(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.String, $"dtype of tensor {Quote(name)}");
        string text = reader.GetString()!;
        return SafetensorsDTypes.TryParse(text, out DType dtype)
            ? dtype
            : throw Damaged($"tensor {Quote(name)} has dtype {Quote(text)}; the engine reads {SafetensorsDTypes.Known}");
    }

    private Shape ReadShape(ref Utf8JsonReader reader, string name)
    {
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        int rank = 0;
        Expect(ref reader, JsonTokenType.StartArray, $"shape of tensor {Quote(name)}");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (rank == Shape.MaxRank)
            {
                throw Damaged($"tensor {Quote(name)} has more than {Shape.MaxRank} axes");
            }

            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out sizes[rank]) || sizes[rank] < 0)
            {
                throw Damaged($"size {rank} of tensor {Quote(name)} is not a number from 0 to {int.MaxValue:N0}");
            }

            rank++;
        }

        return Shape.IsCountable(sizes[..rank])
            ? new Shape(sizes[..rank])
            : throw Damaged($"tensor {Quote(name)} has a shape that takes more bytes than can be counted");
    }

    private (long Begin, long End) ReadRange(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"data_offsets of tensor {Quote(name)}");
        long begin = 0, end = 0;
        bool valid = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out begin)
            && reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out end)
            && reader.Read() && reader.TokenType == JsonTokenType.EndArray;
        return valid && begin >= 0 && begin <= end
            ? (begin, end)
            : throw Damaged($"data_offsets of tensor {Quote(name)} are not two numbers, 0 ≤ begin ≤ end");
    }

    /// <summary>In the order of offsets, each tensor must begin where the one before it ends, and the last must end with the file.</summary>
    private void CheckCoverage(long dataBytes)
    {
        long end = 0;
        foreach (SafetensorsEntry entry in _entries.Values.OrderBy(static e => e.Offset).ThenBy(static e => e.Bytes))
        {
            if (entry.Offset != end)
            {
                throw Damaged($"tensor {Quote(entry.Name)} begins at byte {entry.Offset:N0} of the data, the one before it ends at {end:N0}: {(entry.Offset < end ? "they overlap" : "there is a gap")}");
            }

            end = entry.Offset + entry.Bytes;
            if (end > dataBytes)
            {
                throw Damaged($"tensor {Quote(entry.Name)} ends at byte {end:N0} of the data, the file has {dataBytes:N0}; it is cut short");
            }
        }

        if (end != dataBytes)
        {
            throw Damaged($"its tensors take {end:N0} bytes, but {dataBytes:N0} follow the header");
        }
    }

    /// <summary>Null if the product is too large for a count of bytes.</summary>
    private static long? ByteCount(Shape shape, DType dtype)
    {
        UInt128 bytes = (UInt128)dtype.SizeInBytes();
        foreach (int size in shape.AsSpan())
        {
            bytes *= (UInt128)size;
            if (bytes > long.MaxValue)
            {
                return null;
            }
        }

        return (long)bytes;
    }

    private bool NextProperty(ref Utf8JsonReader reader, out string name)
    {
        name = string.Empty;
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
        {
            return false;
        }

        name = reader.GetString()!;
        return true;
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw Damaged($"{what} is not a JSON {(type == JsonTokenType.StartObject ? "object" : type == JsonTokenType.StartArray ? "array" : "string")}");
        }
    }

    private static string Quote(string name) => FileText.Quote(name);

    private ModelFileException Damaged(string reason, Exception? inner = null) => new($"Cannot read '{_file}': {reason}.", inner);
}
