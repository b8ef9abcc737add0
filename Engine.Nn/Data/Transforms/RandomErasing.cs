namespace Engine.Nn;

/// <summary>With probability p, overwrites a random rectangle of an image (Zhong et al. 2020).</summary>
/// <remarks>It acts on bytes, before normalisation: the mean colour of the data, such as 124, 116, 104 of ImageNet, becomes 0 in the model's input.</remarks>
public sealed class RandomErasing : IImageTransform
{
    private const int Tries = 10;

    private readonly double _probability;
    private readonly (double Min, double Max) _scale, _ratio;
    private readonly byte[]? _values;

    /// <summary>Erases by 0.</summary>
    public RandomErasing(double p = 0.5, (double Min, double Max)? scale = null, (double Min, double Max)? ratio = null)
        : this(p, scale, ratio, [0])
    {
    }

    /// <summary>Erases by the values given.</summary>
    /// <param name="p">The probability.</param>
    /// <param name="scale">The share of the image's area; between 0.02 and 0.33 unless it is given.</param>
    /// <param name="ratio">Height by width of the rectangle; between 0.3 and 3.3 unless it is given.</param>
    /// <param name="values">The value of each channel, or one for all; null writes random bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1], or a range is not one of positive numbers, the area's up to 1.</exception>
    public RandomErasing(double p, (double Min, double Max)? scale, (double Min, double Max)? ratio, byte[]? values)
    {
        _probability = Hyper.Fraction(p);
        _scale = ValueRange.Ordered(scale ?? (0.02, 0.33), nameof(scale), 0, 1);
        _ratio = ValueRange.Positive(ratio ?? (0.3, 3.3), nameof(ratio));
        _values = values is { Length: 0 } ? throw new ArgumentException("RandomErasing: there are no values; one is for all channels, null for random ones.", nameof(values)) : values?.ToArray();
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image) => _values is null || _values.Length == 1 || _values.Length == image[0]
        ? image
        : throw new ShapeMismatchException($"RandomErasing: an image {image} has {image[0]} channels, {_values.Length} values were given; give one for each, or one for all.");

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        bool apply = random.NextDouble() < _probability;
        source.CopyTo(destination);
        (int height, int width) = (image[1], image[2]);
        for (int i = 0; apply && i < Tries; i++)
        {
            double area = (double)height * width * ValueRange.Draw(_scale, ref random), ratio = Math.Exp(ValueRange.Draw((Math.Log(_ratio.Min), Math.Log(_ratio.Max)), ref random));
            double h = Math.Round(Math.Sqrt(area * ratio)), w = Math.Round(Math.Sqrt(area / ratio));
            if (h < height && w < width)
            {
                Erase(destination, image, random.Next(height - (int)h + 1), random.Next(width - (int)w + 1), (int)h, (int)w, ref random);
                return;
            }
        }
    }

    private void Erase(Span<byte> pixels, Shape image, int top, int left, int height, int width, ref SampleRandom random)
    {
        for (int channel = 0; channel < image[0]; channel++)
        {
            for (int y = top; y < top + height; y++)
            {
                Span<byte> row = pixels.Slice((((channel * image[1]) + y) * image[2]) + left, width);
                if (_values is not null)
                {
                    row.Fill(_values[_values.Length == 1 ? 0 : channel]);
                    continue;
                }

                foreach (ref byte pixel in row)
                {
                    pixel = (byte)random.NextUInt64();
                }
            }
        }
    }
}
