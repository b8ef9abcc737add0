namespace Engine.Perf.Rows;

/// <summary>Square images that a batch norm sees.</summary>
internal readonly record struct ImageRow(int N, int C, int Side)
{
    public static IEnumerable<ImageRow> All { get; } = [new(64, 64, 28), new(64, 16, 32), new(16, 512, 7)];

    public string Name => $"{N}x{C}x{Side}x{Side}";

    public long Bytes => sizeof(float) * (long)N * C * Side * Side;
}
