using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// How the channels of [N, C, L] are shared among groups: a tile of channels for each group along the first direction of the grid, and the
/// N·L elements of each channel cut into chunks along the second.
/// </summary>
internal readonly record struct ChannelTiles(int Channels, int Count, ChannelShape Shape, int Chunk)
{
    // Elements of a work-item below which it does not pay to bring in more groups, and above which one group is too slow for a channel.
    private const int FewElements = 16, ManyElements = 64;
    private const int MostChunks = 64;

    // On a card, in cycles of a multiprocessor: a second launch, and bytes that it gets from the cache that all share.
    private const double SecondLaunch = 3000, CacheBandwidth = 32;

    // With so many work-items one group keeps enough loads under way for a multiprocessor.
    private const int LargeGroup = 1024, LargestUsual = 256;

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
        double operand = (double)Count * Shape.Tile * element.SizeInBytes(), own = target.ComputeCapability is 80 or 90 or 100 or 103 ? 160 << 10 : 96 << 10;
        double pass = operand / CacheBandwidth, whole = (writes + (operand * reads <= own ? reads : 2 * reads)) * pass, shared = (writes + (2 * reads)) * pass;
        bool isQuick = Math.Ceiling((double)Tiles / target.ComputeUnits) * whole <= SecondLaunch + (shared * Tiles / target.ComputeUnits);
        return isQuick ? this with { Chunk = (Count + Shape.Run - 1) / Shape.Run * Shape.Run, Shape = Shape with { Group = LargeGroup } } : this;
    }

    private static bool IsAligned(in Operand operand, int run) =>
        operand.StartsAligned(run)
        && operand.Layout.Strides[2] == 1
        && (operand.Shape[0] == 1 || operand.Layout.Strides[0] % run == 0)
        && (operand.Shape[1] == 1 || operand.Layout.Strides[1] % run == 0);
}

/// <summary>How the work-items of a group are laid over a tile of channels.</summary>
/// <param name="Tile">Channels of a group, a power of two.</param>
/// <param name="Run">Neighbouring elements of an image that an item takes at a time; images are a multiple of it.</param>
/// <param name="IsAligned">Whether runs are vectors in memory; else their elements are read and written one by one, in the same order.</param>
/// <param name="Group">Work-items of a group; 0 for the device's usual number.</param>
internal readonly record struct ChannelShape(int Tile, int Run = 1, bool IsAligned = false, int Group = 0)
{
    /// <summary>Begins a kernel for such groups.</summary>
    public KernelBuilder NewBuilder(string name, GpuTarget target) =>
        Group == 0 ? new KernelBuilder(name, target, target.GroupSize) : new KernelBuilder(name, target with { MaxGroupSize = Math.Max(Group, target.MaxGroupSize) }, Group);
}

/// <summary>The work-items of a group laid over a tile of channels.</summary>
internal sealed class ChannelItems
{
    private const int Unrolled = 4, UnrolledRuns = 2;

    private readonly KernelBuilder _k;
    private readonly ChannelShape _shape;
    private readonly int _lanes;
    private readonly Value _count, _chunk;
    private readonly DivisorParameter _length;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public ChannelItems(KernelBuilder k, ChannelShape shape)
    {
        int tile = shape.Tile;
        (_k, _shape, _lanes) = (k, shape, k.GroupSize / tile);
        Channels = k.Size("channels");
        _count = k.Size("count");
        _chunk = k.Size("chunk");
        _length = new DivisorParameter(k, "length");
        Lane = k.LocalId / tile;
        Value channel = (k.GroupX * tile) + (k.LocalId % tile);
        Exists = channel < Channels;
        Channel = k.Select(Exists, channel, k.Int32(0));
    }

    /// <summary>How many channels there are.</summary>
    public Value Channels { get; }

    /// <summary>The item's channel, 0 where it has none.</summary>
    public Value Channel { get; }

    /// <summary>Whether the item has a channel.</summary>
    public Value Exists { get; }

    /// <summary>The item's index among those of its channel.</summary>
    public Value Lane { get; }

    /// <summary>Whether the item writes the results of which each channel and chunk has one.</summary>
    public Value IsFirst => Lane.Is(0) & Exists;

