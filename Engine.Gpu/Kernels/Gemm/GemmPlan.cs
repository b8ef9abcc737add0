namespace Engine.Gpu;

/// <summary>How a product is carried out: with which tile, and in how many parts of the depth.</summary>
/// <param name="Tile">The tile.</param>
/// <param name="Parts">1, or how many groups share the depth of a tile; their sums are added by the last of them, or in a second pass.</param>
/// <param name="SlicesPerPart">Slices of the depth that each part takes.</param>
internal readonly record struct GemmPlan(GemmTile Tile, int Parts, int SlicesPerPart)
{
    // A sum this short is not worth a second pass.
    private const int ShortestPart = 64;
    private const int MostParts = 256;

    // How many times the parts may fill all multiprocessors, and the numbers of parts that are looked at: nine powers of two beside those.
    private const int MostRounds = 4;
    private const int MostCandidates = 9 + MostRounds;

    // In cycles of one multiprocessor: the cost of a launch, of a group's arrival (its writes come to an end, it counts, and reads what others wrote), and the latency of a
    // slice where nothing hides it.
    private const double SecondLaunch = 4000;
    private const double Arrival = 2000;
    private const double SliceLatency = 40;

    // The depth of a slice with that latency.
    private const int SliceDepth = 8;

    // Multiply-adds of single precision per cycle of a multiprocessor, and the warps that it takes to keep it busy.
    private const double Rate = 128;
    private const double BusyWarps = 8, BusyTensorWarps = 4;

    // With a smaller part of a tile in use tensor cores would round factors and gain nothing.
    private const double LeastUse = 0.25;

    // Bytes per cycle that one multiprocessor gets from memory, and from the cache that all share.
    private const double Bandwidth = 12, CacheBandwidth = 32;

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

    // The menus where tensor cores may multiply; small products stay with the tiles above. Factors that are converted on their way are
    // carried as float32: slices of half the K keep the largest tile within 128 registers.
    private static readonly Dictionary<TileFactors, (GemmTile Tile, double Efficiency)[]> s_tensorMenus =
        (from math in (TileMath[])[TileMath.Tf32, TileMath.Float16, TileMath.BFloat16]
         from flow in Enum.GetValues<TileFlow>()
         select new TileFactors(math, flow))
        .ToDictionary(
            static factors => factors,
            static factors => factors.Flow switch
            {
                TileFlow.Warpgroups => [.. PipelinedMenu(factors.Math), .. WarpgroupMenu(factors.Math)],
                TileFlow.Asynchronous => PipelinedMenu(factors.Math),
                TileFlow.Carried => TensorMenu(factors.Math, 32),
                _ => TensorMenu(factors.Math, 16),
            });

    // On a processor a group is one thread: neighbours hold neighbouring columns, which its compiler turns into vectors, and rows are
    // kept in registers. Bigger groups gain nothing. The first one is taken unless another was measured to be faster.
    private static readonly GemmTile[] s_processor =
    [
        new(8, 64, 16, 8, 1, Buffers: 1),
        new(8, 64, 8, 8, 1, Buffers: 1),
        new(16, 64, 8, 16, 1, Buffers: 1),
        new(4, 64, 8, 4, 1, Buffers: 1),
        new(8, 32, 8, 8, 1, Buffers: 1),
        new(8, 128, 8, 8, 1, Buffers: 1),
    ];

    // Where an item has too few registers for the sums of the tiles above.
    private static readonly (GemmTile Tile, double Efficiency)[] s_fewSums =
    [
        (new GemmTile(64, 128, 8, 4, 8), 0.72),
        (new GemmTile(64, 64, 8, 4, 8), 0.70),
        (new GemmTile(32, 64, 8, 4, 8), 0.60),
        (new GemmTile(64, 64, 8, 4, 4), 0.55),
        (new GemmTile(64, 32, 8, 4, 4), 0.50),
        (new GemmTile(32, 32, 8, 4, 4), 0.45),
        (new GemmTile(16, 64, 8, 2, 8), 0.40),
    ];

    /// <summary>How the parts come together on a device.</summary>
    public SplitKind SplitOn(GpuTarget target) => Parts == 1 ? SplitKind.None : target.HasLastGroup ? SplitKind.LastGroup : SplitKind.SecondLaunch;

    /// <summary>Chooses for a batch of M × N products of depth K; null if no tile fits the device.</summary>
    /// <param name="target">The device.</param>
    /// <param name="compute">The type of the sums.</param>
    /// <param name="batch">Products.</param>
    /// <param name="m">Rows.</param>
    /// <param name="n">Columns.</param>
    /// <param name="depth">Length of the sums.</param>
    /// <param name="factors">The units that may multiply, and how factors come to them.</param>
    /// <param name="preferredGroup">Work-items of a group that save a launch, if it is not 0.</param>
    public static GemmPlan? Choose(GpuTarget target, DType compute, long batch, int m, int n, int depth, TileFactors factors = default, int preferredGroup = 0) =>
        Choose(target, compute, batch, m, n, depth, factors, preferredGroup, null);

    /// <summary>The plans for a problem, the best ones by the model first.</summary>
    public static IEnumerable<GemmPlan> Ranked(GpuTarget target, PlanKey key, int most)
    {
        List<(GemmPlan Plan, double Time)> all = [];
        _ = Choose(target, key.Compute, key.Batch, key.M, key.N, key.Depth, key.Factors, 0, all);
        return all.OrderBy(static plan => plan.Time).Select(static plan => plan.Plan).Distinct().Take(most);
    }

    /// <summary>Whether a device can carry a plan out that comes from elsewhere: with a tile of its menu, and parts that there is memory for.</summary>
    public static bool IsPossible(GpuTarget target, in PlanKey key, in GemmPlan plan)
    {
        bool isOnMenu = false;
        if (target.IsProcessor)
        {
            isOnMenu = plan.Parts == 1 && s_processor.Contains(plan.Tile);
        }
        else
        {
            foreach ((GemmTile tile, _) in MenuFor(target, key.Factors))
            {
                isOnMenu |= tile == plan.Tile;
            }
        }

        return isOnMenu && plan.Tile.Fits(target, key.Compute) && plan.Parts <= MostParts && (double)plan.Parts * key.Batch * key.M * key.N <= int.MaxValue / 2
            && (plan.Parts == 1 || TileParts.Counters((int)(key.Batch * Ceiling(key.M, plan.Tile.BM) * Ceiling(key.N, plan.Tile.BN)), plan.Parts) <= GroupCounters.Count);
    }

    /// <summary>A plan by its tile and the slices of each part; one that is not possible where these make no sense.</summary>
    public static GemmPlan Of(GemmTile tile, int slicesPerPart, int depth)
    {
        if (tile.BK <= 0 || slicesPerPart <= 0)
        {
            return default;
        }

        int slices = Math.Max(1, (int)Ceiling(depth, tile.BK));
        return new GemmPlan(tile, (int)Ceiling(slices, slicesPerPart), slicesPerPart);
    }

    private static GemmPlan? Choose(
        GpuTarget target, DType compute, long batch, int m, int n, int depth, TileFactors factors, int preferredGroup, List<(GemmPlan Plan, double Time)>? all)
    {
        if (target.IsProcessor)
        {
            foreach (GemmTile tile in s_processor)
            {
                if (all is not null && tile.Fits(target, compute))
                {
                    all.Add((Split(tile, 1, depth), all.Count));
                }
            }

            return s_processor[0].Fits(target, compute) ? Split(s_processor[0], 1, depth) : null;
        }

        GemmPlan? best = null;
        double bestTime = double.PositiveInfinity;
        Span<int> candidates = stackalloc int[MostCandidates];
        foreach ((GemmTile tile, double efficiency) in MenuFor(target, factors))
        {
            bool isPreferred = factors.Flow == TileFlow.Warpgroups && target.PrefersWarpgroups;
            if (!tile.Fits(target, compute) || (isPreferred && !tile.UsesWarpgroups))
            {
                continue;
            }

            long tiles = batch * Ceiling(m, tile.BM) * Ceiling(n, tile.BN);
            if (tile.Math != TileMath.Fma && !isPreferred && (double)batch * m * n < LeastUse * tiles * tile.BM * tile.BN)
            {
                continue;
            }

            foreach (int parts in candidates[..PartsOf(tiles, target.Cores, candidates)])
            {
                if (parts > 1 && (!tile.CanShareDepth || depth < parts * ShortestPart || tiles * parts > 4L * target.Cores || (double)parts * batch * m * n > int.MaxValue / 2
                    || TileParts.Counters((int)tiles, parts) > GroupCounters.Count))
                {
                    continue;
                }

                double time = Time(target, tile, efficiency, tiles, parts, (double)batch * m * n, depth) - (tile.GroupSize == preferredGroup ? SecondLaunch : 0);
                all?.Add((Split(tile, parts, depth), time));
                if (time < bestTime)
                {
                    bestTime = time;
                    best = Split(tile, parts, depth);
                }
            }
        }

        return best;
    }

    /// <summary>Parts worth a look: powers of two, and as many as fill all multiprocessors once, twice, three and four times.</summary>
    /// <returns>How many there are; <paramref name="candidates"/> has room for <see cref="MostCandidates"/>.</returns>
    private static int PartsOf(long tiles, int units, Span<int> candidates)
    {
        int count = 0;
        for (int parts = 1; parts <= MostParts; parts *= 2)
        {
            candidates[count++] = parts;
        }

        for (int rounds = 1; rounds <= MostRounds; rounds++)
        {
            long parts = rounds * (long)units / tiles;
            if (parts is > 1 and <= MostParts)
            {
                candidates[count++] = (int)parts;
            }
        }

        return count;
    }

    /// <summary>The tiles for a device.</summary>
    internal static (GemmTile Tile, double Efficiency)[] MenuFor(GpuTarget target, TileFactors factors) =>
        target.MostSums < GpuTarget.UsualSums ? s_fewSums : Menu(factors);

    /// <summary>The tiles to choose from, with the part of the peak that each reaches.</summary>
    internal static (GemmTile Tile, double Efficiency)[] Menu(TileFactors factors) =>
        factors.Math == TileMath.Fma ? s_menu : s_tensorMenus[factors];

    private static (GemmTile Tile, double Efficiency)[] TensorMenu(TileMath math, int largest)
    {
        int large = math.IsHalf ? 32 : 16;
        return
        [
            .. s_menu,
            (GemmTile.OfWarps(128, 128, largest, 64, 32, math), 0.50),
            (GemmTile.OfWarps(128, 64, large, 32, 32, math), 0.45),
            (GemmTile.OfWarps(64, 64, 32, 32, 32, math), 0.40),
            (GemmTile.OfWarps(32, 128, large, 32, 32, math), 0.35),
            (GemmTile.OfWarps(128, 32, large, 32, 32, math), 0.35),
        ];
    }

    // No registers hold slices here, so that a warp can have 64 × 64 results: each then takes half as many reads of shared memory.
    private static (GemmTile Tile, double Efficiency)[] PipelinedMenu(TileMath math)
    {
        const int Buffers = 3;
        int large = math.IsHalf ? 32 : 16;
        return
        [
            .. s_menu,
            (GemmTile.OfWarps(256, 128, large, 64, 64, math, Buffers), 0.65),
            (GemmTile.OfWarps(128, 128, large, 64, 64, math, Buffers), 0.60),
            (GemmTile.OfWarps(128, 64, large, 64, 32, math, Buffers), 0.50),
            (GemmTile.OfWarps(64, 64, 32, 32, 32, math, Buffers), 0.45),
            (GemmTile.OfWarps(32, 128, large, 32, 32, math, Buffers), 0.40),
            (GemmTile.OfWarps(128, 32, large, 32, 32, math, Buffers), 0.40),
        ];
    }

    // The larger the tile, the fewer bytes come from the second-level cache for each product; that cache is what ends the smaller ones.
    private static (GemmTile Tile, double Efficiency)[] WarpgroupMenu(TileMath math) =>
    [
        (GemmTile.OfWarpgroups(256, 192, math, buffers: 4), 0.90),
        (GemmTile.OfWarpgroups(128, 256, math, buffers: 4), 0.75),
        (GemmTile.OfWarpgroups(256, 128, math, buffers: 4), 0.75),
        (GemmTile.OfWarpgroups(128, 128, math, buffers: 3), 0.60),
    ];

    private static GemmPlan Split(GemmTile tile, int parts, int depth)
    {
        int slices = Math.Max(1, (int)Ceiling(depth, tile.BK));
        int slicesPerPart = (int)Ceiling(slices, parts);
        return new GemmPlan(tile, (int)Ceiling(slices, slicesPerPart), slicesPerPart);
    }

    /// <summary>Cycles of the busiest multiprocessor, roughly: multiplications at the rate that its resident warps allow, slices, second pass.</summary>
    internal static double Time(GpuTarget target, GemmTile tile, double efficiency, long tiles, int parts, double results, int depth)
    {
        double groups = Math.Ceiling((double)tiles * parts / target.Cores);
        double warps = groups * tile.GroupSize / 32;
        double share = (double)depth / parts;
        double rate = Rate * Speedup(target, tile) * efficiency * Math.Min(1, warps / (tile.Math == TileMath.Fma ? BusyWarps : BusyTensorWarps));
        double time = (groups * tile.BM * tile.BN * (share + tile.BK) / rate) + (share / SliceDepth * SliceLatency);
        return parts == 1 ? time
            : target.HasLastGroup ? time + Gathering(tile, parts)
            : time + SecondLaunch + (2.0 * parts * results * sizeof(float) / (Bandwidth * target.Cores));
    }

    /// <summary>Cycles from the end of a tile's last sum to its results: <see cref="TileParts"/>.</summary>
    private static double Gathering(GemmTile tile, int parts)
    {
        int cluster = TileParts.ClusterOf(parts), clusters = (parts + cluster - 1) / cluster;
        double slot = tile.BM * tile.BN * sizeof(float) / CacheBandwidth;
        double first = Arrival + ((1 + cluster) * slot);
        return clusters == 1 ? first : first + Arrival + ((1 + clusters) * slot);
    }

    /// <summary>How many multiply-adds tensor cores do for each one of the other units, in a format with sums of single precision.</summary>
    private static double Speedup(GpuTarget target, GemmTile tile)
    {
        TileMath math = tile.Math;
        if (tile.UsesWarpgroups)
        {
            return math.IsHalf ? 16 : 8;
        }

        // Cards for computing centres have twice the tensor cores of those for desks.
        double half = target.ComputeCapability is 80 or 90 or 100 or 103 ? 8 : 4;
        return math == TileMath.Fma ? 1 : math.IsHalf ? half : half / 2;
    }

    private static long Ceiling(long a, long b) => (a + b - 1) / b;
}
