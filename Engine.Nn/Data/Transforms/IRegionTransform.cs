namespace Engine.Nn;

/// <summary>A rectangle of an image in pixels; its edges may lie between two pixels.</summary>
/// <param name="Top">The distance from the upper edge of the image.</param>
/// <param name="Left">The distance from the left edge.</param>
/// <param name="Height">The extent downwards.</param>
/// <param name="Width">The extent to the right.</param>
public readonly record struct CropRegion(double Top, double Left, double Height, double Width);

/// <summary>A transform that scales a rectangle of an image. A decoder that knows it decodes no more of a file, and no finer, than is used.</summary>
public interface IRegionTransform : IImageTransform
{
    /// <summary>Whether pixels are averaged where an image becomes smaller, so that it may be decoded at a fraction of its size.</summary>
    bool Averages { get; }

    /// <summary>The rectangle that is used of an image. It draws the random numbers that <see cref="IImageTransform.Apply"/> draws.</summary>
    CropRegion Region(Shape image, ref SampleRandom random);

    /// <summary>Scales a rectangle to an output of a given size.</summary>
    /// <param name="source">The pixels, channel by channel.</param>
    /// <param name="image">The shape of the source.</param>
    /// <param name="region">The rectangle, in pixels of the source.</param>
    /// <param name="destination">Where the result goes.</param>
    /// <param name="output">The shape of the result, as many channels as the source.</param>
    void Apply(ReadOnlySpan<byte> source, Shape image, CropRegion region, Span<byte> destination, Shape output);
}
