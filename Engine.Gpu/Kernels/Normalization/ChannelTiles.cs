using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// How the channels of [N, C, L] are shared among groups: a tile of channels for each group along the first direction of the grid, and the
/// N·L elements of each channel cut into chunks along the second.
/// </summary>
internal readonly partial record struct ChannelTiles(int Channels, int Count, ChannelShape Shape, int Chunk)
{
    // Elements of a work-item below which it does not pay to bring in more groups, and above which one group is too slow for a channel.
    private const int FewElements = 16, ManyElements = 64;
    private const int MostChunks = 64;

    // On a card, in cycles of a multiprocessor: a second launch, and bytes that it gets from the cache that all share.
    private const double SecondLaunch = 3000, CacheBandwidth = 32;

    // With so many work-items one group keeps enough loads under way for a multiprocessor.
    private const int LargeGroup = 1024;

    /// <summary>Work-items of a group where nothing speaks for more.</summary>
    public const int LargestUsual = 256;

    /// <summary>Groups that one channel is shared by.</summary>
    public int Chunks => (Count + Chunk - 1) / Chunk;

    /// <summary>Groups over the channels.</summary>
    public int Tiles => (Channels + Shape.Tile - 1) / Shape.Tile;

    /// <summary>The groups.</summary>
    public LaunchGrid Grid => new(Tiles, Chunks);

    /// <summary>The choice for [N, C, L] with strides; <paramref name="others"/> are read or written beside it.</summary>
    public static ChannelTiles Choose(GpuTarget target, in Operand x, params ReadOnlySpan<Operand?> others)
    {
        int images = x.Shape[0], channels = x.Shape[1], length = x.Shape[2], count = images * length;
        long step = Math.Abs(x.Layout.Strides[1]), along = Math.Abs(x.Layout.Strides[length > 1 ? 2 : 0]);
        int group = target.GroupSize;

        // Neighbouring work-items read neighbouring elements: of one channel, or, where the channels are innermost, of as many channels.
        int tile = channels > 1 && step < along ? Math.Min(32, (int)BitOperations.RoundUpToPowerOf2((uint)channels)) : 1;
        int lanes = group / tile, tiles = (channels + tile - 1) / tile;
        int groups = (target.IsProcessor ? 2 : 4) * target.ComputeUnits;
        int chunks = 1;
        if (count > ManyElements * lanes && tiles < groups / 2)
        {
            chunks = Math.Clamp(groups / tiles, 1, Math.Clamp(count / (FewElements * lanes), 1, MostChunks));
        }

        // Sizes and types alone decide on runs, which are the order of sums; where the operands lie decides how runs are read.
        int run = target.IsProcessor || tile > 1 ? 1 : Math.Min(4, VectorAlignment.VectorBytes / x.DType.SizeInBytes());
        while (length % run != 0)
        {
            run /= 2;
        }

        bool isAligned = run > 1 && IsAligned(x, run);
        foreach (ref readonly Operand? other in others)
        {
            isAligned &= other is not { } given || IsAligned(given, run);
        }

        int chunk = (count + chunks - 1) / chunks;
        return new ChannelTiles(channels, count, new ChannelShape(tile, run, isAligned), (chunk + run - 1) / run * run);
    }

    /// <summary>
    /// One launch instead of two, with large groups that see their channels as a whole: where those are through before two launches of groups for all multiprocessors would be.
    /// </summary>
    /// <param name="target">The device.</param>
    /// <param name="element">The elements.</param>
    /// <param name="reads">Operands of the elements' shape that are read twice.</param>
    /// <param name="writes">Those that are written.</param>
    public ChannelTiles WithLargeGroups(GpuTarget target, DType element, int reads, int writes)
    {
        // Where the usual number was lowered, the driver has refused a kernel for its registers.
        if (Chunks == 1 || target.Api != GpuApi.Cuda || target.LargestGroup < LargeGroup || target.MaxGroupSize != LargestUsual)
        {
            return this;
        }

        // What the multiprocessor's own cache keeps is read from the common one but once.
        double operand = (double)Count * Shape.Tile * element.SizeInBytes(), own = OwnCache(target);
        double pass = operand / CacheBandwidth, whole = (writes + (operand * reads <= own ? reads : 2 * reads)) * pass, shared = (writes + (2 * reads)) * pass;
        bool isQuick = Math.Ceiling((double)Tiles / target.ComputeUnits) * whole <= SecondLaunch + (shared * Tiles / target.ComputeUnits);
        return isQuick ? this with { Chunk = (Count + Shape.Run - 1) / Shape.Run * Shape.Run, Shape = Shape with { Group = LargeGroup } } : this;
    }

    private static double OwnCache(GpuTarget target) => target.ComputeCapability is 80 or 90 or 100 or 103 ? 160 << 10 : 96 << 10;

    private static bool IsAligned(in Operand operand, int run) =>
        operand.StartsAligned(run)
        && operand.Layout.Strides[2] == 1
        && (operand.Shape[0] == 1 || operand.Layout.Strides[0] % run == 0)
        && (operand.Shape[1] == 1 || operand.Layout.Strides[1] % run == 0);
}

/// <summary>How the work-items of a group are laid over a tile of channels.</summary>
/// <param name="Tile">Channels of a group: a power of two, or a multiple of the width.</param>
/// <param name="Run">Neighbouring elements of an image that an item takes at a time; images are a multiple of it.</param>
/// <param name="IsAligned">Whether runs are vectors in memory; else their elements are read and written one by one, in the same order.</param>
/// <param name="Group">Work-items of a group; 0 for the device's usual number.</param>
/// <param name="Width">Neighbouring channels that an item takes, a vector in memory.</param>
/// <param name="IsRows">Whether all elements of a channel lie at one distance: operands are given as [1, channels, elements].</param>
internal readonly record struct ChannelShape(int Tile, int Run = 1, bool IsAligned = false, int Group = 0, int Width = 1, bool IsRows = false)
{
    /// <summary>Work-items side by side over the channels of a group.</summary>
    public int Items => Tile / Width;

    /// <summary>Begins a kernel for such groups.</summary>
    public KernelBuilder NewBuilder(string name, GpuTarget target)
    {
        if (Group == 0)
        {
            return new KernelBuilder(name, target, target.GroupSize);
        }

        // Told how many groups are wanted, the driver's compiler does not save registers until some go to memory.
        return new KernelBuilder(name, target with { MaxGroupSize = Math.Max(Group, target.MaxGroupSize) }, Group) { MinGroupsPerUnit = IsRows ? Math.Max(1, GpuTarget.MeetingGroupsOfUnit(Group)) : 0 };
    }
}
