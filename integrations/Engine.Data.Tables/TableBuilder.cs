namespace Engine.Data.Tables;

/// <summary>Columns that grow part by part: by batches of Arrow, by the rows of a view.</summary>
internal sealed class TableBuilder(string source)
{
    private readonly List<ColumnBuilder> _columns = [];
    private readonly Dictionary<string, ColumnBuilder> _byName = new(StringComparer.Ordinal);

    /// <summary>The numbers of this name, begun if this is the first part.</summary>
    public NumberBuilder Numbers(string name, bool isDate = false) => Get(name, () => new NumberBuilder(name, isDate));

    /// <summary>The texts of this name.</summary>
    public CategoryBuilder Texts(string name) => Get(name, () => new CategoryBuilder(name));

    public Table Build() => new([.. _columns.Select(static c => c.Build())]);

    private T Get<T>(string name, Func<T> create)
        where T : ColumnBuilder
    {
        if (!_byName.TryGetValue(name, out ColumnBuilder? column))
        {
            column = create();
            _byName.Add(name, column);
            _columns.Add(column);
        }

        return column as T ?? throw new DataFileException($"{source}: column '{name}' changes its type from one part to the next.");
    }
}
