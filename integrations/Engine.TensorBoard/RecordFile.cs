using System.Buffers.Binary;

namespace Engine.TensorBoard;

/// <summary>A file of records, as TensorFlow frames them: length (8 bytes), its masked checksum (4), data, their masked checksum (4); little-endian.</summary>
/// <remarks>
/// A record goes to the operating system in one piece, so that a process that is killed leaves whole records, or at most a cut last one, which
/// readers take for a record that is still being written. Others may read the file meanwhile.
/// </remarks>
internal sealed class RecordFile(Stream stream) : IDisposable
{
    private const int HeaderBytes = sizeof(ulong) + sizeof(uint);

    private byte[] _buffer = new byte[64 << 10];
    private int _used;

    public static RecordFile Create(string path) => new(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0));

    public void Append(ReadOnlySpan<byte> data)
    {
        int bytes = checked(HeaderBytes + data.Length + sizeof(uint));
        if (_used + bytes > _buffer.Length)
        {
            Flush();
            if (bytes > _buffer.Length)
            {
                _buffer = new byte[bytes];
            }
        }

        Span<byte> record = _buffer.AsSpan(_used, bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[sizeof(ulong)..], Crc32C.Masked(record[..sizeof(ulong)]));
        data.CopyTo(record[HeaderBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[(HeaderBytes + data.Length)..], Crc32C.Masked(data));
        _used += bytes;
    }

    /// <summary>Hands all whole records to the operating system.</summary>
    public void Flush()
    {
        if (_used > 0)
        {
            stream.Write(_buffer.AsSpan(0, _used));
            _used = 0;
        }
    }

    public void Dispose()
    {
        try
        {
            Flush();
        }
        finally
        {
            stream.Dispose();
        }
    }
}
