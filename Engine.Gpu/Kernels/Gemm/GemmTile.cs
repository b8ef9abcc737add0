namespace Engine.Gpu;

/// <summary>How a product is cut: a group computes BM × BN results, BK steps of the sum at a time, and each of its work-items TM × TN.</summary>
/// <remarks>All numbers are powers of two, but for <c>BN</c> with warpgroups. The group holds slices of both operands in shared memory, summed-up direction first.</remarks>
/// <param name="BM">Rows of a group.</param>
/// <param name="BN">Columns of a group.</param>
/// <param name="BK">K of a slice.</param>
/// <param name="TM">Rows of a work-item.</param>
/// <param name="TN">Columns of a work-item.</param>
/// <param name="Buffers">
/// 2: the next slice is written beside the current one, with one barrier a slice; 1: in its place, with two barriers; more, with tensor cores:
/// slices are copied asynchronously.
/// </param>
/// <param name="Math">The units that multiply.</param>
/// <param name="UsesWarpgroups">Whether two warpgroups multiply from shared memory, else with tensor cores each warp for itself.</param>
internal readonly record struct GemmTile(int BM, int BN, int BK, int TM, int TN, int Buffers = 2, TileMath Math = TileMath.Fma, bool UsesWarpgroups = false)
{
    // Neighbouring depths four words apart let a warp write a slice that it read along the depth without bank conflicts, and keep
    // every row a multiple of 16 bytes.
    private const int Padding = 4;

    private const int RegistersOfUnit = 1 << 16;

    /// <summary>Lanes of a warp along the rows of its tile; along the columns there are eight.</summary>
    public const int LaneRows = 4;

    /// <summary>Lanes of a warp along the columns of its tile.</summary>
    public const int LaneColumns = 8;

    /// <summary>A tile for tensor cores, whose warps compute <paramref name="warpRows"/> × <paramref name="warpColumns"/> results each.</summary>
    public static GemmTile OfWarps(int bm, int bn, int bk, int warpRows, int warpColumns, TileMath math, int buffers = 2) =>
        new(bm, bn, bk, warpRows / 8, warpColumns / 4, buffers, math);

    /// <summary>A tile for two warpgroups, each with half of the rows; a slice has 128 bytes of each row and column.</summary>
    public static GemmTile OfWarpgroups(int bm, int bn, TileMath math, int buffers) =>
        new(bm, bn, math.IsHalf ? 64 : 32, bm / 64, bn / 4, buffers, math, UsesWarpgroups: true);

    /// <summary>A tile of pixels by channels for warpgroups, each with 64 rows; a slice has 128 bytes of each channel's filters.</summary>
    public static GemmTile OfPatch(int bm, int bn, TileMath math) => new(bm, bn, math.IsHalf ? 64 : 32, 2, bn / 4, 2, math, UsesWarpgroups: true);

    /// <summary>Whether slices are copied to shared memory asynchronously.</summary>
    public bool IsPipelined => Buffers > 2;

    /// <summary>With tensor cores: rows of a warp.</summary>
    public int WarpRows => 8 * TM;

    /// <summary>With tensor cores: columns of a warp.</summary>
    public int WarpColumns => 4 * TN;

    /// <summary>Work-items of a group.</summary>
    public int GroupSize => BM / TM * (BN / TN);

    /// <summary>Distance of neighbouring depths of the left operand in shared memory.</summary>
    public int RowLead => BM + Padding;

    /// <summary>Distance of neighbouring depths of the right operand in shared memory.</summary>
    public int ColumnLead => BN + Padding;

    /// <summary>Shared elements of one slice of both operands.</summary>
    public int StageElements => BK * (RowLead + ColumnLead);

    /// <summary>Whether several groups may share its depth: each needs registers for a part of another beside its own sums.</summary>
    public bool CanShareDepth => !UsesWarpgroups || TM * TN <= 64;

    /// <summary>All shared elements.</summary>
    public int SharedElements => Buffers * StageElements;

    /// <summary>
    /// Whether the lanes of a warp form a 4 × 8 block of work-items: a warp then reads few distinct words of shared memory, each for many
    /// lanes. Otherwise neighbours hold neighbouring columns, which a processor's compiler turns into vectors.
    /// </summary>
    public bool IsWarpTiled => TN >= 4 && BM / TM % LaneRows == 0 && BN / TN % LaneColumns == 0;

    /// <summary>Sizes and multiplier, as a part of kernels' names.</summary>
    public string Name => $"{BM}x{BN}x{BK}{Math.Suffix}{(UsesWarpgroups ? "_wgmma" : IsPipelined ? "_async" : string.Empty)}";

    /// <summary>
    /// Groups of a kernel that a multiprocessor of 65,536 registers must have room for. Without a number NVIDIA's compiler aims at as many groups
    /// as can be, and keeps values in memory for it.
    /// </summary>
    /// <param name="compute">The type of the sums.</param>
    /// <param name="left">How A is read.</param>
    /// <param name="right">How B is read.</param>
    /// <param name="findsTaps">Whether vectors are looked for in a padded image: their rows and columns take registers too. Groups of many items have no room for it.</param>
    public int MinGroupsPerUnit(DType compute, TileAccess left, TileAccess right, bool findsTaps = false)
    {
        const int ManyItems = 256, Windows = 24;
        return RegistersOfUnit / ((Registers(compute, left, right) + (findsTaps && Math == TileMath.Fma && GroupSize < ManyItems ? Windows : 0)) * GroupSize);
    }

    /// <summary>Whether a device can run it.</summary>
    public bool Fits(GpuTarget target, DType compute) => GroupSize <= target.MaxGroupSize && (!UsesWarpgroups || target.HasWarpgroups) && (Math != TileMath.Fma || TM * TN <= target.MostSums)
        && SharedBytes(compute) + (target.HasLastGroup ? KernelBuilder.LastGroupBytes : 0) <= target.SharedBytes;

    // An item keeps its sums, the factors of two steps, the addresses of the next slice, and its part of that slice. Asynchronous copies need
    // no registers for the slice. Where tensor cores get factors one by one, each element needs an address and a condition.
    private int Registers(DType compute, TileAccess left, TileAccess right)
    {
        int carried = (BM + BN) * BK / GroupSize;
        bool isByVectors = left.Width > 1 && right.Width > 1;
        if (Math == TileMath.Fma)
        {
            // Elements that are read one by one need an address each. Items of few sums have no room for those.
            int addresses = !isByVectors && TM * TN == 32 && carried >= 10 ? 16 : 0;

            // With 128 registers, four groups of 128 × 64, some assemblers keep a few bytes of an item in memory; three groups are busy enough.
            int few = TM * TN == 64 && carried == 12 && compute == DType.Float32 ? 8 : 0;
            return (64 + System.Math.Max(TM * TN, 32) + (8 * System.Math.Max(carried - 12, 0)) + addresses + few) * compute.SizeInBytes() / sizeof(float);
        }

        return UsesWarpgroups || TM * TN > 64 ? 255 : isByVectors ? 128 : 128 + (2 * carried);
    }

    private long SharedBytes(DType compute) => Math == TileMath.Fma
        ? (long)SharedElements * compute.SizeInBytes()
        : UsesWarpgroups ? ((long)Buffers * WarpgroupProduct.LineBytes * (BM + BN)) + WarpgroupProduct.Alignment
        : (long)Buffers * sizeof(int) * (MostWords(BM) + MostWords(BN));

    // The larger number for both directions in which the operand may be read.
    private int MostWords(int side) => System.Math.Max(new MmaSlice(Math, true, side, BK).Words, new MmaSlice(Math, false, side, BK).Words);
}
