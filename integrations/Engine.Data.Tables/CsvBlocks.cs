using System.Buffers;

namespace Engine.Data.Tables;

/// <summary>Whole rows of a text file.</summary>
/// <param name="Index">The place of the block in the file.</param>
/// <param name="Line">The line that it begins on, from 1.</param>
/// <param name="LineCount">The number of its lines.</param>
/// <param name="Text">Its characters.</param>
/// <param name="Buffer">Whose they are: to be given back.</param>
internal readonly record struct CsvBlock(int Index, long Line, int LineCount, ReadOnlyMemory<char> Text, char[] Buffer);

/// <summary>
/// Cuts a text into blocks of whole rows. A row ends at the end of a line before which there is an even number of quotes, as Sep has it; so the parts can be
/// read one by one, in any order.
/// </summary>
internal sealed class CsvBlocks(string file, TextReader text, int blockLength)
{
    /// <summary>More characters than this have no row; so many has Sep, too.</summary>
    private const int MaxRowLength = 1 << 24;

    private char[] _rest = [];
    private int _restLength;
    private long _line = 1;
    private bool _isEnd;

    /// <summary>The number of blocks so far.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there are no more blocks.</summary>
    public bool IsEnd => _isEnd && _restLength == 0;

    /// <summary>The next block.</summary>
    /// <exception cref="DataFileException">A row has no end.</exception>
    public bool TryNext(out CsvBlock block)
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(Math.Max(blockLength, _restLength + 1));
        try
        {
            _rest.AsSpan(0, _restLength).CopyTo(buffer);
            int length = _restLength, end;
            while (true)
            {
                length = Fill(buffer, length);
                end = _isEnd ? length : EndOfRows(buffer.AsSpan(0, length));
                if (end > 0 || _isEnd)
                {
                    break;
                }

                if (length > MaxRowLength)
                {
                    throw new DataFileException($"{file}({_line}): the row that begins here has more than {MaxRowLength:N0} characters; a quote may not be closed.");
                }

                char[] larger = ArrayPool<char>.Shared.Rent(buffer.Length * 2);
                buffer.AsSpan(0, length).CopyTo(larger);
                ArrayPool<char>.Shared.Return(buffer);
                buffer = larger;
            }

            Keep(buffer.AsSpan(end, length - end));
            if (end == 0)
            {
                ArrayPool<char>.Shared.Return(buffer);
                block = default;
                return false;
            }

            int lines = CountLines(buffer.AsSpan(0, end));
            block = new CsvBlock(Count++, _line, lines, buffer.AsMemory(0, end), buffer);
            _line += lines;
            return true;
        }
        catch
        {
            ArrayPool<char>.Shared.Return(buffer);
            throw;
        }
    }

    /// <summary>Ends of lines: \n, \r\n, or \r alone.</summary>
    internal static int CountLines(ReadOnlySpan<char> text)
    {
        int returns = text.Count('\r');
        return text.Count('\n') + (returns == 0 ? 0 : returns - text.Count("\r\n"));
    }

    /// <summary>How many characters the whole rows of a text have; 0 where none is whole.</summary>
    internal static int EndOfRows(ReadOnlySpan<char> text)
    {
        // Quotes from the first on decide; they are counted once, and taken back from the end on.
        int quotes = text.Count('"'), end = text.Length;
        while (true)
        {
            int line = text[..end].LastIndexOfAny('\n', '\r');
            if (line < 0)
            {
                return 0;
            }

            quotes -= text[line..end].Count('"');

            // What a return at the very end belongs to is not yet known.
            if (quotes % 2 == 0 && !(text[line] == '\r' && line == text.Length - 1))
            {
                return line + 1;
            }

            end = line;
        }
    }

    private int Fill(char[] buffer, int length)
    {
        while (length < buffer.Length)
        {
            int read = text.Read(buffer, length, buffer.Length - length);
            if (read == 0)
            {
                _isEnd = true;
                break;
            }

            length += read;
        }

        return length;
    }

    private void Keep(ReadOnlySpan<char> rest)
    {
        if (_rest.Length < rest.Length)
        {
            _rest = new char[Math.Max(rest.Length, 2 * _rest.Length)];
        }

        rest.CopyTo(_rest);
        _restLength = rest.Length;
    }
}

/// <summary>A block for a reader of texts.</summary>
internal sealed class CsvBlockText(ReadOnlyMemory<char> text) : TextReader
{
    private int _at;

    /// <inheritdoc/>
    public override int Read() => _at < text.Length ? text.Span[_at++] : -1;

    /// <inheritdoc/>
    public override int Peek() => _at < text.Length ? text.Span[_at] : -1;

    /// <inheritdoc/>
    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override int Read(Span<char> buffer)
    {
        int length = Math.Min(buffer.Length, text.Length - _at);
        text.Span.Slice(_at, length).CopyTo(buffer);
        _at += length;
        return length;
    }
}
