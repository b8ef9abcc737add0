using System.Runtime.Intrinsics;

namespace Engine.Nn;

/// <summary>Brightness instead of colours: <c>0.2989·red + 0.587·green + 0.114·blue</c>, cut to whole numbers as torchvision does.</summary>
public sealed class Grayscale : IImageTransform
{
    private readonly int _channels;

    /// <summary>One channel, or three equal ones.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number of channels is neither 1 nor 3.</exception>
    public Grayscale(int channels = 1) =>
        _channels = channels is 1 or 3 ? channels : throw new ArgumentOutOfRangeException(nameof(channels), channels, "A grey image has one channel or three equal ones.");

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => this;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image)
    {
        Luminance.CheckColors(nameof(Grayscale), image);
        return [_channels, image[1], image[2]];
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        int plane = image[1] * image[2];
        Luminance.Of(source, plane, destination[..plane]);
        for (int channel = 1; channel < _channels; channel++)
        {
            destination[..plane].CopyTo(destination[(channel * plane)..]);
        }
    }
}

/// <summary>With probability p, three equal channels of brightness instead of colours.</summary>
public sealed class RandomGrayscale : IImageTransform
{
    private readonly double _probability;

    /// <summary>PyTorch's default is one tenth.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
    public RandomGrayscale(double p = 0.1) => _probability = Hyper.Fraction(p);

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image)
    {
        Luminance.CheckColors(nameof(RandomGrayscale), image);
        return image;
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        bool grey = random.NextDouble() < _probability;
        source.CopyTo(destination);
        int plane = image[1] * image[2];
        for (int channel = 0; grey && channel < image[0]; channel++)
        {
            Luminance.Of(source, plane, destination.Slice(channel * plane, plane));
        }
    }
}

/// <summary>Brightness of colours.</summary>
internal static class Luminance
{
    public static void CheckColors(string owner, Shape image)
    {
        if (image[0] is not (1 or 3))
        {
            throw new ShapeMismatchException($"{owner}: an image {image} has {image[0]} channels; it needs red, green and blue, or one channel. Read images without their opacity.");
        }
    }

    /// <summary>The brightness of one channel is the channel.</summary>
    public static void Of(ReadOnlySpan<byte> source, int plane, Span<byte> destination)
    {
        if (source.Length == plane)
        {
            source.CopyTo(destination);
            return;
        }

        for (int i = 0; i < plane; i += ByteVectors.Width)
        {
            ByteVectors.Store(Of(source, plane, i), destination, i);
        }
    }

    /// <summary>Of eight pixels, not yet cut.</summary>
    public static Vector256<float> Of(ReadOnlySpan<byte> source, int plane, int start) =>
        (Vector256.Create(0.2989f) * ByteVectors.Load(source, start)) + (Vector256.Create(0.587f) * ByteVectors.Load(source, plane + start))
            + (Vector256.Create(0.114f) * ByteVectors.Load(source, (2 * plane) + start));
}
