namespace Engine.Perf.Rows;

/// <summary>Scaled dot-product attention: queries, keys and values of [Samples, Heads, Length, Depth].</summary>
internal readonly record struct AttentionRow(int Samples, int Heads, int Length, int Depth, bool IsCausal)
{
    /// <summary>Sizes for a processor.</summary>
    public static IEnumerable<AttentionRow> Small { get; } = [new(2, 8, 512, 64, false), new(2, 8, 512, 64, true)];

    /// <summary>Sizes for a card.</summary>
    public static IEnumerable<AttentionRow> Large { get; } = [new(8, 8, 1024, 64, false), new(8, 8, 1024, 64, true)];

    public string Name => $"{Samples}x{Heads}x{Length}x{Depth}{(IsCausal ? "_causal" : string.Empty)}";

    /// <summary>Two products of Length × Length × Depth for each head; causal attention needs half of them.</summary>
    public long ForwardFlop => 2 * Product;

    /// <summary>Five products.</summary>
    public long BackwardFlop => 5 * Product;

    public long ForwardBytes => 4 * Operand;

    public long BackwardBytes => 8 * Operand;

    private long Product => 2L * Samples * Heads * Length * Length * Depth / (IsCausal ? 2 : 1);

    private long Operand => sizeof(float) * (long)Samples * Heads * Length * Depth;
}
