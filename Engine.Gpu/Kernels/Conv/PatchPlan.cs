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
    /// <param name="target">The device.</param>
    /// <param name="c">The correlation.</param>
    /// <param name="math">The units that multiply.</param>
    /// <param name="mayUseWarpgroups">Whether warpgroups are among the choices, where the device has them.</param>
    public static PatchPlan? Choose(GpuTarget target, in Correlation c, TileMath math, bool mayUseWarpgroups)
    {
        if (math == TileMath.Fma || c.InAccess(math).Width < 4 || Patch.Of(c) is not { } patch)
        {
            return null;
        }

        PatchPlan? best = null;
        double bestTime = double.PositiveInfinity;
        if (mayUseWarpgroups && target.HasWarpgroups && WarpgroupPatch.CanRead(c, math))
        {
            foreach (GemmTile tile in WarpgroupPatch.Menu(math))
            {
                Consider(target, c, patch, tile, WarpgroupPatch.Efficiency(target, c, patch, tile), target.PrefersWarpgroups, ref best, ref bestTime);
            }

            if (best is not null && target.PrefersWarpgroups)
            {
                return best;
            }
        }

        foreach ((GemmTile tile, double efficiency) in Menu(math, c.InChannels))
        {
            Consider(target, c, patch, tile, efficiency, isPreferred: false, ref best, ref bestTime);
        }

        return best;
    }

    /// <summary>Takes a tile, in as many parts as are good for it, where it is better than the best so far.</summary>
    private static void Consider(GpuTarget target, in Correlation c, in Patch patch, GemmTile tile, double efficiency, bool isPreferred, ref PatchPlan? best, ref double bestTime)
    {
        long pixels = c.Pixels, tiles = ((pixels + tile.BM - 1) / tile.BM) * ((c.OutChannels + tile.BN - 1) / tile.BN);
        if ((isPreferred || (double)pixels * c.OutChannels >= LeastUse * tiles * tile.BM * tile.BN) && Of(target, c, tile, patch, 1) is not null)
        {
            int slices = (c.InChannels + tile.BK - 1) / tile.BK;
            for (int parts = 1; parts <= Math.Min(MostParts, slices); parts *= 2)
            {
                if (parts > 1 && (!tile.CanShareDepth || c.InChannels < parts * ShortestPart || tiles * parts > 4L * target.ComputeUnits || (double)parts * c.Results > int.MaxValue / 2
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
    }

    /// <summary>The plan with a tile and a number of parts; null where it does not fit.</summary>
    internal static PatchPlan? Of(GpuTarget target, in Correlation c, GemmTile tile, in Patch patch, int parts)
    {
        int room = Room(tile, patch, c.InAccess(tile.Math).Width);
        int taken = KernelBuilder.LastGroupBytes + (tile.UsesWarpgroups ? WarpgroupProduct.Alignment : 0);
        bool fits = tile.GroupSize <= (tile.UsesWarpgroups ? target.LargestGroup : target.MaxGroupSize) && (long)PatchProduct.Words(tile, c.WeightAccess(tile.Math), room) * sizeof(int) <= target.SharedBytes - taken;
        int slices = (c.InChannels + tile.BK - 1) / tile.BK, perPart = (slices + parts - 1) / parts;
        return fits ? new PatchPlan(tile, room, (slices + perPart - 1) / perPart, perPart) : null;
    }

    /// <summary>Pixels that a group fetches for a tile, in whole passes.</summary>
    internal static int Room(GemmTile tile, in Patch patch, int width)
    {
        int pass = PixelSource.PixelsOfPass(tile.GroupSize, width, tile.BK);
        return (tile.BM + patch.Span + pass - 1) / pass * pass;
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
