namespace Engine.Data.Tables;

/// <summary>A column that grows row by row.</summary>
internal abstract class ColumnBuilder(string name)
{
    public string Name { get; } = name;

    public abstract void AddMissing();

    public abstract TableColumn Build();

    /// <summary>Takes the last row back, where a later column of it cannot be read.</summary>
    public abstract void RemoveLast();
}

/// <summary>Numbers or dates.</summary>
internal sealed class NumberBuilder(string name, bool isDate = false) : ColumnBuilder(name)
{
    private double[] _values = new double[256];
    private int _count;

    public bool IsDate => isDate;

    public void Add(double value)
    {
        if (_count == _values.Length)
        {
            Array.Resize(ref _values, checked(_count * 2));
        }

        _values[_count++] = value;
    }

    public override void AddMissing() => Add(double.NaN);

    public override void RemoveLast() => _count--;

    public override NumberColumn Build() => new(Name, _values[.._count], isDate);
}

/// <summary>Texts.</summary>
internal sealed class CategoryBuilder : ColumnBuilder
{
    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly List<int> _rows = [];

    public CategoryBuilder(string name)
        : base(name) => _lookup = _codes.GetAlternateLookup<ReadOnlySpan<char>>();

    public void Add(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            AddMissing();
            return;
        }

        if (!_lookup.TryGetValue(text, out int code))
        {
            code = _codes.Count;
            _codes.Add(text.ToString(), code);
        }

        _rows.Add(code);
    }

    public override void AddMissing() => _rows.Add(-1);

    public override void RemoveLast() => _rows.RemoveAt(_rows.Count - 1);

    public override CategoryColumn Build()
    {
        // In the order of their codes, which is that of their first rows.
        string[] categories = new string[_codes.Count];
        foreach ((string text, int code) in _codes)
        {
            categories[code] = text;
        }

        return new CategoryColumn(Name, [.. _rows], categories);
    }
}
