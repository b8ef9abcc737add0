namespace Engine.Nn;

/// <summary>Reads from another stream and computes zip's checksum (CRC-32) of what was read.</summary>
internal sealed class ChecksumStream(Stream source) : Stream
{
    private const uint Polynomial = 0xEDB88320;

    private static readonly uint[] s_table = MakeTable();

    private uint _state = uint.MaxValue;

    /// <summary>The checksum of everything read so far.</summary>
    public uint Value => ~_state;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int read = source.Read(buffer);
        uint state = _state;
        foreach (byte next in buffer[..read])
        {
            state = (state >> 8) ^ s_table[(byte)(state ^ next)];
        }

        _state = state;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int ReadByte()
    {
        Span<byte> next = stackalloc byte[1];
        return Read(next) == 1 ? next[0] : -1;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value >> 1) ^ ((value & 1) * Polynomial);
            }

            table[i] = value;
        }

        return table;
    }
}
