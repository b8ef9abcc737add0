using System.Text;
using Engine.Nn;

namespace Engine.Data.Tables;

/// <summary>Rows of typed columns in the host's memory: what a file or another library gave, before it becomes tensors.</summary>
/// <remarks>
/// A table does not change; what selects rows or columns makes another one. It becomes tensors by a <see cref="TablePreprocessor"/>, which is fitted on
/// the training part and travels with the model.
/// <code>
/// Table houses = Csv.Read("houses.csv");
/// (Table train, Table test) = houses.Split(0.2, seed: 1);
/// TablePreprocessor preprocessor = TablePreprocessor.Fit(train, target: "price");
/// DataLoader loader = new(preprocessor.Dataset(train), 64) { Shuffle = true };
/// </code>
/// </remarks>
public sealed class Table
{
    private const int PrintedRows = 10;

    private readonly Dictionary<string, TableColumn> _byName = new(StringComparer.Ordinal);

    /// <summary>A table of these columns.</summary>
    /// <exception cref="ArgumentException">Two columns have one name, or their numbers of rows differ.</exception>
    public Table(IReadOnlyList<TableColumn> columns)
        : this(columns, 0, [])
    {
    }

    internal Table(IReadOnlyList<TableColumn> columns, long badRowCount, IReadOnlyList<BadRow> badRows)
    {
        ArgumentNullException.ThrowIfNull(columns);
        Columns = [.. columns];
        (BadRowCount, BadRows) = (badRowCount, badRows);
        foreach (TableColumn column in Columns)
        {
            ArgumentNullException.ThrowIfNull(column, nameof(columns));
            if (!_byName.TryAdd(column.Name, column))
            {
                throw new ArgumentException($"Table: two columns are named '{column.Name}'.", nameof(columns));
            }

            if (column.Count != Columns[0].Count)
            {
                throw new ArgumentException($"Table: column '{column.Name}' has {column.Count} rows, '{Columns[0].Name}' has {Columns[0].Count}.", nameof(columns));
            }
        }
    }

    /// <summary>The columns in order.</summary>
    public IReadOnlyList<TableColumn> Columns { get; }

    /// <summary>The number of rows.</summary>
    public int RowCount => Columns.Count == 0 ? 0 : Columns[0].Count;

    /// <summary>How many rows of the file were left out because they could not be read.</summary>
    public long BadRowCount { get; }

    /// <summary>The first hundred of them.</summary>
    public IReadOnlyList<BadRow> BadRows { get; }

    /// <summary>The column of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists those that there are.</exception>
    public TableColumn this[string name] => Find(name) ?? throw new KeyNotFoundException(
        $"Table: there is no column '{name}'. There are: {string.Join(", ", Columns.Select(static c => c.Name))}.");

    /// <summary>A table of these rows, in this order; a row may come several times.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Table Rows(params ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            if ((uint)row >= (uint)RowCount)
            {
                throw new ArgumentOutOfRangeException(nameof(rows), row, $"Table: rows go from 0 to {RowCount - 1}.");
            }
        }

        TableColumn[] columns = new TableColumn[Columns.Count];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = Columns[i].Take(rows);
        }

        return new Table(columns);
    }

    /// <summary>A table of these columns, in this order.</summary>
    /// <exception cref="KeyNotFoundException">There is no such column.</exception>
    public Table Select(params ReadOnlySpan<string> columns)
    {
        List<TableColumn> selected = [];
        foreach (string name in columns)
        {
            selected.Add(this[name]);
        }

        return new Table(selected);
    }

    /// <summary>A table without these columns.</summary>
    /// <exception cref="KeyNotFoundException">There is no such column.</exception>
    public Table Without(params string[] columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        foreach (string name in columns)
        {
            _ = this[name];
        }

        return new Table([.. Columns.Where(c => !columns.Contains(c.Name))]);
    }

    /// <summary>The rows in which none of these columns is missing (of all columns, where none is named).</summary>
    /// <exception cref="KeyNotFoundException">There is no such column.</exception>
    public Table WithoutMissing(params string[] columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        TableColumn[] looked = columns.Length == 0 ? [.. Columns] : [.. columns.Select(name => this[name])];
        int[] rows = new int[RowCount];
        int count = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            bool isWhole = true;
            foreach (TableColumn column in looked)
            {
                isWhole &= !column.IsMissing(row);
            }

            if (isWhole)
            {
                rows[count++] = row;
            }
        }

        return Rows(rows.AsSpan(0, count));
    }

    /// <summary>Two tables of different rows, drawn at random: one to train on, one to measure on.</summary>
    /// <param name="share">The share of rows in the second one, between 0 and 1.</param>
    /// <param name="seed">The same seed draws the same rows.</param>
    public (Table Train, Table Test) Split(double share, long seed = 0)
    {
        if (!(share > 0 && share < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "Split: the share lies between 0 and 1.");
        }

        int[] order = [.. Enumerable.Range(0, RowCount)];
        SampleRandom random = new((ulong)seed, 0);
        random.Shuffle(order);
        int test = (int)Math.Round(RowCount * share);
        return (Rows(order.AsSpan(test)), Rows(order.AsSpan(0, test)));
    }

    /// <summary>The names and types of the columns, and the first rows.</summary>
    public override string ToString()
    {
        StringBuilder text = new($"{RowCount} rows of {Columns.Count} columns");
        foreach (TableColumn column in Columns)
        {
            text.Append('\n').Append(column);
        }

        for (int row = 0; row < Math.Min(RowCount, PrintedRows); row++)
        {
            text.Append('\n').AppendJoin(" | ", Columns.Select(c => c.Text(row)));
        }

        return text.ToString();
    }

    internal TableColumn? Find(string name) => _byName.GetValueOrDefault(name);
}
