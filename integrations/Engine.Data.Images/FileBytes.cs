using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Engine.Data.Images;

/// <summary>A whole file in memory that is given back.</summary>
internal readonly struct FileBytes : IDisposable
{
    private readonly byte[] _buffer;
    private readonly int _length;

    private FileBytes(byte[] buffer, int length) => (_buffer, _length) = (buffer, length);

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, _length);

    public static FileBytes Read(string path, int maxBytes)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            long length = RandomAccess.GetLength(file);
            if (length > maxBytes)
            {
                throw new BadImageException(path, $"it has {length:N0} bytes; MaxFileBytes allows {maxBytes:N0}");
            }

            byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, (int)length));
            int read = 0;
            while (read < length && RandomAccess.Read(file, buffer.AsSpan(read, (int)length - read), read) is var more && more > 0)
            {
                read += more;
            }

            return new FileBytes(buffer, read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new BadImageException(path, $"it cannot be opened: {e.Message}", e);
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
