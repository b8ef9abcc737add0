using Engine.Nn;

namespace Engine.Data.Images;

/// <summary>An image in memory, channel by channel.</summary>
/// <param name="pixels">The bytes, [channels, height, width].</param>
/// <param name="shape">The shape.</param>
public sealed class DecodedImage(byte[] pixels, Shape shape)
{
    private readonly byte[] _pixels = pixels is null ? throw new ArgumentNullException(nameof(pixels))
        : pixels.Length == shape.ElementCount && shape.Rank == 3 ? pixels
        : throw new ArgumentException($"An image is [channels, height, width]; {pixels.Length:N0} bytes are not {shape}.", nameof(pixels));

    /// <summary>[channels, height, width].</summary>
    public Shape Shape => shape;

    /// <summary>The height in pixels.</summary>
    public int Height => shape[1];

    /// <summary>The width in pixels.</summary>
    public int Width => shape[2];

    /// <summary>The bytes, channel by channel, row by row.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    /// <summary>The image changed by a transform, whose random numbers follow from a seed.</summary>
    public DecodedImage Apply(IImageTransform transform, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(transform);
        Shape output = transform.OutputShape(Shape);
        byte[] changed = new byte[output.ElementCount];
        SampleRandom random = new((ulong)seed, 0);
        transform.Apply(_pixels, changed, Shape, ref random);
        return new DecodedImage(changed, output);
    }

    /// <summary>Writes the image in the format of the path's extension: .png, .jpg, .jpeg or .webp.</summary>
    /// <inheritdoc cref="ImageEncoder.Save" path="/*[not(self::summary) and not(self::param)]"/>
    /// <param name="path">The file; missing folders are made.</param>
    /// <param name="quality">From 0 to 100, of the formats with loss.</param>
    public void Save(string path, int quality = 90)
    {
        using Tensor image = ToTensor(Device.Cpu);
        ImageEncoder.Save(path, image, quality);
    }

    /// <summary>The bytes as a tensor in uint8, [channels, height, width].</summary>
    public Tensor ToTensor(Device? device = null) => Tensor.From<byte>(_pixels, Shape, device);

    /// <summary>The image as a batch of one in float32, [1, channels, height, width].</summary>
    /// <param name="normalization">How bytes become numbers; to [0, 1] if null.</param>
    /// <param name="device">Where the tensor shall be.</param>
    public Tensor ToInput(PixelNormalization? normalization = null, Device? device = null)
    {
        float[] numbers = new float[_pixels.Length];
        (normalization ?? PixelNormalization.None).Apply(_pixels, numbers, Shape[0]);
        return Tensor.From<float>(numbers, [1, .. Shape.AsSpan()], device);
    }
}
