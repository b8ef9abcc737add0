namespace Engine.Nn;

/// <summary>A tar file that remembers the block read last, since .NET's reader takes any header whose checksum is 0, and the end of the file, for the end of the archive.</summary>
internal sealed class TarBlockStream(Stream inner) : Stream
{
    private const int BlockBytes = 512;

    private readonly byte[] _last = new byte[BlockBytes];
    private int _count;
    private bool _hasContent;

    /// <summary>Whether what was read last is a block of zeros, as archives end. A file without a byte is an archive without files.</summary>
    public bool IsAtEndMark => !_hasContent || (_count == BlockBytes && !_last.AsSpan().ContainsAnyExcept((byte)0));

    public override bool CanRead => true;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set
        {
            inner.Position = value;
            _count = 0;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        Remember(buffer[..read], isEnd: read == 0 && buffer.Length > 0);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin)
    {
        _count = 0;
        return inner.Seek(offset, origin);
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException("A tar file is read only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A tar file is read only.");

    private void Remember(ReadOnlySpan<byte> read, bool isEnd)
    {
        if (isEnd)
        {
            _count = 0;
            return;
        }

        _hasContent |= read.Length > 0;
        read = read.Length > BlockBytes ? read[^BlockBytes..] : read;
        int kept = Math.Min(_count, BlockBytes - read.Length);
        _last.AsSpan(_count - kept, kept).CopyTo(_last);
        read.CopyTo(_last.AsSpan(kept));
        _count = kept + read.Length;
    }
}
