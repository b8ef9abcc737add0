namespace Engine.Gpu;

/// <summary>How the groups that share the depth of a tile bring their sums together.</summary>
internal enum SplitKind : byte
{
    /// <summary>Each tile has one group.</summary>
    None,

    /// <summary>A second launch adds the parts (<see cref="SplitSumKernel"/>): where groups of a launch cannot see each other's results.</summary>
    SecondLaunch,

    /// <summary>The last group of a tile to finish adds the parts and stores the results (<see cref="TileParts"/>).</summary>
    LastGroup,
}

/// <summary>
/// The sums of the groups that share a tile's depth. Each group leaves its part in memory; the last of a cluster of neighbouring parts adds those in ascending order, and the last
/// cluster to finish adds the sums of the clusters in ascending order: who is the last decides who adds, and not what.
/// </summary>
/// <remarks>
/// Clusters keep it short: one group alone would read all parts of its tile, and a multiprocessor reads some forty bytes a clock. A part lies as its work-items hold it, vector by vector
/// and items side by side, so that every access is 16 bytes wide and no edge of the matrix needs a condition.
/// </remarks>
internal sealed class TileParts
{
    private readonly KernelBuilder _k;
    private readonly GemmTile _tile;
    private readonly Memory _parts, _counters;
    private readonly Value _cluster;
    private readonly int _width;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public TileParts(KernelBuilder k, GemmTile tile, DType compute)
    {
        (_k, _tile) = (k, tile);
        _parts = k.Buffer("parts", compute);
        _counters = k.Buffer("arrivals", DType.Int32);
        _cluster = k.Size("cluster");
        _width = Math.Min(16 / compute.SizeInBytes(), tile.TM * tile.TN);
    }

    /// <summary>Parts that one group adds: about as many as there are clusters.</summary>
    public static int ClusterOf(int parts) => parts <= FewParts ? parts : (int)Math.Ceiling(Math.Sqrt(parts));

    /// <summary>Elements of memory that the parts of a launch take.</summary>
    public static long Elements(in GemmPlan plan, LaunchGrid grid) => (long)grid.X * Slots(plan.Parts) * plan.Tile.BM * plan.Tile.BN;

    /// <summary>Counters that the tiles of a launch take.</summary>
    public static long Counters(int tiles, int parts) => (long)tiles * (1 + Clusters(parts));

    /// <summary>Adds the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in GemmPlan plan, in Operand parts, KernelArgument counters)
    {
        arguments.Add(parts);
        arguments.Add(counters);
        arguments.Add(ClusterOf(plan.Parts));
    }

    /// <summary>Leaves this group's sums; in the last group of the tile <paramref name="store"/> writes what is to be done with the sums over all parts.</summary>
    public void Sum(Value[] sums, Action<Value[]> store)
    {
        Value tile = _k.GroupX, part = _k.GroupY, parts = _k.GroupCountY;
        Value clusters = (parts + (_cluster - 1)) / _cluster, number = part / _cluster;
        Value first = number * _cluster, end = _k.Min(first + _cluster, parts);
        Value slots = tile * (parts + clusters), counters = tile * (clusters + 1);
        Write(slots + part, sums);
        _k.If(_k.IsLastGroup(_counters, counters + 1 + number, end - first), () =>
        {
            Variable[] totals = _k.Variables(sums.Length, sums[0].Like(0));
            Add(totals, slots + first, slots + end);
            Variable isLast = _k.Variable(_k.Int32(1));
            _k.If(clusters > 1, () =>
            {
                Write(slots + parts + number, Array.ConvertAll(totals, total => total.Value));
                Value isLastCluster = _k.IsLastGroup(_counters, counters, clusters);
                isLast.Value = _k.Select(isLastCluster, _k.Int32(1), _k.Int32(0));
                _k.If(isLastCluster, () => Add(totals, slots + parts, slots + parts + clusters), uniform: true);
            }, uniform: true);
            _k.If(isLast.Value.Is(1), () => store(Array.ConvertAll(totals, total => total.Value)), uniform: true);
        }, uniform: true);
    }

    // With so few parts one group adds them all: a second level costs as much as it saves.
    private const int FewParts = 8;

    private static int Clusters(int parts) => (parts + ClusterOf(parts) - 1) / ClusterOf(parts);

    private static int Slots(int parts) => parts + Clusters(parts);

    private void Write(Value slot, Value[] sums)
    {
        Value at = Start(slot);
        for (int i = 0; i < sums.Length; i += _width)
        {
            _k.StoreVector(_parts, at + (i * _tile.GroupSize), sums[i..(i + _width)]);
        }
    }

    /// <summary>totals = the sums of slots from a first one on, in ascending order.</summary>
    private void Add(Variable[] totals, Value first, Value end)
    {
        void Take(Value slot, Func<Variable, Value, Value> sum)
        {
            Value at = Start(slot);
            for (int i = 0; i < totals.Length; i += _width)
            {
                Value[] loaded = _k.LoadVector(_parts, at + (i * _tile.GroupSize), _width);
                for (int j = 0; j < _width; j++)
                {
                    totals[i + j].Value = sum(totals[i + j], loaded[j]);
                }
            }
        }

        Take(first, static (_, part) => part);
        _k.For(first + 1, end, _k.Int32(1), slot => Take(slot, static (total, part) => total.Value + part));
    }

    private Value Start(Value slot) => (slot * (_tile.BM * _tile.BN)) + (_k.LocalId * _width);
}
