namespace Engine.Gpu;

/// <summary>How a correlation is carried out by patches: the tile, the pixels of a patch in shared memory, and the parts in which channels are summed.</summary>
/// <param name="Tile">Pixels by channels of the result; its depth is channels of the image.</param>
/// <param name="PatchPixels">Pixels that a patch has room for.</param>
/// <param name="Parts">1, or how many groups share the channels of the image.</param>
/// <param name="SlicesPerPart">Slices of channels that each part takes.</param>
internal readonly record struct PatchPlan(GemmTile Tile, int PatchPixels, int Parts, int SlicesPerPart)
{
    /// <summary>The tiles and parts as those of a product.</summary>
    public GemmPlan Product => new(Tile, Parts, SlicesPerPart);

    private const int MostParts = 16;

    // Channels of a slice: as many as images of few have, or a row of 128 bytes of float32.
    private const int FewChannels = 16, ManyChannels = 32;

    // Channels of a slice that is not worth a part of its own.
    private const int ShortestPart = 64;

    // A smaller part of a tile in use is not worth it.
    private const double LeastUse = 0.25;

    /// <summary>The best plan; null where the correlation is none of a patch, or nothing fits.</summary>
    public static PatchPlan? Choose(GpuTarget target, in Correlation c, TileMath math)
    {
        if (math == TileMath.Fma || c.InAccess(math).Width < 4 || Patch.Of(c) is not { } patch)
        {
            return null;
        }

        PatchPlan? best = null;
        double bestTime = double.PositiveInfinity;
        long pixels = c.Pixels;
        foreach ((GemmTile tile, double efficiency) in Menu(math, c.InChannels))
        {
            long tiles = ((pixels + tile.BM - 1) / tile.BM) * ((c.OutChannels + tile.BN - 1) / tile.BN);
            if ((double)pixels * c.OutChannels < LeastUse * tiles * tile.BM * tile.BN || Of(target, c, tile, patch, 1) is null)
            {
                continue;
            }

            int slices = (c.InChannels + tile.BK - 1) / tile.BK;
            for (int parts = 1; parts <= Math.Min(MostParts, slices); parts *= 2)
            {
                if (parts > 1 && (c.InChannels < parts * ShortestPart || tiles * parts > 4L * target.ComputeUnits || (double)parts * c.Results > int.MaxValue / 2
                    || !target.HasLastGroup || TileParts.Counters((int)tiles, parts) > GroupCounters.Count))
                {
                    break;
                }

                double time = GemmPlan.Time(target, tile, efficiency, tiles, parts, c.Results, slices * tile.BK * c.Rows.Taps * c.Columns.Taps);
                if (time < bestTime)
                {
                    bestTime = time;
                    best = Of(target, c, tile, patch, parts);
                }
            }
        }

        return best;
    }

    /// <summary>The plan with a tile and a number of parts; null where it does not fit.</summary>
    internal static PatchPlan? Of(GpuTarget target, in Correlation c, GemmTile tile, in Patch patch, int parts)
    {
        int pass = PixelSource.PixelsOfPass(tile.GroupSize, c.InAccess(tile.Math).Width, tile.BK), room = (tile.BM + patch.Span + pass - 1) / pass * pass;
        bool fits = tile.GroupSize <= target.MaxGroupSize && (long)PatchProduct.Words(tile, c.WeightAccess(tile.Math), room) * sizeof(int) <= target.SharedBytes - KernelBuilder.LastGroupBytes;
        int slices = (c.InChannels + tile.BK - 1) / tile.BK, perPart = (slices + parts - 1) / parts;
        return fits ? new PatchPlan(tile, room, (slices + perPart - 1) / perPart, perPart) : null;
    }

    // Filters are fetched once for all pixels of a tile: many pixels are better than many channels. Tiles of 96 and 192 pixels fill cards where powers of two leave
    // multiprocessors idle. A warp of 64 × 32 or 48 × 32 reads shared memory less often for each product than one of 32 × 32.
    private static readonly Dictionary<(TileMath Math, int Depth), (GemmTile Tile, double Efficiency)[]> s_menus =
        (from math in (TileMath[])[TileMath.Tf32, TileMath.Float16, TileMath.BFloat16]
         from depth in (int[])[FewChannels, ManyChannels]
         select (math, depth)).ToDictionary(
            static key => key,
            static key => ((GemmTile, double)[])
            [
                (GemmTile.OfWarps(256, 64, key.depth, 64, 32, key.math), 0.62),
                (GemmTile.OfWarps(128, 128, key.depth, 64, 32, key.math), 0.60),
                (GemmTile.OfWarps(192, 64, key.depth, 48, 32, key.math), 0.61),
                (GemmTile.OfWarps(96, 128, key.depth, 48, 32, key.math), 0.58),
                (GemmTile.OfWarps(128, 64, key.depth, 64, 32, key.math), 0.60),
                (GemmTile.OfWarps(96, 64, key.depth, 48, 32, key.math), 0.56),
                (GemmTile.OfWarps(64, 64, key.depth, 32, 32, key.math), 0.45),
                (GemmTile.OfWarps(128, 32, key.depth, 32, 32, key.math), 0.45),
            ]);

    /// <summary>The tiles to choose from for images of so many channels, with the part of the peak that each reaches.</summary>
    internal static (GemmTile Tile, double Efficiency)[] Menu(TileMath math, int channels) => s_menus[(math, channels <= FewChannels ? FewChannels : ManyChannels)];
}
