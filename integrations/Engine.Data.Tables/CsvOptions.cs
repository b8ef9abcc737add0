namespace Engine.Data.Tables;

/// <summary>How a text file is read.</summary>
public sealed record CsvOptions
{
    /// <summary>What stands between columns; found from the first line where null.</summary>
    public char? Separator { get; init; }

    /// <summary>
    /// What stands before the decimals of a number, a point or a comma. Null: a comma where another character stands between columns and the first
    /// <see cref="InferRows"/> rows have numbers with a comma and none with a point, as files of spreadsheets in many countries; a point otherwise. Numbers
    /// have nothing between thousands: <c>1,234</c> is a text where a point stands before decimals.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is neither.</exception>
    public char? DecimalSeparator
    {
        get;
        init => field = value is null or '.' or ',' ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Decimals stand behind a point or a comma.");
    }

    /// <summary>Whether the first line holds the names of the columns.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>The names of the columns where the file has none, or others than the file's. Null: the file's, or <c>c0</c>, <c>c1</c>, …</summary>
    public IReadOnlyList<string>? ColumnNames { get; init; }

    /// <summary>The columns to read, in the order of the table; all where null.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>
    /// The types of columns that are known. Of the others the first <see cref="InferRows"/> rows decide: numbers where all are numbers, dates (ISO 8601) where all
    /// are dates, categories otherwise.
    /// </summary>
    public IReadOnlyDictionary<string, ColumnType> Types { get; init; } = new Dictionary<string, ColumnType>();

    /// <summary>How many rows decide on types that are not given.</summary>
    public int InferRows { get; init; } = 1000;

    /// <summary>The texts that stand for a missing value, beside the empty one.</summary>
    public IReadOnlyList<string> MissingValues { get; init; } = ["NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?"];

    /// <summary>How many threads take the rows apart; 0 for all processors. The table does not depend on it.</summary>
    public int MaxThreads { get; init; }

    /// <summary>What becomes of rows with too few or too many columns, or with a text where a number has to be.</summary>
    public OnBadRow OnBadRow { get; init; }
}
