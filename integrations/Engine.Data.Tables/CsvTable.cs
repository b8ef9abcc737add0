using System.Globalization;
using nietras.SeparatedValues;

namespace Engine.Data.Tables;

/// <summary>Columns that grow by the rows of text files: names and types by the first, the rows block by block.</summary>
internal sealed partial class CsvTable(CsvOptions options)
{
    private const NumberStyles Plain = NumberStyles.Float;

    private static readonly CultureInfo s_comma = WithDecimalComma();

    private readonly HashSet<string> _missing = [.. options.MissingValues, string.Empty];
    private string[]? _names;
    private string _first = string.Empty;
    private CultureInfo _culture = CultureInfo.InvariantCulture;

    // The one of point and comma that numbers do not have. Numbers of .NET have commas between thousands wherever they stand: "2,5" would be 25.
    private char _strange = ',';

    /// <summary>About how many characters a thread takes at a time: 11,000 rows of ten numbers. Not tuned.</summary>
    internal int BlockLength { get; init; } = 1 << 20;

    /// <summary>For each column of the file what is made of it; null for one that is not wanted.</summary>
    private ColumnBuilder?[] _columns = [];
    private char _separator;
    private HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _isMissing;

    public void Add(string file, Func<TextReader> open)
    {
        try
        {
            string[] names = ReadNames(file, open);
            if (_names is null)
            {
                (_names, _first) = (names, file);
                _isMissing = _missing.GetAlternateLookup<ReadOnlySpan<char>>();
                _columns = Columns(file, names, open);
            }
            else if (!names.AsSpan().SequenceEqual(_names))
            {
                throw new DataFileException($"{file}: its columns are {string.Join(", ", names)}; those of {_first} are {string.Join(", ", _names)}.");
            }

            ReadRows(file, open);
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException)
        {
            // Of the unpacker, or of the reader where a row has no end.
            throw new DataFileException($"{file}: {error.Message}", error);
        }
    }

    public Table Build()
    {
        // Column by column: the parts of one are given up as soon as it is whole.
        TableColumn?[] columns = new TableColumn?[_columns.Length];
        Parallel.For(0, columns.Length, new ParallelOptions { MaxDegreeOfParallelism = Threads }, i =>
        {
            if (_columns[i] is { } column)
            {
                columns[i] = column.Join([.. _parts.Select(part => part[i]!)]);
                _parts.ForEach(part => part[i] = null);
            }
        });
        TableColumn[] made = [.. columns.OfType<TableColumn>()];
        return new Table(options.Columns is { } order ? [.. order.Select(name => made.First(c => c.Name == name))] : made, _badRowCount, _badRows);
    }

    private int Threads => options.MaxThreads == 0 ? Environment.ProcessorCount : options.MaxThreads;

    private static CultureInfo WithDecimalComma()
    {
        CultureInfo culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator) = (",", ".");
        return culture;
    }

    private SepReader Reader(TextReader text) => (options.Separator is { } separator ? Sep.New(separator).Reader(Configure) : Sep.Reader(Configure)).From(text);

    // Headers are read here as rows, so that what is wrong with them is said in our words; so are rows of another length.
    private SepReaderOptions Configure(SepReaderOptions o) => o with { HasHeader = false, DisableColCountCheck = true, Unescape = true, CultureInfo = _culture };

    private string[] ReadNames(string file, Func<TextReader> open)
    {
        using TextReader text = open();
        using SepReader reader = Reader(text);
        _separator = reader.Spec.Sep.Separator;
        foreach (SepReader.Row row in reader)
        {
            string[] names = new string[row.ColCount];
            for (int i = 0; i < names.Length; i++)
            {
                names[i] = options.HasHeader ? row[i].ToString().Trim() : $"c{i}";
                if (row[i].Span.Contains('\0'))
                {
                    throw new DataFileException($"{file}: it is no text: its first line has a byte 0. Texts are read in UTF-8, or in UTF-16 with its mark.");
                }
            }

            if (options.ColumnNames is { } given)
            {
                names = given.Count == names.Length
                    ? [.. given]
                    : throw new DataFileException($"{file}: it has {names.Length} columns; ColumnNames names {given.Count}.");
            }

            if (names.GroupBy(static n => n).FirstOrDefault(static g => g.Count() > 1) is { Key: var twice })
            {
                throw new DataFileException($"{file}: two columns are named '{twice}'. Give them names by ColumnNames.");
            }

            if (Array.IndexOf(names, string.Empty) is >= 0 and var nameless)
            {
                names[nameless] = $"c{nameless}";
            }

            return names;
        }

        throw new DataFileException($"{file}: it is empty.");
    }

    private ColumnBuilder?[] Columns(string file, string[] names, Func<TextReader> open)
    {
        foreach (string wanted in (options.Columns ?? []).Concat(options.Types.Keys))
        {
            if (!names.Contains(wanted))
            {
                throw new DataFileException($"{file}: there is no column '{wanted}'. There are: {string.Join(", ", names)}.");
            }
        }

        ColumnType[] types = InferTypes(names, open);
        ColumnBuilder?[] columns = new ColumnBuilder?[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            if (options.Columns is null || options.Columns.Contains(names[i]))
            {
                ColumnType type = options.Types.TryGetValue(names[i], out ColumnType given) ? given : types[i];
                columns[i] = type == ColumnType.Category ? new CategoryBuilder(names[i]) : new NumberBuilder(names[i], type == ColumnType.Date);
            }
        }

        return columns;
    }

    private ColumnType[] InferTypes(string[] names, Func<TextReader> open)
    {
        bool[] canBeNumber = new bool[names.Length], canHaveComma = new bool[names.Length], canBeDate = new bool[names.Length], hasValue = new bool[names.Length];
        bool hasComma = false, hasPoint = false;
        Array.Fill(canBeNumber, true);
        Array.Fill(canHaveComma, true);
        Array.Fill(canBeDate, true);
        int rows = 0;
        using TextReader text = open();
        using SepReader reader = Reader(text);
        foreach (SepReader.Row row in reader)
        {
            if (options.HasHeader && row.RowIndex == 0)
            {
                continue;
            }

            if (rows++ == options.InferRows)
            {
                break;
            }

            for (int i = 0; i < Math.Min(names.Length, row.ColCount); i++)
            {
                ReadOnlySpan<char> value = row[i].Span;
                if (!IsMissing(value))
                {
                    hasValue[i] = true;
                    bool point = value.Contains('.'), comma = value.Contains(',');
                    bool isNumber = !comma && row[i].TryParse<double>() is not null, isWithComma = comma ? !point && double.TryParse(value, Plain, s_comma, out _) : !point && isNumber;
                    hasPoint |= isNumber && point;
                    hasComma |= isWithComma && comma;
                    canBeNumber[i] &= isNumber;
                    canHaveComma[i] &= isWithComma;
                    canBeDate[i] &= TableDate.TryParse(value, out _);
                }
            }
        }

        if ((options.DecimalSeparator ?? (reader.Spec.Sep.Separator != ',' && hasComma && !hasPoint ? ',' : '.')) == ',')
        {
            (_culture, _strange, canBeNumber) = (s_comma, '.', canHaveComma);
        }

        // A column without a value so far may yet get numbers; texts it would have to be told.
        return [.. names.Select((_, i) => !hasValue[i] || canBeNumber[i] ? ColumnType.Number : canBeDate[i] ? ColumnType.Date : ColumnType.Category)];
    }
}
