using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using ParquetSharp;
using ParquetSharp.Arrow;

namespace Engine.Data.Parquet;

/// <summary>The columns of a file that are wanted, as batches of Arrow.</summary>
internal sealed class ParquetFile : IDisposable
{
    // So many rows are in memory as Arrow has them, beside the table.
    private const int BatchRows = 1 << 16;

    private readonly FileReader _reader;
    private readonly IArrowArrayStream _batches;

    private ParquetFile(FileReader reader, int[] places)
    {
        _reader = reader;
        RowCount = reader.ParquetReader.FileMetaData.NumRows;
        _batches = reader.GetRecordBatchReader(null, places);
    }

    /// <summary>The wanted columns, in the order of the file.</summary>
    public Schema Schema => _batches.Schema;

    /// <summary>How many rows the file says that it has.</summary>
    public long RowCount { get; }

    public static ParquetFile Open(string path, IReadOnlyList<string>? columns)
    {
        // What is not there or not allowed is said by the system, before native code sees the path.
        File.OpenHandle(path).Dispose();
        using ArrowReaderProperties properties = ArrowReaderProperties.GetDefault();
        properties.BatchSize = BatchRows;
        int[] places;
        using (FileReader schema = new(path, null, properties))
        {
            places = Places(schema, columns, properties);
        }

        FileReader reader = new(path, null, properties);
        try
        {
            return new ParquetFile(reader, places);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The rows; a batch lives until the next one is asked for.</summary>
    public IEnumerable<RecordBatch> Batches()
    {
        while (_batches.ReadNextRecordBatchAsync().AsTask().GetAwaiter().GetResult() is { } batch)
        {
            using (batch)
            {
                yield return batch;
            }
        }
    }

    public void Dispose()
    {
        _batches.Dispose();
        _reader.Dispose();
    }

    /// <summary>The places of the columns in the file. Texts are read as codes of a list, in which each stands once, however often a file repeats it.</summary>
    private static int[] Places(FileReader file, IReadOnlyList<string>? columns, ArrowReaderProperties properties)
    {
        IReadOnlyList<SchemaField> fields = file.SchemaManifest.SchemaFields;
        string[] names = [.. fields.Select(static field => field.Field.Name)];
        SortedSet<int> places = [];
        foreach (string name in columns ?? names)
        {
            int at = System.Array.IndexOf(names, name);
            if (at < 0)
            {
                throw new DataFileException($"there is no column '{name}'. There are: {string.Join(", ", names)}.");
            }

            SchemaField field = fields[at];
            if (field.ColumnIndex < 0)
            {
                throw new DataFileException($"column '{name}' is {field.Field.DataType.TypeId}; a table has numbers, booleans, texts and dates. Name the columns to read.");
            }

            if (!places.Add(field.ColumnIndex) || System.Array.IndexOf(names, name, at + 1) >= 0)
            {
                throw new DataFileException($"there are two columns '{name}'.");
            }

            if (field.Field.DataType is StringType && CanBeCodes(file.ParquetReader, field.ColumnIndex))
            {
                properties.SetReadDictionary(field.ColumnIndex, true);
            }
        }

        return [.. places];
    }

    /// <summary>Whether the library reads the column as codes: not where texts are told by their difference from the one before.</summary>
    private static bool CanBeCodes(ParquetFileReader file, int column)
    {
        for (int group = 0; group < file.FileMetaData.NumRowGroups; group++)
        {
            using RowGroupReader reader = file.RowGroup(group);
            using ColumnChunkMetaData chunk = reader.MetaData.GetColumnChunkMetaData(column);
            if (chunk.Encodings.Any(static encoding => encoding is not (Encoding.Plain or Encoding.PlainDictionary or Encoding.RleDictionary or Encoding.Rle or Encoding.BitPacked)))
            {
                return false;
            }
        }

        return true;
    }
}
