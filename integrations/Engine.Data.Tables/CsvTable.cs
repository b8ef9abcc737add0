using System.Globalization;
using nietras.SeparatedValues;

namespace Engine.Data.Tables;

/// <summary>Columns that grow by the rows of text files.</summary>
internal sealed class CsvTable(CsvOptions options)
{
    private const int ReportedRows = 100;
    private const NumberStyles Plain = NumberStyles.Float;

    private static readonly CultureInfo s_comma = WithDecimalComma();

    private readonly HashSet<string> _missing = [.. options.MissingValues, string.Empty];
    private readonly List<BadRow> _badRows = [];
    private long _badRowCount;
    private string[]? _names;
    private string _first = string.Empty;
    private CultureInfo _culture = CultureInfo.InvariantCulture;

    // The one of point and comma that numbers do not have. Numbers of .NET have commas between thousands wherever they stand: "2,5" would be 25.
    private char _strange = ',';

    /// <summary>For each column of the file the builder it goes to; null for one that is not wanted.</summary>
    private ColumnBuilder?[] _builders = [];
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
                _builders = Builders(file, names, open);
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
        TableColumn[] columns = [.. _builders.Where(static b => b is not null).Select(static b => b!.Build())];
        return new Table(options.Columns is { } order ? [.. order.Select(name => columns.First(c => c.Name == name))] : columns, _badRowCount, _badRows);
    }

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

    private ColumnBuilder?[] Builders(string file, string[] names, Func<TextReader> open)
    {
        foreach (string wanted in (options.Columns ?? []).Concat(options.Types.Keys))
        {
            if (!names.Contains(wanted))
            {
                throw new DataFileException($"{file}: there is no column '{wanted}'. There are: {string.Join(", ", names)}.");
            }
        }

        ColumnType[] types = InferTypes(names, open);
        ColumnBuilder?[] builders = new ColumnBuilder?[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            if (options.Columns is null || options.Columns.Contains(names[i]))
            {
                ColumnType type = options.Types.TryGetValue(names[i], out ColumnType given) ? given : types[i];
                builders[i] = type == ColumnType.Category ? new CategoryBuilder(names[i]) : new NumberBuilder(names[i], type == ColumnType.Date);
            }
        }

        return builders;
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

    private void ReadRows(string file, Func<TextReader> open)
    {
        using TextReader text = open();
        using SepReader reader = Reader(text);
        foreach (SepReader.Row row in reader)
        {
            if (options.HasHeader && row.RowIndex == 0)
            {
                continue;
            }

            if (row.ColCount != _builders.Length)
            {
                // A line with nothing on it is no row.
                if (row.Span.Trim().IsEmpty)
                {
                    continue;
                }

                Report(new BadRow(file, row.LineNumberFrom, null, $"it has {row.ColCount} columns in place of {_builders.Length}."));
                continue;
            }

            for (int i = 0; i < _builders.Length; i++)
            {
                if (_builders[i] is { } builder && !TryAdd(builder, row[i]))
                {
                    for (int done = 0; done < i; done++)
                    {
                        _builders[done]?.RemoveLast();
                    }

                    string wanted = builder is NumberBuilder { IsDate: true } ? "date" : "number";
                    Report(new BadRow(file, row.LineNumberFrom, builder.Name, $"'{row[i].ToString()}' is no {wanted}. Where it means a missing value, name it in MissingValues; where the column holds texts, say so in Types."));
                    break;
                }
            }
        }
    }

    private bool TryAdd(ColumnBuilder builder, SepReader.Col cell)
    {
        if (builder is NumberBuilder { IsDate: false } numbers && !cell.Span.Contains(_strange) && cell.TryParse(out double number))
        {
            numbers.Add(number);
            return true;
        }

        ReadOnlySpan<char> text = cell.Span;
        if (IsMissing(text))
        {
            builder.AddMissing();
            return true;
        }

        switch (builder)
        {
            case CategoryBuilder categories:
                categories.Add(text);
                return true;
            case NumberBuilder { IsDate: true } dates when TableDate.TryParse(text, out double days):
                dates.Add(days);
                return true;
            default:
                return false;
        }
    }

    private bool IsMissing(ReadOnlySpan<char> text) => _isMissing.Contains(text);

    private void Report(BadRow row)
    {
        if (options.OnBadRow == OnBadRow.Throw)
        {
            throw new DataFileException(row.ToString());
        }

        _badRowCount++;
        if (_badRows.Count < ReportedRows)
        {
            _badRows.Add(row);
        }
    }
}
