using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// How the channels of [N, C, L] are shared among groups: a tile of channels for each group along the first direction of the grid, and the
/// N·L elements of each channel cut into chunks along the second.
/// </summary>
internal readonly record struct ChannelTiles(int Channels, int Count, int Tile, int Chunk)
{
    // Elements of a work-item below which it does not pay to bring in more groups, and above which one group is too slow for a channel.
    private const int FewElements = 16, ManyElements = 64;
    private const int MostChunks = 64;

    /// <summary>Groups that one channel is shared by.</summary>
    public int Chunks => (Count + Chunk - 1) / Chunk;

    /// <summary>Groups over the channels.</summary>
    public int Tiles => (Channels + Tile - 1) / Tile;

    /// <summary>The groups.</summary>
    public LaunchGrid Grid => new(Tiles, Chunks);

    /// <summary>The choice for [N, C, L] with strides.</summary>
    public static ChannelTiles Choose(GpuTarget target, in Operand x)
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

        return new ChannelTiles(channels, count, tile, (count + chunks - 1) / chunks);
    }
}

/// <summary>The work-items of a group laid over a tile of channels.</summary>
internal sealed class ChannelItems
{
    private const int Unrolled = 4;

    private readonly KernelBuilder _k;
    private readonly int _tile, _lanes;
    private readonly Value _count, _chunk;
    private readonly DivisorParameter _length;

    /// <summary>Adds the parameters; <see cref="AddArguments"/> adds the arguments in the same order.</summary>
    public ChannelItems(KernelBuilder k, int tile)
    {
        (_k, _tile, _lanes) = (k, tile, k.GroupSize / tile);
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

    /// <summary>The item's place among those of its channel.</summary>
    public Value Lane { get; }

    /// <summary>Whether the item writes what there is one of for each channel and chunk.</summary>
    public Value IsFirst => Lane.Is(0) & Exists;

    /// <summary>Adds the arguments.</summary>
    public static void AddArguments(ref ArgumentList arguments, in ChannelTiles tiles, int length)
    {
        arguments.Add(tiles.Channels);
        arguments.Add(tiles.Count);
        arguments.Add(tiles.Chunk);
        arguments.Add(length, new Divisor(length));
    }

    /// <summary>Reductions over the items of a channel.</summary>
    public GroupReduction Reduction(params ReadOnlySpan<RegisterType> types) => new(_k, types, _lanes, interleaved: _tile > 1);

    /// <summary>The elements of the item, a few at a time: their image, place in the image, and whether there is one.</summary>
    public void ForEach(Action<(Value Image, Value Place, Value Exists)[]> body)
    {
        Value start = _k.GroupY * _chunk;
        Value end = _k.Select(Exists, _k.Min(start + _chunk, _count), _k.Int32(0));
        _k.For(start + Lane, end, _k.Int32(Unrolled * _lanes), first =>
        {
            var elements = new (Value, Value, Value)[Unrolled];
            for (int i = 0; i < Unrolled; i++)
            {
                Value number = first + (i * _lanes);
                (Value image, Value place) = _length.Divide(number);
                elements[i] = (image, place, i == 0 ? _k.Bool(true) : number < end);
            }

            body(elements);
        });
    }

    /// <summary>The chunks of the item's channel, shared among its items.</summary>
    public void ForEachChunk(Action<Value> body) => _k.For(Lane, _k.GroupCountY, _k.Int32(_lanes), body);

    /// <summary>The number of elements of a chunk.</summary>
    public Value CountOf(Value chunk) => _k.Min(_chunk, _count - (chunk * _chunk));

    /// <summary>The place of a channel's partial result in [parts, chunks, channels].</summary>
    public Value PartialPlace(int part, Value chunk) => (((part * _k.GroupCountY) + chunk) * Channels) + Channel;
}
