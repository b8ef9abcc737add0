using System.Numerics;

namespace Engine.Gpu;

// Images with channels last, and matrices: channels are neighbours, and all elements of one lie at the same distance.
internal readonly partial record struct ChannelTiles
{
    // Vectors of an item below which it does not pay to bring in more groups, more than a multiprocessor has one, and those of an item in a large group.
    private const int FewVectors = 4, ManyVectors = 8, VectorsOfLargeGroup = 8;

    // Work-items side by side over channels: more leave few for the reduction to run along.
    private const int MostItems = 16;

    // Whole lines of the caches, and the parts of them that are fetched.
    private const int LineBytes = 128, SectorBytes = 32;

    // Chunks that the last group adds; each group of a second launch adds all of them.
    private const int MostChunksOfLastGroup = 512;

    /// <summary>Whether the device should take the operands, as [N, C, L], as matrices of rows.</summary>
    public static bool AreRows(GpuTarget target, params ReadOnlySpan<Operand?> operands)
    {
        foreach (ref readonly Operand? operand in operands)
        {
            if (operand is { } given && !IsRows(given))
            {
                return false;
            }
        }

        return !target.IsProcessor;
    }

    /// <summary>[N, C, L] as [1, C, N·L].</summary>
    public static Operand Rows(in Operand operand)
    {
        int images = operand.Shape[0], channels = operand.Shape[1], length = operand.Shape[2];
        return operand.With(new Layout([1, channels, images * length], [0, 1, operand.Layout.Strides[length > 1 ? 2 : 0]], operand.Layout.Offset));
    }

    /// <summary>The same, if there is such an operand.</summary>
    public static Operand? Rows(in Operand? operand) => operand is { } given ? Rows(given) : null;

    /// <summary>The choice for operands that are rows.</summary>
    /// <param name="target">The device.</param>
    /// <param name="reads">Operands of the elements' shape that are read twice.</param>
    /// <param name="writes">Those that are written, and those that are read but once.</param>
    /// <param name="x">One of them.</param>
    /// <param name="others">The others.</param>
    public static ChannelTiles ChooseRows(GpuTarget target, int reads, int writes, in Operand x, params ReadOnlySpan<Operand?> others)
    {
        int channels = x.Shape[1], count = x.Shape[2], size = x.DType.SizeInBytes(), width = Math.Min(4, VectorAlignment.VectorBytes / size);
        while (channels % width != 0 || !AreAligned(x, others, width))
        {
            width /= 2;
        }

        ChannelTiles whole = ForWhole(target, channels, count, width, size);
        if (whole.IsWholeQuick(target, size, reads, writes))
        {
            return whole;
        }

        int items = ItemsOf(channels / width, width * size, target.GroupSize), lanes = LanesOf(target.GroupSize, items);
        ChannelTiles all = new(channels, count, new ChannelShape(items * width, Group: items * lanes, Width: width, IsRows: true), count);
        int most = target.HasLastGroup ? MostChunksOfLastGroup : MostChunks;
        ChannelTiles few = all.Cut(target.ComputeUnits, lanes * FewVectors, most), many = all.Cut(2 * target.ComputeUnits, lanes * ManyVectors, most);
        return many.Chunks > few.Chunks ? many : few;
    }

    /// <summary>The choice for a launch without sums: more groups, so that loads are under way while others begin or end.</summary>
    public ChannelTiles WithoutSums(GpuTarget target) => Cut(4 * target.ComputeUnits, Shape.Group / Shape.Items * FewVectors, count: int.MaxValue);

    private ChannelTiles Cut(int groups, int least, int count)
    {
        int chunks = Math.Clamp(groups / Tiles, 1, Math.Clamp(Count / least, 1, count)), chunk = (Count + chunks - 1) / chunks;
        return this with { Chunk = chunks == 1 ? Count : (chunk + least - 1) / least * least };
    }

    private static ChannelTiles ForWhole(GpuTarget target, int channels, int count, int width, int size)
    {
        // What a group reads of a row is not less than memory is fetched by.
        int items = Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)(channels / width)), 1, Math.Max(1, SectorBytes / (width * size)));
        int group = target.GroupSize, most = target.Api == GpuApi.Cuda && target.LargestGroup >= LargeGroup && target.MaxGroupSize == LargestUsual ? LargeGroup : group;
        while (group < most && (long)count * items > (long)group * VectorsOfLargeGroup)
        {
            group *= 2;
        }

        return new ChannelTiles(channels, count, new ChannelShape(items * width, Group: group, Width: width, IsRows: true), count);
    }

    // Where groups that see their channels as a whole are through before two launches of groups for all multiprocessors would be.
    private bool IsWholeQuick(GpuTarget target, int size, int reads, int writes)
    {
        if (target.Api != GpuApi.Cuda)
        {
            return (long)Count * Shape.Items <= (long)ManyElements / Shape.Width * Shape.Group;
        }

        double operand = (double)Count * Math.Max(Shape.Tile * size, SectorBytes), own = OwnCache(target), pass = operand / CacheBandwidth;
        double whole = (writes + (operand * reads <= own ? reads : 2 * reads)) * pass, shared = (writes + (2 * reads)) * pass;

        // Where nothing is read twice, the last group spares the second launch.
        double launch = reads == 0 && target.HasLastGroup ? 0 : SecondLaunch;
        return Math.Ceiling((double)Tiles / target.ComputeUnits) * whole <= launch + (shared * Tiles / target.ComputeUnits);
    }

    // As many side by side as leave few idle and read whole lines; a group that has whole rows reads without gaps.
    private static int ItemsOf(int vectors, int bytes, int groupSize)
    {
        int best = 1;
        double least = double.PositiveInfinity;
        for (int items = 1; items <= Math.Min(Math.Min(MostItems, vectors), groupSize); items++)
        {
            int tiles = (vectors + items - 1) / items;
            double cost = (double)tiles * items / vectors * (tiles == 1 || items * bytes >= LineBytes ? 1 : 1 + ((double)SectorBytes / 2 / (items * bytes)));
            if (cost < least)
            {
                (best, least) = (items, cost);
            }
        }

        return best;
    }

    private static int LanesOf(int groupSize, int items) => 1 << BitOperations.Log2((uint)(groupSize / items));

    private static bool IsRows(in Operand operand)
    {
        ReadOnlySpan<long> strides = operand.Layout.Strides;
        int images = operand.Shape[0], length = operand.Shape[2];
        return operand.Shape[1] > 1 && strides[1] == 1 && (images == 1 || length == 1 || strides[0] == length * strides[2]);
    }

    private static bool AreAligned(in Operand x, ReadOnlySpan<Operand?> others, int width)
    {
        bool areAligned = IsRowAligned(x, width);
        foreach (ref readonly Operand? other in others)
        {
            areAligned &= other is not { } given || IsRowAligned(given, width);
        }

        return areAligned;
    }

    private static bool IsRowAligned(in Operand operand, int width) => operand.StartsAligned(width) && (operand.Shape[2] == 1 || operand.Layout.Strides[2] % width == 0);
}
