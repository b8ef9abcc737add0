using System.Buffers.Binary;
using System.IO.Compression;

namespace Engine.Nn;

/// <summary>
/// An array from an IDX file, the format of MNIST and its kin: two zero bytes, one byte for the type, one for the number of axes, the sizes
/// as big-endian 32-bit numbers, the elements in row-major order. Files may be compressed with gzip.
/// </summary>
/// <remarks>
/// Types 0x08 (unsigned byte), 0x0C (int32), 0x0D (float32) and 0x0E (float64) keep their type, 0x09 (signed byte) and 0x0B (int16) become int32.
/// </remarks>
public sealed class IdxArray
{
    /// <summary>The most bytes that a file's elements may take by default, 1 GiB: the full MNIST takes 47 MB.</summary>
    public const long DefaultMaxBytes = 1L << 30;

    private const int FirstChunkBytes = 1 << 20;

    private IdxArray(DType dtype, Shape shape, byte[] bytes)
    {
        DType = dtype;
        Shape = shape;
        Bytes = bytes;
    }

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>The elements in row-major order, in this machine's byte order.</summary>
    public byte[] Bytes { get; }

    /// <summary>Reads a file, compressed or not.</summary>
    /// <param name="path">The file. Its first bytes show whether it is compressed; its name does not matter.</param>
    /// <param name="maxBytes">An array that takes more is refused, whatever the file's size.</param>
    /// <exception cref="DataFileException">It is not an IDX file, is cut short, goes on after its elements, or takes more than <paramref name="maxBytes"/>.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static IdxArray Read(string path, long maxBytes = DefaultMaxBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            bool compressed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            if (!compressed)
            {
                return Read(file, path, maxBytes);
            }

