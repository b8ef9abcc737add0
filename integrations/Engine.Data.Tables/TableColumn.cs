namespace Engine.Data.Tables;

/// <summary>What a column holds.</summary>
public enum ColumnType : byte
{
    /// <summary>Numbers; a missing one is NaN.</summary>
    Number,

    /// <summary>One of several texts, such as the name of a city.</summary>
    Category,

    /// <summary>A day and time, as the number of days since 1970-01-01.</summary>
    Date,
}

/// <summary>A named column of a <see cref="Table"/>.</summary>
public abstract class TableColumn
{
    private protected TableColumn(string name, ColumnType type) => (Name, Type) = (name, type);

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>What it holds.</summary>
    public ColumnType Type { get; }

    /// <summary>The number of rows.</summary>
    public abstract int Count { get; }

    /// <summary>The number of missing values.</summary>
    public abstract int MissingCount { get; }

    /// <summary>The value as text, empty where it is missing.</summary>
    public abstract string Text(int row);

    /// <summary>Whether the value is missing.</summary>
    public abstract bool IsMissing(int row);

    /// <summary>"area: Number, 3 missing"; of a category how many there are.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{Name}: {Type}{(this is CategoryColumn texts ? $" ({texts.Categories.Count:N0} different)" : string.Empty)}{(MissingCount > 0 ? $", {MissingCount:N0} missing" : string.Empty)}");

    internal abstract TableColumn Take(ReadOnlySpan<int> rows);
}

/// <summary>A column of numbers or dates.</summary>
public sealed class NumberColumn : TableColumn
{
    private readonly double[] _values;
    private int _missing = -1;

    /// <summary>A column of numbers that become the column's.</summary>
    /// <param name="name">The name.</param>
    /// <param name="values">The numbers, NaN where one is missing.</param>
    /// <param name="isDate">Whether they are days since 1970-01-01.</param>
    public NumberColumn(string name, double[] values, bool isDate = false)
        : base(name, isDate ? ColumnType.Date : ColumnType.Number)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(values);
        _values = values;
    }

    /// <summary>The numbers, NaN where one is missing.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <inheritdoc/>
    public override int Count => _values.Length;

    /// <inheritdoc/>
    public override int MissingCount
    {
        get
        {
            // Counted by whichever thread comes first: all count the same.
            if (_missing < 0)
            {
                int missing = 0;
                foreach (double value in _values)
                {
                    missing += double.IsNaN(value) ? 1 : 0;
                }

                _missing = missing;
            }

            return _missing;
        }
    }

    /// <inheritdoc/>
    public override bool IsMissing(int row) => double.IsNaN(_values[row]);

    /// <inheritdoc/>
    public override string Text(int row) => IsMissing(row) ? string.Empty
        : Type == ColumnType.Date ? TableDate.Text(_values[row])
        : _values[row].ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    internal override NumberColumn Take(ReadOnlySpan<int> rows)
    {
        double[] taken = new double[rows.Length];
        for (int i = 0; i < taken.Length; i++)
        {
            taken[i] = _values[rows[i]];
        }

        return new NumberColumn(Name, taken, Type == ColumnType.Date);
    }
}

/// <summary>A column of texts of which there are few: each is kept once, and the rows hold its number.</summary>
public sealed class CategoryColumn : TableColumn
{
    private readonly int[] _codes;
    private readonly string[] _categories;

    /// <summary>A column of codes that become the column's.</summary>
    /// <param name="name">The name.</param>
    /// <param name="codes">For each row the place of its text among the categories; −1 where it is missing.</param>
    /// <param name="categories">The texts.</param>
    /// <exception cref="ArgumentException">A code names no category.</exception>
    public CategoryColumn(string name, int[] codes, string[] categories)
        : base(name, ColumnType.Category)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(codes);
        ArgumentNullException.ThrowIfNull(categories);
        if (codes.AsSpan().ContainsAnyExceptInRange(-1, categories.Length - 1))
        {
            throw new ArgumentException($"Column '{name}': a code lies outside of −1 … {categories.Length - 1}.", nameof(codes));
        }

        (_codes, _categories) = (codes, categories);
    }

    /// <summary>A column of texts; null and empty ones are missing.</summary>
    public static CategoryColumn From(string name, IEnumerable<string?> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        CategoryBuilder builder = new(name);
        foreach (string? text in texts)
        {
            builder.Add(text);
        }

        return builder.Join([builder]);
    }

    /// <summary>For each row the place of its text among <see cref="Categories"/>; −1 where it is missing.</summary>
    public ReadOnlySpan<int> Codes => _codes;

    /// <summary>The texts, each once, in the order of their first rows.</summary>
    public IReadOnlyList<string> Categories => _categories;

    /// <inheritdoc/>
    public override int Count => _codes.Length;

    /// <inheritdoc/>
    public override int MissingCount => _codes.AsSpan().Count(-1);

    /// <inheritdoc/>
    public override bool IsMissing(int row) => _codes[row] < 0;

    /// <inheritdoc/>
    public override string Text(int row) => _codes[row] < 0 ? string.Empty : _categories[_codes[row]];

    internal override CategoryColumn Take(ReadOnlySpan<int> rows)
    {
        int[] taken = new int[rows.Length];
        for (int i = 0; i < taken.Length; i++)
        {
            taken[i] = _codes[rows[i]];
        }

        return new CategoryColumn(Name, taken, _categories);
    }
}
