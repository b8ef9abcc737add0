namespace Engine.Gpu;

/// <summary>An element of a channel.</summary>
/// <param name="Image">Its image.</param>
/// <param name="Index">Its index in the image, without what lies ahead.</param>
/// <param name="Ahead">How far behind the index it is: known when the kernel is built, so that loops add nothing for it.</param>
internal readonly record struct ChannelElement(Value Image, Value Index, int Ahead);

/// <summary>The work-items of a group laid over a tile of channels.</summary>
internal sealed class ChannelItems
{
    // Loads under way: of one operand, and of each where there are several or the group is so large that registers are few. Of four operands a vector each is enough.
    private const int Unrolled = 4, UnrolledRuns = 2;

    private readonly KernelBuilder _k;
    private readonly ChannelShape _shape;
    private readonly int _lanes;
    private readonly Value _count, _chunk;
    private readonly DivisorParameter _length;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public ChannelItems(KernelBuilder k, ChannelShape shape)
    {
        int items = shape.Items;
        (_k, _shape, _lanes) = (k, shape, k.GroupSize / items);
        Channels = k.Size("channels");
        _count = k.Size("count");
        _chunk = k.Size("chunk");
        _length = new DivisorParameter(k, "length");
        Lane = k.LocalId / items;
        Value channel = (k.GroupX * shape.Tile) + (k.LocalId % items * shape.Width);
        Exists = channel < Channels;
        Channel = k.Select(Exists, channel, k.Int32(0));
    }

    /// <summary>How many channels there are.</summary>
    public Value Channels { get; }

    /// <summary>The item's channel, or the first of several, 0 where it has none.</summary>
    public Value Channel { get; }

    /// <summary>How many neighbouring channels the item has.</summary>
    public int Width => _shape.Width;

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

    /// <summary>Adds the counters of groups that meet or of which the last goes on, where they do.</summary>
    public static void BindArrivals(ref ArgumentList arguments, KernelArgument? arrivals)
    {
        if (arrivals is { } counters)
        {
            arguments.Add(counters);
        }
    }

    /// <summary>Reductions over the items of a channel.</summary>
    public GroupReduction Reduction(params ReadOnlySpan<RegisterType> types) => new(_k, types, _lanes, interleaved: _shape.Items > 1);

    /// <summary>A variable for each channel of the item, at 0.</summary>
    public Variable[] Sums(RegisterType type) => _k.Variables(Width, _k.Constant(type, 0));

    /// <summary>The elements of the item, a few at a time, and what is left run by run.</summary>
    /// <param name="body">Writes what is done with some of them.</param>
    /// <param name="operands">How many operands are read.</param>
    public void ForEach(Action<ChannelElement[]> body, int operands = 1)
    {
        Value start = _k.GroupY * _chunk;
        Value end = _k.Select(Exists, _k.Min(start + _chunk, _count), _k.Int32(0));
        int run = _shape.Run, step = _lanes * run;
        int runs = _shape.IsRows && operands > 3 ? 1 : run > 1 || (_shape.IsRows && (operands > 2 || _k.GroupSize > ChannelTiles.LargestUsual)) ? UnrolledRuns : Unrolled;
        Variable next = _k.Variable(start + (Lane * run));
        if (runs > 1)
        {
            _k.For(next.Value, end - ((runs - 1) * step), _k.Int32(runs * step), first =>
            {
                body(Runs(first, runs));
                next.Value = first + (runs * step);
            });
        }

        _k.For(next.Value, end, _k.Int32(step), first => body(Runs(first, 1)));
    }

    private ChannelElement[] Runs(Value first, int runs)
    {
        int run = _shape.Run;
        var elements = new ChannelElement[runs * run];
        for (int i = 0; i < runs; i++)
        {
            if (_shape.IsRows)
            {
                elements[i] = new ChannelElement(_k.Int32(0), first, i * _lanes);
                continue;
            }

            // A run lies within an image and within a chunk.
            (Value image, Value index) = _length.Divide(first + (i * _lanes * run));
            for (int j = 0; j < run; j++)
            {
                elements[(i * run) + j] = new ChannelElement(image, index + j, 0);
            }
        }

        return elements;
    }

    /// <summary>The channels' numbers at elements of one call of <see cref="ForEach"/>'s body: number i belongs to channel i mod <see cref="Width"/> of the item.</summary>
    public Value[] Load(Memory memory, StridesParameter strides, ChannelElement[] elements)
    {
        if (!_shape.IsAligned && Width == 1)
        {
            return Array.ConvertAll(elements, e => _k.Load(memory, OffsetOf(strides, e)));
        }

        List<Value> numbers = [];
        for (int i = 0; i < elements.Length; i += _shape.Run)
        {
            numbers.AddRange(_k.LoadVector(memory, OffsetOf(strides, elements[i]), _shape.Run * Width));
        }

        return [.. numbers];
    }

    /// <summary>The channels' first numbers, 0 where the item has none.</summary>
    public Value[] LoadFirst(Memory memory, StridesParameter strides) => _k.LoadVector(memory, strides.Along(1, Channel), Width, Exists);

    /// <summary>Writes the channels' numbers at elements of one call of <see cref="ForEach"/>'s body.</summary>
    public void Store(Memory memory, StridesParameter strides, ChannelElement[] elements, Value[] numbers)
    {
        int run = _shape.IsAligned ? _shape.Run : 1, width = run * Width;
        for (int i = 0; i < elements.Length; i += run)
        {
            _k.StoreVector(memory, OffsetOf(strides, elements[i]), numbers[(i * Width)..((i * Width) + width)]);
        }
    }

    /// <summary>Lets the groups of a channel meet.</summary>
    public void Meet(Memory arrivals) => _k.Meet(arrivals, _k.GroupX, _k.GroupCountY);

    /// <summary>The chunks of the item's channels, shared among its items.</summary>
    public void ForEachChunk(Action<Value> body) => _k.For(Lane, _k.GroupCountY, _k.Int32(_lanes), body);

    /// <summary>The number of elements of a chunk.</summary>
    public Value CountOf(Value chunk) => _k.Min(_chunk, _count - (chunk * _chunk));

    /// <summary>The channels' partial results in [parts, chunks, channels].</summary>
    public Value[] LoadPartial(Memory partials, int part, Value chunk) => _k.LoadVector(partials, PartialOffset(part, chunk), Width);

    /// <summary>Writes the channels' partial results of the group's chunk.</summary>
    public void StorePartial(Memory partials, int part, Value[] results, Value? condition = null) => _k.StoreVector(partials, PartialOffset(part, _k.GroupY), results, condition);

    /// <summary>The channels' results in [parts, channels].</summary>
    public Value[] LoadTotal(Memory totals, int part) => _k.LoadVector(totals, (part * Channels) + Channel, Width);

    /// <summary>Writes the channels' results in [parts, channels].</summary>
    public void StoreTotal(Memory totals, int part, Value[] results) => _k.StoreVector(totals, (part * Channels) + Channel, results);

    private Value OffsetOf(StridesParameter strides, ChannelElement element)
    {
        Value before = strides.Along(1, Channel) + strides.Along(2, _k.Int32(element.Ahead));
        return _shape.IsRows ? before + strides.Along(2, element.Index) : strides.Along(1, Channel) + strides.Along(0, element.Image) + strides.Along(2, element.Index);
    }

    private Value PartialOffset(int part, Value chunk) => (((part * _k.GroupCountY) + chunk) * Channels) + Channel;
}
