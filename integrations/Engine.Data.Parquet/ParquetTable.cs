using Engine.Data.Tables;
using RecordBatch = Apache.Arrow.RecordBatch;

namespace Engine.Data.Parquet;

/// <summary>Tables from Parquet files, read by Apache's C++ library through ParquetSharp.</summary>
/// <remarks>
/// Numbers and booleans become numbers, texts categories, dates and timestamps dates, missing values missing values, as of <see cref="ArrowTable"/>. Columns of
/// other types, such as lists, are refused by name; leave them out by naming those to read. The library is native: it is there for Linux (x64 and Arm, with glibc),
/// macOS and Windows; elsewhere the first call is a <see cref="DllNotFoundException"/>, and Arrow's own files or CSV are the way.
/// </remarks>
/// <example><code>
/// Table houses = ParquetTable.Read("houses.parquet", columns: ["area", "city", "price"]);
/// </code></example>
public static class ParquetTable
{
    /// <summary>The memory that a table takes at most unless another number is given: 4 GiB.</summary>
    public const long DefaultMaxBytes = 4L << 30;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="columns">The columns to read, in the order of the table; all where null.</param>
    /// <param name="maxBytes">A table with more is refused: 8 bytes are counted for each value. A small file can say that it has very many.</param>
    /// <exception cref="DataFileException">It is damaged, has no such column, has one of another type, or takes more than <paramref name="maxBytes"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBytes"/> is negative.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="DllNotFoundException">The native library is not there for this system.</exception>
    public static Table Read(string path, IReadOnlyList<string>? columns = null, long maxBytes = DefaultMaxBytes) => Read([path], columns, maxBytes);

    /// <summary>Reads files with the same columns, one after the other, into one table.</summary>
    /// <inheritdoc cref="Read(string, IReadOnlyList{string}?, long)" path="/*[not(self::param or self::summary)]"/>
    /// <param name="paths">The files.</param>
    /// <param name="columns">The columns to read, in the order of the table; all where null.</param>
    /// <param name="maxBytes">A table with more is refused.</param>
    public static Table Read(IReadOnlyList<string> paths, IReadOnlyList<string>? columns = null, long maxBytes = DefaultMaxBytes)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        foreach (string path in paths)
        {
            ArgumentException.ThrowIfNullOrEmpty(path, nameof(paths));
        }

        string current = string.Empty;
        try
        {
            Budget budget = new(maxBytes);
            Table? table = null;
            foreach (string path in paths.Take(1))
            {
                using ParquetFile first = ParquetFile.Open(current = path, columns);
                table = ArrowTable.From(first.Schema, paths.SelectMany(each => Batches(current = each, columns, budget)));
            }

            table ??= ArrowTable.From();
            return columns is null ? table : table.Select([.. columns]);
        }
        catch (Exception error) when (error is not (IOException or UnauthorizedAccessException or DllNotFoundException or TypeInitializationException or EntryPointNotFoundException or BadImageFormatException))
        {
            // The exceptions of the library have no type of their own.
            throw new DataFileException($"{current}: {error.Message}", error);
        }
    }

    private static IEnumerable<RecordBatch> Batches(string path, IReadOnlyList<string>? columns, Budget budget)
    {
        using ParquetFile file = ParquetFile.Open(path, columns);
        budget.Check(file.RowCount, file.Schema.FieldsList.Count);
        foreach (RecordBatch batch in file.Batches())
        {
            budget.Take(batch.Length, batch.ColumnCount);
            yield return batch;
        }
    }

    /// <summary>How much memory is left for tables.</summary>
    private sealed class Budget(long maxBytes)
    {
        private readonly long _limit = maxBytes;
        private long _rest = maxBytes;

        /// <summary>Refuses what a file says of itself.</summary>
        public void Check(long rows, int columns)
        {
            // In floating point, where no product is too large.
            if (rows < 0 || (double)rows * columns * sizeof(double) > _rest)
            {
                throw new DataFileException($"its {rows:N0} rows of {columns} columns take more than the limit of {_limit:N0} bytes; maxBytes sets it.");
            }
        }

        /// <summary>Refuses what it has beyond that.</summary>
        public void Take(int rows, int columns)
        {
            Check(rows, columns);
            _rest -= (long)rows * columns * sizeof(double);
        }
    }
}
