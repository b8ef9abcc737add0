using ILGPU;

namespace Engine.Gpu;

/// <summary>How channels are shared among groups: <see cref="ChannelTiles"/> as kernels in ILGPU's language take them.</summary>
internal readonly struct ChannelWork(in ChannelTiles tiles, int length)
{
    /// <summary>How many channels there are.</summary>
    public readonly int Channels = tiles.Channels;

    /// <summary>Elements of a channel, over all images.</summary>
    public readonly int Count = tiles.Count;

    /// <summary>Elements of a chunk, the share of a group.</summary>
    public readonly int Chunk = tiles.Chunk;

    /// <summary>Groups that share a channel.</summary>
    public readonly int Chunks = tiles.Chunks;

    /// <summary>Neighbouring channels of a group, a power of two.</summary>
    public readonly int Tile = tiles.Shape.Tile;

    /// <summary>Elements of a channel in one image.</summary>
    public readonly int Length = length;
}

/// <summary>The offset of the first element of [N, C, L] in its view, and the steps along the axes.</summary>
internal readonly struct ChannelSteps(int origin, int image, int channel, int element)
{
    /// <summary>Where element (0, 0, 0) is.</summary>
    public readonly int Origin = origin;

    /// <summary>From an image to the next.</summary>
    public readonly int Image = image;

    /// <summary>From a channel to the next.</summary>
    public readonly int Channel = channel;

    /// <summary>From an element of the image to the next.</summary>
    public readonly int Element = element;
}

/// <summary>The offset of the first number of a vector in its view, and the step to the next.</summary>
internal readonly struct VectorSteps(int origin, int step)
{
    /// <summary>Where number 0 is.</summary>
    public readonly int Origin = origin;

    /// <summary>From a number to the next.</summary>
    public readonly int Step = step;

    /// <summary>The offset of a number.</summary>
    public int At(int index) => Origin + (index * Step);
}

/// <summary>The elements of a channel that are a work-item's share, one after another.</summary>
/// <remarks>Divisions are costly: there is one at the beginning, and steps that carry from the element to the image.</remarks>
internal struct ChannelElements
{
    private readonly int _length;
    private readonly int _end;
    private readonly int _step;
    private readonly int _imageStep;
    private readonly int _elementStep;
    private int _number;
    private int _image;
    private int _element;

    /// <summary>The share of this work-item.</summary>
    public ChannelElements(ChannelWork work)
    {
        int lanes = Group.DimX / work.Tile, lane = Group.IdxX / work.Tile, channel = (Grid.IdxX * work.Tile) + (Group.IdxX % work.Tile);
        bool exists = channel < work.Channels;
        int start = Grid.IdxY * work.Chunk, end = start + work.Chunk;
        Channel = exists ? channel : 0;
        IsFirst = exists && lane == 0;
        _length = work.Length;
        _end = !exists ? 0 : end < work.Count ? end : work.Count;
        _step = lanes;
        _imageStep = lanes / work.Length;
        _elementStep = lanes % work.Length;
        _number = start + lane;
        _image = _number / work.Length;
        _element = _number % work.Length;
    }

    /// <summary>The item's channel, 0 where it has none.</summary>
    public readonly int Channel { get; }

    /// <summary>Whether the item writes the results of which each channel and chunk has one.</summary>
    public readonly bool IsFirst { get; }

    /// <summary>Whether there is an element left.</summary>
    public readonly bool Exists => _number < _end;

    /// <summary>The offset of the element.</summary>
    public readonly int At(ChannelSteps steps) => steps.Origin + (Channel * steps.Channel) + (_image * steps.Image) + (_element * steps.Element);

    /// <summary>Goes to the item's next element.</summary>
    public void Advance()
    {
        _number += _step;
        _image += _imageStep;
        _element += _elementStep;
        if (_element >= _length)
        {
            _element -= _length;
            _image++;
        }
    }
}
