using System.Buffers;
using System.Runtime.Intrinsics;

namespace Engine.Nn;

/// <summary>Blurs by a Gaussian whose deviation is drawn for each image; the image is mirrored at its edges.</summary>
public sealed class GaussianBlur : IImageTransform
{
    private readonly int _size;
    private readonly (double Min, double Max) _sigma;

    /// <summary>A kernel of so many pixels each way.</summary>
    /// <param name="kernelSize">The side of the kernel, odd.</param>
    /// <param name="sigma">The range of the deviation in pixels; 0.1 to 2 unless it is given. Of one number it is no augmentation and also made in validation.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not odd and positive, or the deviations are not positive.</exception>
    public GaussianBlur(int kernelSize, (double Min, double Max)? sigma = null)
    {
        _size = kernelSize > 0 && kernelSize % 2 == 1 ? kernelSize : throw new ArgumentOutOfRangeException(nameof(kernelSize), kernelSize, "The side of a blur's kernel is odd and positive.");
        _sigma = ValueRange.Positive(sigma ?? (0.1, 2), nameof(sigma));
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => _sigma.Min == _sigma.Max ? this : Compose.Nothing;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image)
    {
        ImageBorder.Check(nameof(GaussianBlur), image, _size / 2, _size / 2, ImagePadding.Reflect);
        return image;
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        double sigma = _sigma.Min == _sigma.Max ? _sigma.Min : ValueRange.Draw(_sigma, ref random);
        float[] kernel = Kernel(sigma);
        (int height, int width, int half) = (image[1], image[2], _size / 2);
        int padded = width + (2 * half), stride = padded + ByteVectors.Width;
        float[] line = ArrayPool<float>.Shared.Rent(stride);
        byte[] framed = ArrayPool<byte>.Shared.Rent((height + (2 * half)) * padded);
        for (int channel = 0; channel < image[0]; channel++)
        {
            Span<byte> frame = framed.AsSpan(0, (height + (2 * half)) * padded);
            ImageBorder.Cut(source.Slice(channel * height * width, height * width), [1, height, width], frame, height + (2 * half), padded, -half, -half, ImagePadding.Reflect, 0);
            for (int y = 0; y < height; y++)
            {
                Row(frame[(y * padded)..], padded, kernel, line, destination.Slice(((channel * height) + y) * width, width));
            }
        }

        ArrayPool<float>.Shared.Return(line);
        ArrayPool<byte>.Shared.Return(framed);
    }

    /// <summary>One row: the sums downwards of all its columns, then the sums across.</summary>
    private static void Row(ReadOnlySpan<byte> frame, int padded, float[] kernel, Span<float> line, Span<byte> destination)
    {
        for (int x = 0; x < padded; x += ByteVectors.Width)
        {
            Vector256<float> sum = Vector256<float>.Zero;
            for (int i = 0; i < kernel.Length; i++)
            {
                sum += Vector256.Create(kernel[i]) * ByteVectors.Load(frame, (i * padded) + x);
            }

            sum.CopyTo(line[x..]);
        }

        for (int x = 0; x < destination.Length; x += ByteVectors.Width)
        {
            Vector256<float> sum = Vector256.Create(0.5f);
            for (int i = 0; i < kernel.Length; i++)
            {
                sum += Vector256.Create(kernel[i]) * Vector256.Create<float>(line.Slice(x + i, ByteVectors.Width));
            }

            ByteVectors.Store(sum, destination, x);
        }
    }

    private float[] Kernel(double sigma)
    {
        double[] weights = [.. Enumerable.Range(0, _size).Select(i => Math.Exp(-0.5 * Math.Pow((i - (_size / 2)) / sigma, 2)))];
        double sum = weights.Sum();
        return Array.ConvertAll(weights, weight => (float)(weight / sum));
    }
}

/// <summary>With probability p, blends an image with a smoothed one: sharper with a factor above 1, softer below.</summary>
public sealed class RandomAdjustSharpness : IImageTransform
{
    private readonly double _probability;
    private readonly double _factor;

    /// <summary>PyTorch's default probability is one half.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The factor is negative, or the probability outside [0, 1].</exception>
    public RandomAdjustSharpness(double sharpnessFactor, double p = 0.5) => (_factor, _probability) = (Hyper.NotNegative(sharpnessFactor), Hyper.Fraction(p));

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, image);
        bool apply = random.NextDouble() < _probability;
        source.CopyTo(destination);
        (int height, int width) = (image[1], image[2]);
        for (int row = 0; apply && row < image[0] * height; row++)
        {
            if (row % height > 0 && row % height < height - 1)
            {
                ReadOnlySpan<byte> above = source.Slice((row - 1) * width, width), here = source.Slice(row * width, width), below = source.Slice((row + 1) * width, width);
                for (int x = 1; x < width - 1; x++)
                {
                    int sum = above[x - 1] + above[x] + above[x + 1] + here[x - 1] + (5 * here[x]) + here[x + 1] + below[x - 1] + below[x] + below[x + 1];
                    float smooth = MathF.Round(sum / 13f);
                    destination[(row * width) + x] = (byte)Math.Clamp(((float)_factor * here[x]) + ((float)(1 - _factor) * smooth), 0, 255);
                }
            }
        }
    }
}
