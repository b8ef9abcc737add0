namespace Engine.Perf.Rows;

/// <summary>Vectors of words that are looked up in a table [Words, Size].</summary>
internal readonly record struct EmbeddingRow(int Tokens, int Words, int Size)
{
    /// <summary>Gradients of embeddings: mostly words that are not there, and few words often.</summary>
    public static IEnumerable<EmbeddingRow> All { get; } = [new(8192, 32000, 512), new(65536, 256, 128)];

    /// <summary>Bags of <see cref="BagLength"/> words each, of which the mean is taken.</summary>
    public static EmbeddingRow Bags { get; } = new(1024 * BagLength, 100_000, 128);

    public const int BagLength = 32;

    public string Name => $"{Tokens}_of_{Words}x{Size}";

    /// <summary>The gradient of the output once, that of the table once.</summary>
    public long BackwardBytes => sizeof(float) * (((long)Tokens * Size) + ((long)Words * Size));

    /// <summary>The vectors once, their means once.</summary>
    public long BagForwardBytes => sizeof(float) * ((long)Tokens * Size / BagLength * (BagLength + 1));

    public long BagBackwardBytes => sizeof(float) * (((long)Tokens * Size / BagLength) + ((long)Words * Size));
}
