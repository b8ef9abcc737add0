namespace Engine.Nn;

/// <summary>With probability p, overwrites a random rectangle of an image (Zhong et al. 2020).</summary>
/// <remarks>
/// On bytes it acts before normalisation: the mean colour of the data, such as 124, 116, 104 of ImageNet, becomes 0 in the model's input. Floating-point images are erased by the values as they are, or by
/// normal random numbers.
/// </remarks>
public sealed class RandomErasing : IImageTransform, ITensorTransform
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
    public Tensor Apply(Tensor images, ref SampleRandom random)
    {
        Tensor batch = ImageTensors.Batched(nameof(RandomErasing), images);
        Shape image = OutputShape(ImageTensors.ImageShape(batch));
        (int count, int plane) = (batch.Shape[0], image[1] * image[2]);
        byte[] inside = new byte[(long)count * plane];
        float[] noise = _values is null ? new float[batch.ElementCount] : [];
        for (int i = 0; i < count; i++)
        {
            if (!Draw(image, ref random, out int top, out int left, out int height, out int width))
            {
                continue;
            }

            for (int y = top; y < top + height; y++)
            {
                inside.AsSpan((i * plane) + (y * image[2]) + left, width).Fill(1);
            }

            for (int channel = 0; _values is null && channel < image[0]; channel++)
            {
                for (int y = top; y < top + height; y++)
                {
                    foreach (ref float value in noise.AsSpan((((i * image[0]) + channel) * plane) + (y * image[2]) + left, width))
                    {
                        value = (float)random.NextNormal();
                    }
                }
            }
        }

        Tensor mask = Tensor.From<byte>(inside, [count, 1, image[1], image[2]], batch.Device).To(DType.Bool);
        Tensor values = _values is null
            ? Tensor.From<float>(noise, batch.Shape, batch.Device)
            : Tensor.From<float>([.. _values.Select(static v => (float)v)], [1, _values.Length, 1, 1], batch.Device);
        return ImageTensors.Unbatched(Tensor.Where(mask, values.To(batch.DType), batch), images);
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        source.CopyTo(destination);
        if (Draw(image, ref random, out int top, out int left, out int height, out int width))
        {
            Erase(destination, image, top, left, height, width, ref random);
        }
    }

    /// <summary>What is erased; false where nothing is.</summary>
    private bool Draw(Shape image, ref SampleRandom random, out int top, out int left, out int erasedHeight, out int erasedWidth)
    {
        (top, left, erasedHeight, erasedWidth) = (0, 0, 0, 0);
        bool apply = random.NextDouble() < _probability;
        (int height, int width) = (image[1], image[2]);
        for (int i = 0; apply && i < Tries; i++)
        {
            double area = (double)height * width * ValueRange.Draw(_scale, ref random), ratio = Math.Exp(ValueRange.Draw((Math.Log(_ratio.Min), Math.Log(_ratio.Max)), ref random));
            double h = Math.Round(Math.Sqrt(area * ratio)), w = Math.Round(Math.Sqrt(area / ratio));
            if (h < height && w < width)
            {
                (erasedHeight, erasedWidth) = ((int)h, (int)w);
                top = random.Next(height - erasedHeight + 1);
                left = random.Next(width - erasedWidth + 1);
                return true;
            }
        }

        return false;
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
