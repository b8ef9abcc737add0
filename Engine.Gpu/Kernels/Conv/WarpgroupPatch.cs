namespace Engine.Gpu;

/// <summary>Which tiles of pixels by channels warpgroups have, and how near each comes to the peak of the tensor cores.</summary>
internal static class WarpgroupPatch
{
    // Of one multiprocessor and clock: multiply-adds of 16 bits (tf32: half), bytes of shared memory, and of the cache that all share.
    private const double Products = 2048, SharedBytes = 128, CacheBytes = 38;

    // What barriers and the beginnings of products leave.
    private const double Attained = 0.9;

    // Channels that are read at once: the lines of filters are written eight at a time.
    private const int LeastWidth = 4;

    // A warpgroup has 64 pixels. Many of them share the filters that come from the cache; many channels share the pixels that come from shared memory. The largest has no registers for filters
    // of 32 bits on their way to 16.
    private static readonly Dictionary<TileMath, GemmTile[]> s_menus = ((TileMath[])[TileMath.Tf32, TileMath.Float16, TileMath.BFloat16]).ToDictionary(
        static math => math,
        static math => (GemmTile[])
        [
            .. math.IsHalf ? (GemmTile[])[] : [GemmTile.OfPatch(192, 128, math)],
            GemmTile.OfPatch(128, 128, math),
            GemmTile.OfPatch(256, 64, math),
            GemmTile.OfPatch(192, 64, math),
            GemmTile.OfPatch(128, 64, math),
        ]);

    /// <summary>The tiles to choose from.</summary>
    public static GemmTile[] Menu(TileMath math) => s_menus[math];

    /// <summary>Whether filters are read in vectors, as their lines want it, and by indices of 32 bits, for which alone there are registers.</summary>
    public static bool CanRead(in Correlation c, TileMath math) => c.WeightAccess(math).Width >= LeastWidth && !c.Is64Bit;

    /// <summary>The part of the peak that a tile reaches: shared memory gives a tap's pixels once and its filters to each warpgroup, and takes the next ones; the cache gives these.</summary>
    public static double Efficiency(GpuTarget target, in Correlation c, in Patch patch, GemmTile tile)
    {
        const int LineBytes = WarpgroupProduct.LineBytes, Rows = 64;
        double fetched = (double)(tile.BM + patch.Span) / (c.Rows.Taps * c.Columns.Taps);
        double tensor = (double)tile.BM * tile.BN * tile.BK / (tile.Math.IsHalf ? Products : Products / 2);
        double shared = (tile.BM + (tile.BM / Rows * tile.BN) + tile.BN + fetched) * LineBytes / SharedBytes;
        double cache = ((tile.BN * c.Weight.DType.SizeInBytes()) + (fetched * c.In.DType.SizeInBytes())) * tile.BK / CacheBytes;
        return Attained * tensor / Math.Max(tensor, Math.Max(shared, cache));
    }
}
