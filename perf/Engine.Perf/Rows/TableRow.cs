namespace Engine.Perf.Rows;

/// <summary>A matrix whose rows are normalised one by one, by softmax or layer norm.</summary>
internal readonly record struct TableRow(int Rows, int Columns)
{
    public static TableRow Large { get; } = new(8192, 1024);

    /// <summary>Two, of which the second fits into the cache, as in a small transformer.</summary>
    public static IEnumerable<TableRow> LayerNorms { get; } = [Large, new(1024, 256)];

    /// <summary>Logits of a batch.</summary>
    public static IEnumerable<TableRow> Logits { get; } = [new(128, 10), new(128, 1000), new(4096, 1000)];

    public string Name => $"{Rows}x{Columns}";

    public long Bytes => sizeof(float) * (long)Rows * Columns;
}
