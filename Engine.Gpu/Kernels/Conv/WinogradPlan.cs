namespace Engine.Gpu;

/// <summary>How a 3 × 3 correlation of step 1 is carried out by <see cref="WinogradLines"/>: transforms to points, one batched product, transforms back.</summary>
/// <param name="Down">Tiles of an image from top to bottom.</param>
/// <param name="Across">Tiles of an image from left to right.</param>
/// <param name="FiltersAlongIn">Whether channels of the image are neighbours among the filters' points, as they are nearer in the filters; else those of the result.</param>
/// <param name="FilterWidth">Neighbouring channels of the filters that are read at once.</param>
/// <param name="ImagesAtATime">Images whose points are in memory together.</param>
internal readonly record struct WinogradPlan(int Down, int Across, bool FiltersAlongIn, int FilterWidth, int ImagesAtATime)
{
    /// <summary>Bytes of points that are in memory together.</summary>
    internal const long MostBytes = 256L << 20;

    // With fewer channels the transforms cost more than they save, and their error is not small beside that of a long sum.
    private const int FewestChannels = 16;

    // Multiply-adds of direct sums: fewer are over before they pay for three launches, and then stay exact for small whole numbers on all cards. A guess: no card was at hand.
    private const long FewestProducts = 1 << 25;

    // In cycles of one multiprocessor, as in GemmPlan: the cost of a launch, and bytes that come from memory in a cycle.
    private const double Launch = 4000;
    private const double Bandwidth = 12;

    // How much faster it must be by the estimate, which leaves out that three launches wait for one another. A guess, too.
    private const double LeastGain = 1.25;

    /// <summary>The environment variable that keeps to direct sums where it is 0.</summary>
    public const string Variable = "ENGINE_GPU_WINOGRAD";

    private static readonly bool s_isAllowed = Environment.GetEnvironmentVariable(Variable)?.Trim() != "0";

    /// <summary>Tiles of all images of a correlation.</summary>
    public int Tiles(in Correlation c) => c.Batch * Down * Across;

    /// <summary>Work-items of a group of the transforms: they hold many registers.</summary>
    public static int GroupSize(GpuTarget target) => Math.Min(128, target.GroupSize);

    /// <summary>The correlation with taps that step forward: a gradient to the images goes through turned filters.</summary>
    public static Correlation Upright(in Correlation c)
    {
        (long @out, long @in, long row, long column) = c.WeightStrides;
        WindowAxis rows = c.Rows, columns = c.Columns;
        long origin = c.WeightOrigin;
        if (rows.TapStep < 0)
        {
            origin += (rows.Taps - 1) * row;
            (rows, row) = (rows with { Origin = rows.Origin + ((rows.Taps - 1) * rows.TapStep), TapStep = -rows.TapStep }, -row);
        }

        if (columns.TapStep < 0)
        {
            origin += (columns.Taps - 1) * column;
            (columns, column) = (columns with { Origin = columns.Origin + ((columns.Taps - 1) * columns.TapStep), TapStep = -columns.TapStep }, -column);
        }

        return c with { Rows = rows, Columns = columns, WeightStrides = (@out, @in, row, column), WeightOrigin = origin };
    }

    /// <summary>The plan of an upright correlation where it is possible; null else.</summary>
    public static WinogradPlan? Of(in Correlation c)
    {
        bool fits = c.Groups == 1 && IsPlain(c.Rows) && IsPlain(c.Columns) && c.In.DType == DType.Float32 && c.Weight.DType == DType.Float32 && c.Out.DType == DType.Float32
            && c.Batch > 0 && c.WritesChannelsLast && c.Out.Layout.Strides[1] == 1 && Correlation.IsChannelsLast(c.In, c.InChannels) && c.In.Layout.Strides[1] == 1;
        if (!fits)
        {
            return null;
        }

        int down = Ceiling(c.Rows.Count), across = Ceiling(c.Columns.Count);
        long left = MostBytes - Bytes((long)c.InChannels * c.OutChannels), image = Bytes((long)down * across * (c.InChannels + c.OutChannels));
        if (left < image)
        {
            return null;
        }

        bool alongIn = Math.Abs(c.WeightStrides.In) <= Math.Abs(c.WeightStrides.Out);
        (long fast, long slow, int channels) = alongIn ? (c.WeightStrides.In, c.WeightStrides.Out, c.InChannels) : (c.WeightStrides.Out, c.WeightStrides.In, c.OutChannels);
        int width = TileAccess.Widest(DType.Float32, TileMath.Fma);
        bool isAligned = fast == 1 && ((uint)channels | slow | c.WeightStrides.Row | c.WeightStrides.Column | (c.Weight.Layout.Offset + c.WeightOrigin)) % width == 0;
        return new WinogradPlan(down, across, alongIn, isAligned ? width : 1, (int)Math.Min(c.Batch, left / image));
    }

    /// <summary>The plan where it takes less time than <paramref name="direct"/>, the one of direct sums; null else.</summary>
    public static WinogradPlan? Choose(GpuTarget target, in Correlation c, in GemmPlan direct)
    {
        if (!s_isAllowed || target.IsProcessor || direct.Tile.Math != TileMath.Fma || Math.Min(c.InChannels, c.OutChannels) < FewestChannels || c.Results * c.Depth < FewestProducts
            || Of(c) is not { } plan)
        {
            return null;
        }

        (int m, int n) = c.WritesChannelsLast ? ((int)c.Pixels, c.OutChannels) : (c.OutChannels, (int)c.Pixels);
        double directly = Time(target, direct, 1, m, n, c.Depth);
        return LeastGain * plan.Time(target, c) < directly ? plan : null;
    }

    private double Time(GpuTarget target, in Correlation c)
    {
        int pieces = (c.Batch + ImagesAtATime - 1) / ImagesAtATime, tiles = Down * Across * ImagesAtATime;
        if (GemmPlan.Choose(target, DType.Float32, WinogradLines.Points, tiles, c.OutChannels, c.InChannels) is not { } product)
        {
            return double.PositiveInfinity;
        }

        double perCycle = Bandwidth * target.Cores;
        double inPoints = Bytes((long)tiles * c.InChannels), outPoints = Bytes((long)tiles * c.OutChannels), filterPoints = Bytes((long)c.InChannels * c.OutChannels);
        double images = sizeof(float) * ((double)c.Batch * c.Rows.Size * c.Columns.Size * c.InChannels / pieces), results = sizeof(float) * (double)c.Results / pieces;
        double multiply = Math.Max(
            Time(target, product, WinogradLines.Points, tiles, c.OutChannels, c.InChannels), (inPoints + filterPoints + outPoints) / perCycle);
        return (pieces * (multiply + ((images + inPoints + outPoints + results) / perCycle) + (2 * Launch))) + (filterPoints * 1.25 / perCycle);
    }

    private static double Time(GpuTarget target, in GemmPlan plan, int batch, int m, int n, int depth)
    {
        GemmTile tile = plan.Tile;
        double efficiency = 1;
        foreach ((GemmTile candidate, double share) in GemmPlan.MenuFor(target, default))
        {
            efficiency = candidate == tile ? share : efficiency;
        }

        long tiles = (long)batch * ((m + tile.BM - 1) / tile.BM) * ((n + tile.BN - 1) / tile.BN);
        return GemmPlan.Time(target, tile, efficiency, tiles, plan.Parts, (double)batch * m * n, depth);
    }

    private static bool IsPlain(in WindowAxis axis) => axis is { Taps: WinogradLines.Taps, Step: 1, TapStep: 1, OutOrigin: 0, OutStep: 1, Count: > 0 };

    private static int Ceiling(int results) => (results + WinogradLines.Tile - 1) / WinogradLines.Tile;

    private static long Bytes(long matrix) => WinogradLines.Points * sizeof(float) * matrix;
}
