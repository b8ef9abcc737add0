namespace Engine.Nn;

/// <summary>Whether the memory that a transform is given is that of the shapes that it is told.</summary>
internal static class ImageSpans
{
    /// <summary>Throws where source and destination are not as long as the images in them.</summary>
    public static void Check(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, Shape output)
    {
        Check(source.Length, image, nameof(source));
        Check(destination.Length, output, nameof(destination));
    }

    /// <summary>Throws also where the region does not lie within the image.</summary>
    public static void Check(ReadOnlySpan<byte> source, Shape image, CropRegion region, Span<byte> destination, Shape output)
    {
        Check(source, destination, image, output);
        if (!Holds(region.Top, region.Height, image[1]) || !Holds(region.Left, region.Width, image[2]))
        {
            throw new ArgumentOutOfRangeException(nameof(region), $"The region {region} does not lie within the image, {image}.");
        }
    }

    // A decoder that scales gives edges that are rounded.
    private static bool Holds(double start, double length, int size) => start >= 0 && length >= 0 && start + length <= size * (1 + 1e-9);

    private static void Check(int length, Shape shape, string name)
    {
        if (shape.Rank != 3)
        {
            throw new ShapeMismatchException($"{shape} is no shape of an image; that is [channels, height, width].");
        }

        if (length != shape.ElementCount)
        {
            throw new ArgumentException($"There are {length} bytes; an image of {shape} has {shape.ElementCount}.", name);
        }
    }
}
