using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Engine.Gpu;

/// <summary>Plans that were measured on a device, by problem. They are kept beside its compiled kernels, for later runs with the same driver.</summary>
/// <remarks>
/// As of those, nothing here is ever an error: a file that is damaged, another user's or of another version is not there. A plan that is not on the menu of
/// the device any more is not used.
/// </remarks>
/// <param name="disk">Where compiled kernels are kept; null where they are not.</param>
/// <param name="identity">Device and driver.</param>
internal sealed class PlanBook(DiskCache? disk, string identity)
{
    private const int Fields = 23;

    /// <summary>Stands for the file as the text of a kernel does for its binary; the number is that of the format.</summary>
    private static readonly KernelSource s_name = new("measured_plans", "1", 0, 0);

    private readonly Lock _saving = new();
    private readonly Lazy<ConcurrentDictionary<PlanKey, GemmPlan>> _plans = new(() => Read(disk, identity));

    /// <summary>How many there are.</summary>
    public int Count => _plans.Value.Count;

    /// <summary>The plan that was measured to be the fastest.</summary>
    public bool TryFind(in PlanKey key, GpuTarget target, out GemmPlan plan)
    {
        ConcurrentDictionary<PlanKey, GemmPlan> plans = _plans.Value;
        plan = default;
        return !plans.IsEmpty && plans.TryGetValue(key, out plan) && GemmPlan.IsPossible(target, key, plan);
    }

    /// <summary>Whether there is a plan for a problem.</summary>
    public bool Contains(in PlanKey key) => _plans.Value.ContainsKey(key);

    /// <summary>Takes a measured plan in.</summary>
    public void Add(in PlanKey key, in GemmPlan plan) => _plans.Value[key] = plan;

    /// <summary>Writes all plans, and those that another process has written meanwhile.</summary>
    public void Save()
    {
        lock (_saving)
        {
            foreach ((PlanKey key, GemmPlan plan) in Read(disk, identity))
            {
                _plans.Value.TryAdd(key, plan);
            }

            StringBuilder text = new();
            foreach ((PlanKey key, GemmPlan plan) in _plans.Value)
            {
                text.AppendJoin(' ', Numbers(key, plan).Select(static number => number.ToString(CultureInfo.InvariantCulture))).Append('\n');
            }

            disk?.Write(s_name, identity, Encoding.ASCII.GetBytes(text.ToString()));
        }
    }

    private static ConcurrentDictionary<PlanKey, GemmPlan> Read(DiskCache? disk, string identity)
    {
        ConcurrentDictionary<PlanKey, GemmPlan> plans = [];
        if (disk?.TryRead(s_name, identity) is not { } file)
        {
            return plans;
        }

        foreach (string line in Encoding.ASCII.GetString(file).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            long[] numbers = new long[words.Length];
            for (int i = 0; i < words.Length; i++)
            {
                if (!long.TryParse(words[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] is < int.MinValue or > int.MaxValue)
                {
                    return [];
                }
            }

            if (numbers.Length != Fields)
            {
                return [];
            }

            (PlanKey key, GemmPlan plan) = Entry(numbers);
            plans[key] = plan;
        }

        return plans;
    }

    private static long[] Numbers(in PlanKey key, in GemmPlan plan) =>
    [
        (long)key.Kind, (long)key.Compute, (long)key.Element, key.Batch, key.M, key.N, key.Depth, (long)key.Factors.Math, (long)key.Factors.Flow,
        key.Window.Rows, key.Window.Columns, key.Window.RowStep, key.Window.ColumnStep, key.Window.ReadsChannelsLast ? 1 : 0, key.Window.WritesChannelsLast ? 1 : 0,
        plan.Tile.BM, plan.Tile.BN, plan.Tile.BK, plan.Tile.TM, plan.Tile.TN, plan.Tile.Buffers, (long)plan.Tile.Math, plan.SlicesPerPart,
    ];

    private static (PlanKey Key, GemmPlan Plan) Entry(ReadOnlySpan<long> n)
    {
        PlanWindow window = new((int)n[9], (int)n[10], (int)n[11], (int)n[12], n[13] != 0, n[14] != 0);
        PlanKey key = new((PlanKind)n[0], (DType)n[1], (DType)n[2], n[3], (int)n[4], (int)n[5], (int)n[6], new TileFactors((TileMath)n[7], (TileFlow)n[8]), window);
        GemmTile tile = new((int)n[15], (int)n[16], (int)n[17], (int)n[18], (int)n[19], (int)n[20], (TileMath)n[21]);
        return (key, GemmPlan.Of(tile, (int)n[22], key.Depth));
    }
}
