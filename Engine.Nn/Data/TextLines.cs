using System.Buffers;
using System.Collections;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Engine.Nn;

/// <summary>The lines of a UTF-8 text file by number: the file is read once to find where they begin, then each only when it is asked for.</summary>
/// <remarks>
/// A line ends with <c>\n</c> or <c>\r\n</c>, neither of which belongs to it; the last need not end. A byte order mark is passed over. Any number of threads may read.
/// It takes 8 bytes of memory for each line.
/// </remarks>
/// <example>
/// <code>
/// using TextLines lines = new("train.txt");
/// Console.WriteLine($"{lines.Count} lines; the last is {lines[^1]}");
/// </code>
/// </example>
public sealed class TextLines : IReadOnlyList<string>, IDisposable
{
    private const int BufferBytes = 1 << 18;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly SafeFileHandle _handle;
    private readonly long[] _starts;

    /// <summary>Opens a file and finds its lines.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataFileException">It has more lines than can be numbered.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public TextLines(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            _starts = FindLines();
        }
        catch
        {
            _handle.Dispose();
            throw;
        }
    }

    /// <summary>The file that was opened.</summary>
    public string Path { get; }

    /// <summary>The number of lines.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>A line, without its end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no line of that number.</exception>
    /// <exception cref="DataFileException">It is not UTF-8, or the file was cut short meanwhile.</exception>
    public string this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            long bytes = _starts[index + 1] - _starts[index];
            if (bytes > Array.MaxLength)
            {
                throw new DataFileException($"Cannot read '{Path}': line {index + 1} has {bytes:N0} bytes.");
            }

            byte[] line = ArrayPool<byte>.Shared.Rent((int)bytes);
            try
            {
                return Decode(index, Fill(index, line.AsSpan(0, (int)bytes)));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(line);
            }
        }
    }

    /// <summary>The lines in order.</summary>
    public IEnumerator<string> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();

    private ReadOnlySpan<byte> Fill(int index, Span<byte> line)
    {
        for (int done = 0; done < line.Length;)
        {
            int read = RandomAccess.Read(_handle, line[done..], _starts[index] + done);
            done += read > 0 ? read : throw new DataFileException($"Cannot read '{Path}': it was cut short while it was open, before the end of line {index + 1}.");
        }

        ReadOnlySpan<byte> text = line;
        text = text is [.., (byte)'\n'] ? text[..^1] : text;
        return text is [.., (byte)'\r'] ? text[..^1] : text;
    }

    private string Decode(int index, ReadOnlySpan<byte> text)
    {
        try
        {
            return s_strict.GetString(text);
        }
        catch (DecoderFallbackException error)
        {
            throw new DataFileException($"Cannot read '{Path}': line {index + 1} is not UTF-8.", error);
        }
    }

    /// <summary>Where each line begins, and where the last one ends.</summary>
    private long[] FindLines()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            List<long> starts = [];
            long position = 0, start = 0;
            for (int read; (read = RandomAccess.Read(_handle, buffer, position)) > 0; position += read)
            {
                ReadOnlySpan<byte> part = buffer.AsSpan(0, read);
                start = position == 0 && part.StartsWith("\uFEFF"u8) ? 3 : start;
                for (int at = 0, found; (found = part[at..].IndexOf((byte)'\n')) >= 0; at += found + 1)
                {
                    starts.Add(starts.Count < Array.MaxLength - 2 ? start : throw new DataFileException($"Cannot read '{Path}': it has more than {Array.MaxLength - 2:N0} lines."));
                    start = position + at + found + 1;
                }
            }

            if (start < position)
            {
                starts.Add(start);
            }

            starts.Add(position);
            return [.. starts];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
