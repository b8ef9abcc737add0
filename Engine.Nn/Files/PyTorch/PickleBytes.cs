using System.Buffers.Binary;
using System.Text;

namespace Engine.Nn;

/// <summary>The bytes of a pickle, from a part of a file. What the pickle claims to have is compared with what is there before memory is taken for it.</summary>
internal sealed class PickleBytes(CheckedFile file, long start, long length)
{
    private const int BufferBytes = 1 << 14;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly long _end = start + length;
    private int _at;
    private int _filled;

    public CheckedFile File => file;

    /// <summary>Where the next byte lies in the file.</summary>
    public long Position { get; private set; } = start;

    private long Rest => _end - Position;

    public byte Next()
    {
        if (_at == _filled)
        {
            Refill();
        }

        Position++;
        return _buffer[_at++];
    }

    public byte[] Bytes(long count)
    {
        if (count < 0 || count > Rest)
        {
            throw file.Damaged($"its pickle claims {count:N0} bytes, but {Rest:N0} follow; it is cut short or damaged");
        }

        byte[] bytes = new byte[(int)count];
        Fill(bytes);
        return bytes;
    }

    public void Fill(Span<byte> destination)
    {
        if (destination.Length > Rest)
        {
            throw TooEarly();
        }

        int buffered = Math.Min(destination.Length, _filled - _at);
        _buffer.AsSpan(_at, buffered).CopyTo(destination);
        _at += buffered;
        Position += buffered;
        if (buffered < destination.Length)
        {
            file.Read(Position, destination[buffered..]);
            Position += destination.Length - buffered;
        }
    }

    public ushort UInt16()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        Fill(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public int Int32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        Fill(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    public long Int64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        Fill(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    public double Double()
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        Fill(bytes);
        return BinaryPrimitives.ReadDoubleBigEndian(bytes);
    }

    /// <summary>UTF-8 in which a lone surrogate may be encoded, as Python does; it becomes U+FFFD.</summary>
    public string Text(long count) => Encoding.UTF8.GetString(Bytes(count));

    /// <summary>Up to the end of the line, which is taken away.</summary>
    public string Line()
    {
        const int Longest = 1000;
        List<byte> line = [];
        for (byte next = Next(); next != '\n'; next = Next())
        {
            line.Add(line.Count < Longest ? next : throw file.Damaged("its pickle has a name without an end"));
        }

        return Encoding.UTF8.GetString([.. line]);
    }

    private void Refill()
    {
        if (Rest <= 0)
        {
            throw TooEarly();
        }

        (_at, _filled) = (0, (int)Math.Min(BufferBytes, Rest));
        file.Read(Position, _buffer.AsSpan(0, _filled));
    }

    private EngineException TooEarly() => file.Damaged("its pickle ends too early; it is cut short or damaged");
}
