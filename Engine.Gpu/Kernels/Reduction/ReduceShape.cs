using System.Numerics;

namespace Engine.Gpu;

/// <summary>How the work-items of a reduction are laid out: which share a result, and into how many chunks results are cut.</summary>
/// <param name="Columns">Results of a group.</param>
/// <param name="Lanes">Work-items of a result.</param>
/// <param name="ByColumns">Whether neighbouring work-items have neighbouring results.</param>
/// <param name="Chunks">Groups that share a result.</param>
internal readonly record struct ReduceShape(int Columns, int Lanes, bool ByColumns, int Chunks)
{
    /// <summary>Work-items of a processor's group: enough for a vector, no more.</summary>
    private const int ProcessorGroup = 16;

    /// <summary>Chunks are not made shorter than this many items for each work-item.</summary>
    private const int LeastItemsOfLane = 16;

    /// <summary>Elements that a processor's core should have before the work is shared.</summary>
    private const long LeastElementsOfCore = 1 << 15;

    /// <summary>More chunks than this would make the second stage long.</summary>
    private const int MostChunks = 512;

    /// <summary>Groups that a multiprocessor should have to be busy.</summary>
    private const int GroupsOfUnit = 8;

    private const int SubGroup = 32;

    /// <summary>Chooses for so many results of so many items each.</summary>
    public static ReduceShape Choose(GpuTarget target, long results, long items, bool byColumns, bool mayCut)
    {
        if (target.IsProcessor)
        {
            long parts = Math.Min(target.ComputeUnits, results * items / LeastElementsOfCore);
            bool isCut = mayCut && results < ProcessorGroup * target.ComputeUnits && parts > 1;
            return new ReduceShape(ProcessorGroup, 1, true, isCut ? (int)Math.Min(parts, items) : 1);
        }

        int group = 1 << BitOperations.Log2((uint)target.MaxGroupSize);
        int lanes = byColumns && results > SubGroup / 2
            ? (items <= LeastItemsOfLane ? 1 : Math.Max(group / SubGroup, 1))
            : items <= 8 ? 1 : items <= 64 ? 8 : items <= 1024 && results > 8 ? Math.Min(SubGroup, group) : group;
        byColumns &= results > SubGroup / 2;
        int columns = group / lanes;
        long groups = (results + columns - 1) / columns;
        long wanted = (long)target.ComputeUnits * GroupsOfUnit / groups;
        long possible = items / ((long)lanes * LeastItemsOfLane);
        long chunks = mayCut && groups < target.ComputeUnits * 2L ? Math.Min(Math.Min(wanted, possible), MostChunks) : 1;
        return new ReduceShape(columns, lanes, byColumns, (int)Math.Max(chunks, 1));
    }
}
