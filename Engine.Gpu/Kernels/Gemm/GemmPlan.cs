namespace Engine.Gpu;

/// <summary>How a product is carried out: with which tile, and in how many parts of the depth.</summary>
/// <param name="Tile">The tile.</param>
/// <param name="Parts">1, or how many groups share the depth of a tile; their sums are added in a second pass.</param>
/// <param name="SlicesPerPart">Slices of the depth that each part takes.</param>
internal readonly record struct GemmPlan(GemmTile Tile, int Parts, int SlicesPerPart)
{
    // A sum this short is not worth a second pass.
    private const int ShortestPart = 64;
    private const int MostParts = 256;

    // In cycles of one multiprocessor: what a launch costs, and what a slice costs besides its multiplications where nothing hides it.
    private const double SecondLaunch = 4000;
    private const double SliceLatency = 40;

    // Multiply-adds of single precision per cycle of a multiprocessor, and the warps that it takes to keep it busy.
    private const double Rate = 128;
    private const double BusyWarps = 8;

    // Bytes per cycle that one multiprocessor gets from memory.
    private const double Bandwidth = 12;

    // The menu, with the part of the peak that each tile reaches where there is work enough: it falls with the words of shared memory
    // that a multiply-add needs ((TM + TN) / (TM · TN)).
    private static readonly (GemmTile Tile, double Efficiency)[] s_menu =
    [
        (new GemmTile(128, 128, 8, 8, 8), 0.85),
        (new GemmTile(128, 64, 8, 8, 8), 0.80),
        (new GemmTile(64, 64, 8, 8, 8), 0.75),
        (new GemmTile(32, 128, 8, 4, 8), 0.65),
        (new GemmTile(128, 32, 8, 8, 4), 0.65),
        (new GemmTile(32, 32, 8, 4, 4), 0.45),
        (new GemmTile(16, 64, 8, 2, 8), 0.40),
    ];

    // On a processor a group is one thread: neighbours hold neighbouring columns, which its compiler turns into vectors, and rows are
    // kept in registers. Bigger groups gain nothing.
    private static readonly GemmTile s_processor = new(8, 64, 8, 8, 1, Buffers: 1);

    /// <summary>Chooses for a batch of M × N products of depth K; null if no tile fits the device.</summary>
    /// <param name="target">The device.</param>
    /// <param name="compute">The type of the sums.</param>
    /// <param name="batch">Products.</param>
    /// <param name="m">Rows.</param>
    /// <param name="n">Columns.</param>
    /// <param name="depth">Length of the sums.</param>
    public static GemmPlan? Choose(GpuTarget target, DType compute, long batch, int m, int n, int depth)
    {
        if (target.IsProcessor)
        {
            return s_processor.Fits(target, compute) ? Split(s_processor, 1, depth) : null;
        }

        GemmPlan? best = null;
        double bestTime = double.PositiveInfinity;
        foreach ((GemmTile tile, double efficiency) in s_menu)
        {
            if (!tile.Fits(target, compute))
            {
                continue;
            }

            long tiles = batch * Ceiling(m, tile.BM) * Ceiling(n, tile.BN);
            for (int parts = 1; parts <= MostParts; parts *= 2)
            {
                if (parts > 1 && (depth < parts * ShortestPart || tiles * parts > 4L * target.ComputeUnits || (double)parts * batch * m * n > int.MaxValue / 2))
                {
                    break;
                }

                double time = Time(target, tile, efficiency, tiles, parts, (double)batch * m * n, depth);
                if (time < bestTime)
                {
                    bestTime = time;
                    best = Split(tile, parts, depth);
                }
            }
        }

        return best;
    }

    private static GemmPlan Split(GemmTile tile, int parts, int depth)
    {
        int slices = Math.Max(1, (int)Ceiling(depth, tile.BK));
        int slicesPerPart = (int)Ceiling(slices, parts);
        return new GemmPlan(tile, (int)Ceiling(slices, slicesPerPart), slicesPerPart);
    }

    /// <summary>Cycles of the busiest multiprocessor, roughly: multiplications at the rate that its resident warps allow, slices, second pass.</summary>
    private static double Time(GpuTarget target, GemmTile tile, double efficiency, long tiles, int parts, double results, int depth)
    {
        double groups = Math.Ceiling((double)tiles * parts / target.ComputeUnits);
        double warps = groups * tile.GroupSize / 32;
        double share = (double)depth / parts;
        double rate = Rate * efficiency * Math.Min(1, warps / BusyWarps);
        double time = (groups * tile.BM * tile.BN * (share + tile.BK) / rate) + (share / tile.BK * SliceLatency);
        return parts == 1 ? time : time + SecondLaunch + (2.0 * parts * results * sizeof(float) / (Bandwidth * target.ComputeUnits));
    }

    private static long Ceiling(long a, long b) => (a + b - 1) / b;
}
