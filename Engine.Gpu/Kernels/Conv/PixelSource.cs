namespace Engine.Gpu;

/// <summary>Fetches neighbouring pixels of images, some channels of each, in passes of the whole group.</summary>
internal sealed class PixelSource
{
    private readonly KernelBuilder _k;
    private readonly Memory _memory;
    private readonly int _width, _pass;
    private readonly bool _carriesWords;
    private readonly Value _pixel, _firstPixel, _firstChannel, _offset;

    /// <summary>Prepares this work-item's part of a pass.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="memory">The images.</param>
    /// <param name="carriesWords">Whether vectors are carried as 32-bit words, just as they lie in memory.</param>
    /// <param name="width">Channels that are read at once.</param>
    /// <param name="channels">Channels of a pixel that are fetched, a multiple of the width.</param>
    /// <param name="pixels">Pixels that are fetched, a multiple of those of a pass.</param>
    public PixelSource(KernelBuilder k, Memory memory, bool carriesWords, int width, int channels, int pixels)
    {
        (_k, _memory, _carriesWords, _width) = (k, memory, carriesWords, width);
        int perPixel = channels / width;
        _pass = PixelsOfPass(k.GroupSize, width, channels);
        Passes = pixels / _pass;
        _pixel = k.LocalId / perPixel;
        Channel = k.LocalId % perPixel * width;
        (_firstPixel, _firstChannel, _offset) = (_pixel, Channel, Channel);
    }

    private PixelSource(PixelSource other, Value stride, Value firstPixel, Value pixels, Value firstChannel, Value channels)
    {
        (_k, _memory, _carriesWords, _width, _pass, _pixel) = (other._k, other._memory, other._carriesWords, other._width, other._pass, other._pixel);
        (Passes, Channel) = (other.Passes, other.Channel);
        (Stride, Pixels, Channels) = (stride, pixels, channels);
        (_firstPixel, _firstChannel) = (firstPixel + _pixel, firstChannel + Channel);
        _offset = (_firstPixel.To(stride.Type) * stride) + _firstChannel.To(stride.Type);
    }

    /// <summary>Passes that fetch all pixels.</summary>
    public int Passes { get; }

    /// <summary>The item's first channel among those of a pixel that are fetched.</summary>
    public Value Channel { get; }

    private Value? Stride { get; }

    private Value? Pixels { get; }

    private Value? Channels { get; }

    /// <summary>Pixels that a group fetches at once.</summary>
    public static int PixelsOfPass(int groupSize, int width, int channels) => groupSize * width / channels;

    /// <summary>Sets where the pixels lie.</summary>
    /// <param name="stride">From one pixel to the next, in the type of indices; channels are neighbours.</param>
    /// <param name="firstPixel">The first pixel among those of all images; it may not exist.</param>
    /// <param name="pixels">Pixels of all images.</param>
    /// <param name="firstChannel">The first channel.</param>
    /// <param name="channels">Channels of the images.</param>
    public PixelSource At(Value stride, Value firstPixel, Value pixels, Value firstChannel, Value channels) => new(this, stride, firstPixel, pixels, firstChannel, channels);

    /// <summary>The item's pixel in a pass.</summary>
    public Value Pixel(Value pass) => _pixel + (pass * _pass);

    /// <summary>Reads this work-item's vector of a pass; zeros where there is no such pixel or channel.</summary>
    /// <param name="pass">The pass; beyond the last one nothing is read.</param>
    /// <param name="pixel">Pixels to go on from the first.</param>
    /// <param name="channel">Channels to go on from the first.</param>
    /// <param name="condition">A further condition.</param>
    public Value[] Fetch(Value pass, Value pixel, Value channel, Value? condition = null)
    {
        RegisterType type = _offset.Type;
        Value number = _firstPixel + pixel + (pass * _pass);
        Value exists = number.IsInside(Pixels!) & (_firstChannel + channel < Channels!) & (pass < Passes);
        exists = condition is null ? exists : exists & condition;
        Value index = _offset + (pixel.To(type) * Stride!) + (pass.To(type) * (Stride! * _pass)) + channel.To(type);
        return _carriesWords ? _k.LoadVector(_memory.As(DType.Int32), index >> 1, _width / 2, exists) : _k.LoadVector(_memory, index, _width, exists);
    }
}
