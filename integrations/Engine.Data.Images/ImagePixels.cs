using System.Buffers;
using Engine.Nn;

namespace Engine.Data.Images;

/// <summary>The decoded part of an image, channel by channel, in memory that is given back.</summary>
internal readonly struct ImagePixels : IDisposable
{
    private readonly byte[] _buffer;

    public ImagePixels(Shape shape)
    {
        Shape = shape;
        _buffer = ArrayPool<byte>.Shared.Rent((int)shape.ElementCount);
    }

    /// <summary>The shape of what was decoded.</summary>
    public Shape Shape { get; }

    /// <summary>The rectangle that was asked for, in pixels of what was decoded.</summary>
    public CropRegion Region { get; init; }

    /// <summary>The shape of the whole image in the file.</summary>
    public Shape Whole { get; init; }

    public Span<byte> Span => _buffer.AsSpan(0, (int)Shape.ElementCount);

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
