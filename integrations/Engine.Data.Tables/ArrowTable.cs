using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;

namespace Engine.Data.Tables;

/// <summary>Tables from Apache Arrow: record batches of other libraries, and files of its IPC formats (Feather 2).</summary>
/// <remarks>Numbers and booleans become numbers, texts and dictionaries of texts categories, dates and timestamps dates, columns without type (all missing) numbers. Other types are refused by name.</remarks>
public static class ArrowTable
{
    // The first bytes of the format with an index; one without begins with a message.
    private static ReadOnlySpan<byte> FileMagic => "ARROW1"u8;

    /// <summary>The rows of batches with the same columns, one after the other.</summary>
    /// <exception cref="DataFileException">A column has a type that no table has, or the columns of a batch are others than those of the first.</exception>
    public static Table From(params IEnumerable<RecordBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return Build(null, batches);
    }

    /// <summary>The rows of batches with these columns, which the table has also where there is no batch.</summary>
    /// <exception cref="DataFileException">A column has a type that no table has, or a batch has other columns.</exception>
    public static Table From(Schema schema, IEnumerable<RecordBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(batches);
        return Build(schema, batches);
    }

    /// <summary>Reads a file of either IPC format.</summary>
    /// <exception cref="DataFileException">It is damaged, or has a column of another type.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Table Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = File.OpenRead(path);
        try
        {
            Span<byte> magic = stackalloc byte[FileMagic.Length];
            bool hasIndex = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual(FileMagic);
            file.Position = 0;
            using ArrowStreamReader reader = hasIndex ? new ArrowFileReader(file) : new ArrowStreamReader(file);
            List<RecordBatch> batches = [];
            try
            {
                while (reader.ReadNextRecordBatch() is { } batch)
                {
                    batches.Add(batch);
                }

                return From(reader.Schema, batches);
            }
            finally
            {
                batches.ForEach(static b => b.Dispose());
            }
        }
        catch (Exception error) when (error is not IOException or EndOfStreamException)
        {
            // Arrow checks little of what a file says before it follows it.
            throw new DataFileException($"{path}: {error.Message}", error);
        }
    }

    private static Table Build(Schema? schema, IEnumerable<RecordBatch> batches)
    {
        TableBuilder builder = new("Arrow");
        string[]? names = null;
        if (schema is not null)
        {
            names = Begin(builder, schema);
        }

        foreach (RecordBatch batch in batches)
        {
            names ??= Begin(builder, batch.Schema);
            if (batch.ColumnCount != names.Length || batch.Schema.FieldsList.Where((field, i) => field.Name != names[i]).Any())
            {
                throw new DataFileException($"Arrow: the columns of a batch are {string.Join(", ", batch.Schema.FieldsList.Select(static field => field.Name))}; those before are {string.Join(", ", names)}.");
            }

            for (int i = 0; i < batch.ColumnCount; i++)
            {
                Add(builder, names[i], batch.Column(i));
            }
        }

        return builder.Build();
    }

    /// <summary>Begins the columns, which there are also without rows.</summary>
    private static string[] Begin(TableBuilder builder, Schema schema)
    {
        string[] names = [.. schema.FieldsList.Select(static field => field.Name)];
        if (names.GroupBy(static name => name).FirstOrDefault(static group => group.Count() > 1) is { Key: var twice })
        {
            throw new DataFileException($"Arrow: two columns are named '{twice}'.");
        }

        foreach (Field field in schema.FieldsList)
        {
            switch (field.DataType.TypeId)
            {
                case ArrowTypeId.Date32 or ArrowTypeId.Date64 or ArrowTypeId.Timestamp: builder.Numbers(field.Name, isDate: true); break;
                case ArrowTypeId.String: builder.Texts(field.Name); break;
                case ArrowTypeId.Dictionary when field.DataType is DictionaryType { ValueType: StringType }: builder.Texts(field.Name); break;
                case ArrowTypeId.Null or ArrowTypeId.Boolean or ArrowTypeId.Decimal128 or (>= ArrowTypeId.UInt8 and <= ArrowTypeId.Double): builder.Numbers(field.Name); break;
                default: throw Refused(field.Name, field.DataType);
            }
        }

        return names;
    }

    private static DataFileException Refused(string name, IArrowType type) => new($"Arrow: column '{name}' is {type.TypeId}; a table has numbers, booleans, texts and dates.");

    private static void Add(TableBuilder builder, string name, IArrowArray array)
    {
        ArrowBuffers.Check(name, array.Data);
        switch (array)
        {
            case BooleanArray values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) is { } v ? v ? 1 : 0 : double.NaN); break;
            case Int8Array values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case Int16Array values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case Int32Array values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case Int64Array values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case UInt8Array values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case UInt16Array values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case UInt32Array values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case UInt64Array values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case HalfFloatArray values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) is { } v ? (double)v : double.NaN); break;
            case FloatArray values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case DoubleArray values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) ?? double.NaN); break;
            case Decimal128Array values: AddNumbers(builder, name, values.Length, i => values.GetValue(i) is { } v ? (double)v : double.NaN); break;
            case Date32Array values: AddNumbers(builder, name, values.Length, i => values.GetDateTime(i) is { } v ? TableDate.Days(v) : double.NaN, isDate: true); break;
            case Date64Array values: AddNumbers(builder, name, values.Length, i => values.GetDateTime(i) is { } v ? TableDate.Days(v) : double.NaN, isDate: true); break;
            case TimestampArray values: AddNumbers(builder, name, values.Length, i => values.GetTimestamp(i) is { } v ? TableDate.Days(v.UtcDateTime) : double.NaN, isDate: true); break;
            case StringArray values: AddTexts(builder, name, values.Length, i => values.GetString(i)); break;
            case DictionaryArray { Dictionary: StringArray words } codes: AddCodes(builder, name, codes, words); break;
            case NullArray values: AddNumbers(builder, name, values.Length, static _ => double.NaN); break;
            default: throw Refused(name, array.Data.DataType);
        }
    }

    private static void AddCodes(TableBuilder builder, string name, DictionaryArray codes, StringArray words)
    {
        CategoryBuilder texts = builder.Texts(name);
        string?[] known = new string?[words.Length];
        int row = 0;
        foreach (int code in codes.EnumeratePhysicalIndices())
        {
            bool isMissing = codes.IsNull(row++);
            if (!isMissing && (uint)code >= (uint)known.Length)
            {
                throw new DataFileException($"Arrow: column '{name}' is damaged: code {code} of {known.Length} texts.");
            }

            texts.Add(isMissing ? null : known[code] ??= words.GetString(code));
        }
    }

    private static void AddNumbers(TableBuilder builder, string name, int count, Func<int, double> value, bool isDate = false)
    {
        NumberBuilder numbers = builder.Numbers(name, isDate);
        for (int i = 0; i < count; i++)
        {
            numbers.Add(value(i));
        }
    }

    private static void AddTexts(TableBuilder builder, string name, int count, Func<int, string?> value)
    {
        CategoryBuilder texts = builder.Texts(name);
        for (int i = 0; i < count; i++)
        {
            texts.Add(value(i));
        }
    }
}
