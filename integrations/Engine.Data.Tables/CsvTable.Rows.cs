using System.Buffers;
using System.Runtime.ExceptionServices;
using nietras.SeparatedValues;

namespace Engine.Data.Tables;

/// <summary>
/// The rows: blocks are read in order, their numbers and texts taken from them on all threads, and the parts put together in order. So neither the table nor its
/// bad rows depend on the number of threads.
/// </summary>
internal sealed partial class CsvTable
{
    private const int ReportedRows = 100;

    /// <summary>For each block its part of each column.</summary>
    private readonly List<ColumnBuilder?[]> _parts = [];
    private readonly List<BadRow> _badRows = [];
    private long _badRowCount;

    private void ReadRows(string file, Func<TextReader> open)
    {
        using TextReader text = open();
        CsvBlocks blocks = new(file, text, BlockLength);
        PriorityQueue<Part, int> early = new();
        ExceptionDispatchInfo? error = null;
        int next = 0;
        Work();

        // One block needs no second thread.
        if (error is null && !blocks.IsEnd)
        {
            int threads = Threads;
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
            {
                while (Work())
                {
                }
            });
        }

        error?.Throw();

        bool Work()
        {
            CsvBlock block = default;
            Part? part = null;
            lock (blocks)
            {
                if (error is not null)
                {
                    return false;
                }

                int index = blocks.Count;
                try
                {
                    if (!blocks.TryNext(out block))
                    {
                        return false;
                    }
                }
                catch (Exception failure)
                {
                    // It waits for its turn: a bad row before it comes first.
                    part = new Part(index) { Error = ExceptionDispatchInfo.Capture(failure) };
                }
            }

            part ??= Read(file, block);
            lock (early)
            {
                early.Enqueue(part, part.Index);
                while (early.TryPeek(out Part? first, out int place) && place == next && error is null)
                {
                    early.Dequeue();
                    next++;
                    Append(first);
                    error = first.Error;
                }

                return error is null && part.Error is null;
            }
        }
    }

    /// <summary>Takes the rows of a block apart.</summary>
    private Part Read(string file, CsvBlock block)
    {
        // Each row has a separator less than columns, and an end.
        int capacity = Math.Min(block.LineCount, block.Text.Length / _columns.Length) + 1;
        Part part = new(block.Index) { Columns = Array.ConvertAll(_columns, column => column?.Part(capacity)) };
        try
        {
            using SepReader reader = Sep.New(_separator).Reader(Configure).From(new CsvBlockText(block.Text));
            foreach (SepReader.Row row in reader)
            {
                if (options.HasHeader && block.Index == 0 && row.RowIndex == 0)
                {
                    continue;
                }

                if (!TryAdd(part.Columns, row, out BadRow? bad))
                {
                    bad = bad! with { File = file, Line = bad.Line + block.Line - 1 };
                    if (options.OnBadRow == OnBadRow.Throw)
                    {
                        throw new DataFileException(bad.ToString());
                    }

                    part.BadRowCount++;
                    if (part.BadRows.Count < ReportedRows)
                    {
                        part.BadRows.Add(bad);
                    }
                }
            }
        }
        catch (Exception error)
        {
            part.Error = ExceptionDispatchInfo.Capture(error);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(block.Buffer);
        }

        return part;
    }

    private void Append(Part part)
    {
        _parts.Add(part.Columns);
        _badRowCount += part.BadRowCount;
        _badRows.AddRange(part.BadRows.Take(ReportedRows - _badRows.Count));
    }

    /// <summary>Adds a row, or nothing of it.</summary>
    private bool TryAdd(ColumnBuilder?[] columns, SepReader.Row row, out BadRow? bad)
    {
        bad = null;
        if (row.ColCount != columns.Length)
        {
            // A line with nothing on it is no row.
            if (!row.Span.Trim().IsEmpty)
            {
                bad = new BadRow(string.Empty, LineOf(row), null, $"it has {row.ColCount} columns in place of {columns.Length}.");
            }

            return bad is null;
        }

        for (int i = 0; i < columns.Length; i++)
        {
            bool isAdded = columns[i] switch
            {
                null => true,
                NumberBuilder numbers => TryAdd(numbers, row[i]),
                CategoryBuilder texts => TryAdd(texts, row[i].Span),
                _ => false,
            };
            if (isAdded)
            {
                continue;
            }

            for (int done = 0; done < i; done++)
            {
                columns[done]?.RemoveLast();
            }

            string wanted = columns[i] is NumberBuilder { IsDate: true } ? "date" : "number";
            bad = new BadRow(string.Empty, LineOf(row), columns[i]!.Name, $"'{row[i].ToString()}' is no {wanted}. Where it means a missing value, name it in MissingValues; where the column holds texts, say so in Types.");
            return false;
        }

        return true;
    }

    /// <summary>The line of a block that a row begins on. Of a first row with several lines Sep names the last.</summary>
    private static int LineOf(SepReader.Row row) => row.RowIndex == 0 ? 1 : row.LineNumberFrom;

    private bool TryAdd(NumberBuilder numbers, SepReader.Col cell)
    {
        ReadOnlySpan<char> text = cell.Span;
        double value = 0;
        if (numbers.IsDate ? TableDate.TryParse(text, out value)
            : (_strange == ',' && CsvNumber.TryReadPlain(text, out value)) || (!text.Contains(_strange) && cell.TryParse(out value)))
        {
            numbers.Add(value);
            return true;
        }

        if (IsMissing(text))
        {
            numbers.AddMissing();
            return true;
        }

        return false;
    }

    private bool TryAdd(CategoryBuilder texts, ReadOnlySpan<char> text)
    {
        // Looked up once, where it came before; what is missing is never among those.
        if (!texts.TryAddKnown(text))
        {
            if (IsMissing(text))
            {
                texts.AddMissing();
            }
            else
            {
                texts.AddNew(text);
            }
        }

        return true;
    }

    private bool IsMissing(ReadOnlySpan<char> text) => _isMissing.Contains(text);

    /// <summary>What a block gives, or the error that ended it.</summary>
    private sealed class Part(int index)
    {
        public int Index { get; } = index;

        public ColumnBuilder?[] Columns { get; init; } = [];

        public List<BadRow> BadRows { get; } = [];

        public long BadRowCount { get; set; }

        public ExceptionDispatchInfo? Error { get; set; }
    }
}