            // The decompressor does not miss a trailer that was cut off, so its last field, the length of the content, is compared here.
            Span<byte> length = stackalloc byte[sizeof(uint)];
            file.Position = Math.Max(0, file.Length - length.Length);
            file.ReadAtLeast(length, length.Length, throwOnEndOfStream: false);
            file.Position = 0;
            using GZipStream content = new(file, CompressionMode.Decompress);
            return Read(content, path, maxBytes, BinaryPrimitives.ReadUInt32LittleEndian(length));
        }
        catch (InvalidDataException error)
        {
            throw new DataFileException($"Cannot read '{path}': its compressed content is damaged ({error.Message})", error);
        }
    }

    /// <summary>A tensor with these elements.</summary>
    public Tensor ToTensor(Device? device = null)
    {
        Tensor tensor = Tensor.Empty(Shape, DType, device);
        tensor.Device.Upload(Bytes, tensor.Storage, 0);
        return tensor;
    }

    private static IdxArray Read(Stream stream, string path, long maxBytes, uint? contentBytes = null)
    {
        Span<byte> header = stackalloc byte[4 + (sizeof(int) * Shape.MaxRank)];
        if (stream.ReadAtLeast(header[..4], 4, throwOnEndOfStream: false) < 4 || header[0] != 0 || header[1] != 0)
        {
            throw Damaged(path, "an IDX file begins with two zero bytes, a type and a number of axes");
        }

        byte type = header[2];
        int rank = header[3];
        int fileElementBytes = type switch
        {
            0x08 or 0x09 => 1,
            0x0B => 2,
            0x0C or 0x0D => 4,
            0x0E => 8,
            _ => throw Damaged(path, $"its element type is 0x{type:X2}; 0x08, 0x09, 0x0B, 0x0C, 0x0D and 0x0E are known"),
        };
        if (rank > Shape.MaxRank)
        {
            throw Damaged(path, $"it has {rank} axes; at most {Shape.MaxRank} are possible");
        }

        Span<byte> sizeBytes = header[4..(4 + (sizeof(int) * rank))];
        if (stream.ReadAtLeast(sizeBytes, sizeBytes.Length, throwOnEndOfStream: false) < sizeBytes.Length)
        {
            throw Damaged(path, "it ends within its header");
        }

        Span<int> sizes = stackalloc int[rank];
        Int128 bytes = fileElementBytes;
        for (int i = 0; i < rank; i++)
        {
            sizes[i] = BinaryPrimitives.ReadInt32BigEndian(sizeBytes[(i * sizeof(int))..]);
            if (sizes[i] < 0)
            {
                throw Damaged(path, $"size {i} is {(uint)sizes[i]:N0}; at most {int.MaxValue:N0} is possible");
            }

            // Eight sizes of 31 bits could overflow even this, so it stops growing where it is refused anyway.
            bytes = bytes > long.MaxValue ? bytes : bytes * sizes[i];
        }

        // The caller's limit includes the largest conversion, one byte to four.
        int elementBytes = type is 0x09 or 0x0B ? sizeof(int) : fileElementBytes;
        if (bytes / fileElementBytes * elementBytes > Math.Min(maxBytes, Array.MaxLength))
        {
            throw Damaged(path, $"its header claims [{string.Join(", ", sizes.ToArray())}] elements, which take more than the limit of {Math.Min(maxBytes, Array.MaxLength):N0} bytes");
        }

        if (!Shape.IsCountable(sizes))
        {
            throw Damaged(path, $"its header claims [{string.Join(", ", sizes.ToArray())}] elements, which are more than can be counted");
        }

        byte[] content = ReadContent(stream, path, (int)bytes);
        if (contentBytes is uint claimed && claimed != (uint)(4 + sizeBytes.Length + content.Length))
        {
            throw Damaged(path, "its compressed content does not end with its own length; it is cut short");
        }

        return new IdxArray(TypeOf(type), new Shape(sizes), ToNative(content, type));
    }

    /// <summary>
    /// Memory grows with the bytes that were read, to at most twice their number: a large claim in the header of a small file costs little.
    /// </summary>
    private static byte[] ReadContent(Stream stream, string path, int bytes)
    {
        byte[] content = new byte[Math.Min(bytes, FirstChunkBytes)];
        int read = 0;
        while (true)
        {
            read += stream.ReadAtLeast(content.AsSpan(read), content.Length - read, throwOnEndOfStream: false);
            if (read < content.Length)
            {
                throw Damaged(path, $"its header claims {bytes:N0} bytes of elements, but only {read:N0} follow; it is cut short");
            }

            if (read == bytes)
            {
                break;
            }

            Array.Resize(ref content, (int)Math.Min(bytes, 2L * content.Length));
        }

        // Reading to the very end also makes the decompressor compare its checksum.
        return stream.ReadByte() < 0 ? content : throw Damaged(path, $"it goes on after the {bytes:N0} bytes of elements that its header claims");
    }

    private static DType TypeOf(byte type) => type switch
    {
        0x08 => DType.UInt8,
        0x0D => DType.Float32,
        0x0E => DType.Float64,
        _ => DType.Int32,
    };

    private static byte[] ToNative(byte[] content, byte type)
    {
        if (type == 0x08)
        {
            return content;
        }

        if (type is 0x09 or 0x0B)
        {
            int size = type == 0x09 ? 1 : 2;
            byte[] widened = new byte[content.Length / size * sizeof(int)];
            for (int i = 0; i < content.Length / size; i++)
            {
                int value = size == 1 ? (sbyte)content[i] : BinaryPrimitives.ReadInt16BigEndian(content.AsSpan(2 * i));
                BitConverter.TryWriteBytes(widened.AsSpan(sizeof(int) * i), value);
            }

            return widened;
        }

        int width = type == 0x0E ? 8 : 4;
        for (int i = 0; BitConverter.IsLittleEndian && i < content.Length; i += width)
        {
            content.AsSpan(i, width).Reverse();
        }

        return content;
    }

    private static DataFileException Damaged(string path, string reason) => new($"Cannot read '{path}': {reason}.");
}
