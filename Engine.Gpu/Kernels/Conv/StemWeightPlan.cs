namespace Engine.Gpu;

/// <summary>How the gradient to the filters is summed for an image of few channels: its windows, the warps of a group, and the groups that share the tiles.</summary>
/// <param name="Shape">The windows.</param>
/// <param name="Outs">Channels of the result of a group.</param>
/// <param name="WarpsAcross">Warps that share the numbers of a window; as many others share the rows of a tile.</param>
/// <param name="Blocks">Blocks of eight numbers of a window that a warp sums.</param>
/// <param name="Parts">Groups that share the tiles of results.</param>
/// <param name="TilesPerPart">Tiles that each of them takes, or one less.</param>
internal readonly record struct StemWeightPlan(StemShape Shape, int Outs, int WarpsAcross, int Blocks, int Parts, int TilesPerPart)
{
    /// <summary>Work-items of a group.</summary>
    public const int GroupSize = 256;

    private const int Warps = GroupSize / 32, BlockNumbers = 8, MostBlocks = 5, MostParts = 256;

    // Blocks of 16 × 8 sums of a warp: with more of them registers run out.
    private const int MostSums = 20;

    // Work-items are 16 × 16 in the tile of sums that groups exchange.
    private const int Side = 16;

    private const double LeastUse = 0.25;

    /// <summary>The numbers of a window that a group sums, with those that no window has.</summary>
    public int Numbers => WarpsAcross * Blocks * BlockNumbers;

    /// <summary>Warps that share the rows of a tile.</summary>
    public int WarpsDown => Warps / WarpsAcross;

    /// <summary>The sums as those of a product: channels of the result by numbers of a window.</summary>
    public GemmTile Tile => new(Outs, Numbers, StemShape.TilePixels, Outs / Side, Numbers / Side);

    /// <summary>The tile and the parts.</summary>
    public GemmPlan Product => new(Tile, Parts, TilesPerPart);

    /// <summary>Whether the sums can be dealt out to the work-items, in vectors of four if these have more than two.</summary>
    private bool HasVectors => Numbers % Side == 0 && (Tile.TM * Tile.TN % 4 == 0 || Tile.TM * Tile.TN <= 2);

    /// <summary>The plan; null where the windows are others, or nothing fits.</summary>
    public static StemWeightPlan? Choose(GpuTarget target, in Correlation c, TileMath math)
    {
        if (math == TileMath.Fma || StemShape.Of(c) is not { } shape || c.Results == 0 || c.Out.Layout.Strides[1] != 1)
        {
            return null;
        }

        int outs = StemShape.SideOf(c), across = 1;
        while (across < Warps / 2 && shape.Depth > across * MostBlocks * BlockNumbers)
        {
            across *= 2;
        }

        int blocks = (shape.Depth + (across * BlockNumbers) - 1) / (across * BlockNumbers);
        while (outs > StemShape.LeastSide && outs / StemShape.LeastSide * blocks > MostSums)
        {
            outs /= 2;
        }

        StemWeightPlan plan = new(shape, outs, across, blocks, 1, 0);
        while (!plan.HasVectors)
        {
            plan = plan with { Blocks = plan.Blocks + 1 };
        }

        (int down, int acrossTiles) = StemShape.TilesOf(c);
        long tiles = (long)c.Batch * down * acrossTiles, sides = (c.OutChannels + outs - 1) / outs;
        bool fits = GroupSize <= target.MaxGroupSize && (long)StemWeightProduct.WordsOf(plan, math) * sizeof(int) <= target.SharedBytes - KernelBuilder.LastGroupBytes;
        if (!fits || tiles > int.MaxValue || (double)c.Results < LeastUse * tiles * StemShape.TilePixels * sides * outs)
        {
            return null;
        }

        // One group runs on each multiprocessor.
        long most = Math.Clamp(target.ComputeUnits / sides, 1, Math.Min(tiles, MostParts));
        int parts = target.HasLastGroup && TileParts.Counters((int)sides, (int)most) <= GroupCounters.Count ? (int)most : 1, perPart = (int)((tiles + parts - 1) / parts);
        return plan with { Parts = (int)((tiles + perPart - 1) / perPart), TilesPerPart = perPart };
    }
}
