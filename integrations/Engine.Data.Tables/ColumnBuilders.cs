namespace Engine.Data.Tables;

/// <summary>A column that grows row by row.</summary>
internal abstract class ColumnBuilder(string name)
{
    public string Name { get; } = name;

    public abstract void AddMissing();

    /// <summary>Takes the last row back, where a later column of it cannot be read.</summary>
    public abstract void RemoveLast();

    /// <summary>A builder for another part of the column.</summary>
    /// <param name="capacity">About how many rows it gets.</param>
    public abstract ColumnBuilder Part(int capacity);

    /// <summary>The column of parts that <see cref="Part"/> made, one after the other.</summary>
    public abstract TableColumn Join(ReadOnlySpan<ColumnBuilder> parts);

    public TableColumn Build() => Join([this]);
}

/// <summary>Numbers or dates.</summary>
internal sealed class NumberBuilder(string name, bool isDate = false, int capacity = 256) : ColumnBuilder(name)
{
    private double[] _values = GC.AllocateUninitializedArray<double>(Math.Max(capacity, 1));
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

    public override NumberBuilder Part(int capacity) => new(Name, isDate, capacity);

    public override NumberColumn Join(ReadOnlySpan<ColumnBuilder> parts)
    {
        long rows = 0;
        foreach (ColumnBuilder part in parts)
        {
            rows += ((NumberBuilder)part)._count;
        }

        double[] values = GC.AllocateUninitializedArray<double>(checked((int)rows));
        int at = 0;
        foreach (ColumnBuilder part in parts)
        {
            NumberBuilder numbers = (NumberBuilder)part;
            numbers._values.AsSpan(0, numbers._count).CopyTo(values.AsSpan(at));
            at += numbers._count;
        }

        return new NumberColumn(Name, values, isDate);
    }
}

/// <summary>Texts.</summary>
internal sealed class CategoryBuilder : ColumnBuilder
{
    private const int Missing = -1;

    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    /// <summary>The texts by their codes, which are in the order of their first rows.</summary>
    private readonly List<string> _categories = [];
    private int[] _rows;
    private int _count;

    public CategoryBuilder(string name, int capacity = 256)
        : base(name)
    {
        _lookup = _codes.GetAlternateLookup<ReadOnlySpan<char>>();
        _rows = GC.AllocateUninitializedArray<int>(Math.Max(capacity, 1));
    }

    public void Add(ReadOnlySpan<char> text)
    {
        if (!TryAddKnown(text))
        {
            AddNew(text);
        }
    }

    /// <summary>Adds a text that came before, or an empty one.</summary>
    public bool TryAddKnown(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            AddMissing();
            return true;
        }

        if (!_lookup.TryGetValue(text, out int code))
        {
            return false;
        }

        AddCode(code);
        return true;
    }

    public void AddNew(ReadOnlySpan<char> text)
    {
        string category = text.ToString();
        _codes.Add(category, _categories.Count);
        AddCode(_categories.Count);
        _categories.Add(category);
    }

    public override void AddMissing() => AddCode(Missing);

    public override void RemoveLast()
    {
        int code = _rows[--_count];

        // A text that only the row had which goes is none of the column.
        if (code >= 0 && code == _categories.Count - 1 && !_rows.AsSpan(0, _count).Contains(code))
        {
            _codes.Remove(_categories[code]);
            _categories.RemoveAt(code);
        }
    }

    public override CategoryBuilder Part(int capacity) => new(Name, capacity);

    public override CategoryColumn Join(ReadOnlySpan<ColumnBuilder> parts)
    {
        long count = 0;
        foreach (ColumnBuilder part in parts)
        {
            count += ((CategoryBuilder)part)._count;
        }

        // The codes of a part follow the order of its rows, and the parts are in order: so the codes of the whole follow that of all rows.
        Dictionary<string, int> codes = new(StringComparer.Ordinal);
        List<string> categories = [];
        int[] rows = GC.AllocateUninitializedArray<int>(checked((int)count));
        int[] codeOf = [];
        int at = 0;
        foreach (ColumnBuilder part in parts)
        {
            CategoryBuilder texts = (CategoryBuilder)part;
            if (codeOf.Length < texts._categories.Count)
            {
                codeOf = new int[Math.Max(texts._categories.Count, 2 * codeOf.Length)];
            }

            for (int i = 0; i < texts._categories.Count; i++)
            {
                string category = texts._categories[i];
                if (!codes.TryGetValue(category, out int code))
                {
                    code = categories.Count;
                    codes.Add(category, code);
                    categories.Add(category);
                }

                codeOf[i] = code;
            }

            foreach (int code in texts._rows.AsSpan(0, texts._count))
            {
                rows[at++] = code < 0 ? Missing : codeOf[code];
            }
        }

        return new CategoryColumn(Name, rows, [.. categories]);
    }

    private void AddCode(int code)
    {
        if (_count == _rows.Length)
        {
            Array.Resize(ref _rows, checked(_count * 2));
        }

        _rows[_count++] = code;
    }
}
