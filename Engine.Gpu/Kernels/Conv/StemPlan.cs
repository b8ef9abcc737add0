namespace Engine.Gpu;

/// <summary>How a correlation over an image of few channels is carried out: its windows, the tile, and the groups that share the tiles.</summary>
/// <param name="Shape">The windows.</param>
/// <param name="Tile">Results of a tile by channels.</param>
/// <param name="Grid">The groups: along the tiles and along the channels of the result.</param>
internal readonly record struct StemPlan(StemShape Shape, GemmTile Tile, LaunchGrid Grid)
{
    /// <summary>Groups that a multiprocessor holds at once.</summary>
    public const int GroupsOfUnit = 3;

    // A warp multiplies two rows of a tile.
    private const int WarpRows = 2 * StemShape.TileColumns;

    // With a smaller part of the tiles in use tensor cores would multiply nothing but zeros.
    private const double LeastUse = 0.25;

    /// <summary>The plan; null where the windows are others, or nothing fits.</summary>
    public static StemPlan? Choose(GpuTarget target, in Correlation c, TileMath math)
    {
        if (math == TileMath.Fma || StemShape.Of(c) is not { } shape || c.Results == 0)
        {
            return null;
        }

        int side = StemShape.SideOf(c);
        var tile = GemmTile.OfWarps(StemShape.TilePixels, side, math.Step, WarpRows, side, math);
        (int down, int across) = StemShape.TilesOf(c);
        long tiles = (long)c.Batch * down * across, sides = (c.OutChannels + side - 1) / side;
        bool fits = tile.GroupSize <= target.MaxGroupSize && (long)StemProduct.WordsOf(tile, shape) * sizeof(int) <= target.SharedBytes;
        if (!fits || tiles * sides > int.MaxValue || (double)c.Results < LeastUse * tiles * StemShape.TilePixels * sides * side)
        {
            return null;
        }

        // All groups run at once and have as many tiles as any other, or one less.
        long most = Math.Max(1, GroupsOfUnit * target.ComputeUnits / sides), perGroup = (tiles + most - 1) / most;
        return new StemPlan(shape, tile, new LaunchGrid((int)((tiles + perGroup - 1) / perGroup), (int)sides));
    }
}
