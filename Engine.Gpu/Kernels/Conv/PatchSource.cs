namespace Engine.Gpu;

/// <summary>Fetches a <see cref="Patch"/>, some channels of it, in passes of the whole group.</summary>
internal sealed class PatchSource
{
    private readonly KernelBuilder _k;
    private readonly PatchProduct _product;
    private readonly Memory _memory;
    private readonly int _width, _pass;
    private readonly bool _carriesWords;
    private readonly Value _pixel, _channel, _firstPixel, _pixels, _channels, _offset, _pixelStride;

    /// <summary>Prepares this work-item's part of a pass.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="product">Where the patch goes.</param>
    /// <param name="kernel">The sizes.</param>
    /// <param name="memory">The images.</param>
    /// <param name="pixelStride">From one pixel to the next, in the type of indices.</param>
    /// <param name="firstPixel">The first pixel of the patch among those of all images; it may not exist.</param>
    /// <param name="pixels">Pixels of all images.</param>
    /// <param name="channels">Channels of the images.</param>
    public PatchSource(KernelBuilder k, PatchProduct product, in PatchCorrelationKernel kernel, Memory memory, Value pixelStride, Value firstPixel, Value pixels, Value channels)
    {
        (_k, _product, _memory, _width) = (k, product, memory, kernel.InWidth);
        (_pixels, _channels, _pixelStride) = (pixels, channels, pixelStride);
        int perPixel = kernel.Tile.BK / _width;
        _pass = kernel.Tile.GroupSize / perPixel;
        Passes = kernel.PatchPixels / _pass;
        _pixel = k.LocalId / perPixel;
        _channel = k.LocalId % perPixel * _width;
        _firstPixel = firstPixel + _pixel;
        _offset = (_firstPixel.To(pixelStride.Type) * pixelStride) + _channel.To(pixelStride.Type);
        _carriesWords = product.CarriesWords(memory.Element, _width);
    }

    /// <summary>Passes that fetch a patch.</summary>
    public int Passes { get; }

    /// <summary>Reads this work-item's vector of a pass; zeros where there is no such pixel or channel.</summary>
    public Value[] Fetch(Value pass, Value channel, Value? condition = null)
    {
        RegisterType type = _offset.Type;
        Value pixel = _firstPixel + (pass * _pass);
        Value exists = (pixel.To(RegisterType.UInt32) < _pixels.To(RegisterType.UInt32)) & (channel + _channel < _channels) & (pass < Passes);
        exists = condition is null ? exists : exists & condition;
        Value index = _offset + (pass.To(type) * (_pixelStride * _pass)) + channel.To(type);
        return _carriesWords ? _k.LoadVector(_memory.As(DType.Int32), index >> 1, _width / 2, exists) : _k.LoadVector(_memory, index, _width, exists);
    }

    /// <summary>Writes what was read to a buffer.</summary>
    public void Write(Value pass, Value[] values, Value buffer) => _product.WritePatch(_pixel + (pass * _pass), _channel, values, buffer, pass < Passes);
}