    /// <summary>Adds the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in ChannelTiles tiles, int length)
    {
        arguments.Add(tiles.Channels);
        arguments.Add(tiles.Count);
        arguments.Add(tiles.Chunk);
        arguments.Add(length, new Divisor(length));
    }

    /// <summary>Adds the counters of groups that meet, where they do.</summary>
    public static void BindArrivals(ref ArgumentList arguments, KernelArgument? arrivals)
    {
        if (arrivals is { } counters)
        {
            arguments.Add(counters);
        }
    }

    /// <summary>Reductions over the items of a channel.</summary>
    public GroupReduction Reduction(params ReadOnlySpan<RegisterType> types) => new(_k, types, _lanes, interleaved: _shape.Tile > 1);

    /// <summary>The elements of the item, a few at a time, and what is left run by run: their image and index in the image.</summary>
    public void ForEach(Action<(Value Image, Value Index)[]> body)
    {
        Value start = _k.GroupY * _chunk;
        Value end = _k.Select(Exists, _k.Min(start + _chunk, _count), _k.Int32(0));
        int run = _shape.Run, step = _lanes * run, runs = run == 1 ? Unrolled : UnrolledRuns;
        Variable next = _k.Variable(start + (Lane * run));
        _k.For(next.Value, end - ((runs - 1) * step), _k.Int32(runs * step), first =>
        {
            body(Runs(first, runs));
            next.Value = first + (runs * step);
        });
        _k.For(next.Value, end, _k.Int32(step), first => body(Runs(first, 1)));
    }

    private (Value Image, Value Index)[] Runs(Value first, int runs)
    {
        int run = _shape.Run;
        var elements = new (Value, Value)[runs * run];
        for (int i = 0; i < runs; i++)
        {
            // A run lies within an image and within a chunk.
            (Value image, Value index) = _length.Divide(first + (i * _lanes * run));
            for (int j = 0; j < run; j++)
            {
                elements[(i * run) + j] = (image, index + j);
            }
        }

        return elements;
    }

    /// <summary>The channel's numbers at elements of one call of <see cref="ForEach"/>'s body.</summary>
    public Value[] Load(Memory memory, StridesParameter strides, (Value Image, Value Index)[] elements)
    {
        if (!_shape.IsAligned)
        {
            return Array.ConvertAll(elements, e => _k.Load(memory, OffsetOf(strides, e)));
        }

        List<Value> numbers = [];
        for (int i = 0; i < elements.Length; i += _shape.Run)
        {
            numbers.AddRange(_k.LoadVector(memory, OffsetOf(strides, elements[i]), _shape.Run));
        }

        return [.. numbers];
    }

    /// <summary>Writes the channel's numbers at elements of one call of <see cref="ForEach"/>'s body.</summary>
    public void Store(Memory memory, StridesParameter strides, (Value Image, Value Index)[] elements, Value[] numbers)
    {
        int run = _shape.IsAligned ? _shape.Run : 1;
        for (int i = 0; i < elements.Length; i += run)
        {
            _k.StoreVector(memory, OffsetOf(strides, elements[i]), numbers[i..(i + run)]);
        }
    }

    /// <summary>Lets the groups of a channel meet.</summary>
    public void Meet(Memory arrivals) => _k.Meet(arrivals, _k.GroupX, _k.GroupCountY);

    /// <summary>The chunks of the item's channel, shared among its items.</summary>
    public void ForEachChunk(Action<Value> body) => _k.For(Lane, _k.GroupCountY, _k.Int32(_lanes), body);

    /// <summary>The number of elements of a chunk.</summary>
    public Value CountOf(Value chunk) => _k.Min(_chunk, _count - (chunk * _chunk));

    private Value OffsetOf(StridesParameter strides, (Value Image, Value Index) element) =>
        strides.Along(1, Channel) + strides.Along(0, element.Image) + strides.Along(2, element.Index);

    /// <summary>The offset of a channel's partial result in [parts, chunks, channels].</summary>
    public Value PartialOffset(int part, Value chunk) => (((part * _k.GroupCountY) + chunk) * Channels) + Channel;
}
