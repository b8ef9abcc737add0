namespace Engine.Gpu;

/// <summary>
/// Attention and its gradients without the weights in memory: softmax over tiles with a running maximum and sum (Milakov and Gimelshein 2018, Dao 2023).
/// </summary>
/// <remarks>
/// A group has a tile of rows of one side and walks over the other side in order, so that each sum has one order and no atomics are needed. Scores are in units of
/// log 2: a weight is 2^(s − largest). What lies right of the diagonal of causal attention is not visited.
/// </remarks>
/// <param name="Pass">Which of the kernels.</param>
/// <param name="Element">Type of Q, K, V and O.</param>
/// <param name="Mask">Type of the mask's elements, if there is one.</param>
/// <param name="Causal">Whether query i sees keys 0 … i only.</param>
/// <param name="Depth">Columns of Q and K.</param>
/// <param name="Width">Columns of V.</param>
/// <param name="IsWhole">Whether the other side is a multiple of the tile and all is visible but for the mask.</param>
/// <param name="IsAligned">Whether rows are vectors in memory.</param>
/// <param name="Is64Bit">Whether offsets need 64 bits.</param>
/// <param name="Tile">The sizes.</param>
internal readonly record struct AttentionKernel(
    AttentionPass Pass, DType Element, DType? Mask, bool Causal, int Depth, int Width, bool IsWhole, bool IsAligned, bool Is64Bit, AttentionTile Tile) : IKernelDefinition
{
    /// <summary>log₂ e.</summary>
    public const double Log2E = 1.4426950408889634;

    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        string name = Pass switch { AttentionPass.Forward => "attention", AttentionPass.GradQuery => "attention_grad_query", _ => "attention_grad_key_value" };
        KernelBuilder k = new(name + Tile.Math.Suffix, target, Tile.Items);
        k.MinGroupsPerUnit = 2;
        AttentionParameters p = new(k, this);
        bool isAsync = target.HasTensorCores && IsAligned && Element == (Tile.Math.IsHalf ? Tile.Math.HalfType : DType.Float32) && Tile.Math != TileMath.Tf32;
        AttentionTiles tiles = AttentionTiles.Create(k, Tile, new AttentionLayout(Tile, Pass, Depth, Width, isAsync && Tile.Math != TileMath.Fma), isAsync);
        AttentionBody body = new(k, this, p, tiles);
        body.Write();
        return k.Build();
    }

    /// <summary>The groups of a launch.</summary>
    public LaunchGrid Grid(int rows, int samples, int heads) => new(checked(Tiles(rows) * samples * heads));

    /// <summary>Tiles of own rows.</summary>
    public int Tiles(int rows) => (rows + Tile.Rows - 1) / Tile.Rows;
}
