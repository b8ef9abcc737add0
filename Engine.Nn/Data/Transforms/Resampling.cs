using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Nn;

/// <summary>How pixels between pixels are found.</summary>
public enum ImageInterpolation
{
    /// <summary>The nearest pixel.</summary>
    Nearest,

    /// <summary>A weighted mean of the neighbours; of all pixels that a pixel of the output covers, where an image becomes smaller.</summary>
    Bilinear,
}

/// <summary>Scales a rectangle of an image.</summary>
/// <remarks>
/// Eight rows of the output at a time. Their pixels are first weighted downwards, eight columns in a vector, into a strip in which the eight rows of a column lie
/// side by side; then across, eight rows in a vector. So both sums run over whole vectors and nothing is gathered.
/// </remarks>
internal static class Resampling
{
    private const int Width = ByteVectors.Width;

    public static ImageInterpolation Known(ImageInterpolation interpolation) => interpolation is ImageInterpolation.Nearest or ImageInterpolation.Bilinear
        ? interpolation
        : throw new ArgumentOutOfRangeException(nameof(interpolation), interpolation, "Images are interpolated by the nearest pixel or bilinearly.");

    public static void Apply(ImageInterpolation interpolation, ReadOnlySpan<byte> source, Shape image, in CropRegion region, Span<byte> destination, Shape output)
    {
        (int height, int width, int outHeight, int outWidth) = (image[1], image[2], output[1], output[2]);
        bool same = region == new CropRegion(0, 0, outHeight, outWidth) && height == outHeight && width == outWidth;
        if (same)
        {
            source.CopyTo(destination);
        }
        else if (interpolation == ImageInterpolation.Nearest)
        {
            Nearest(source, image, region, destination, output);
        }
        else
        {
            ResampleAxis rows = ResampleAxis.Bilinear(region.Top, region.Height, height, outHeight), columns = ResampleAxis.Bilinear(region.Left, region.Width, width, outWidth);
            float[] strip = ArrayPool<float>.Shared.Rent((columns.Last - columns.First + Width) * Width);
            for (int channel = 0; channel < image[0]; channel++)
            {
                Plane(source.Slice(channel * height * width, height * width), width, rows, columns, destination.Slice(channel * outHeight * outWidth, outHeight * outWidth), outWidth, strip);
            }

            ArrayPool<float>.Shared.Return(strip);
        }
    }

    private static void Nearest(ReadOnlySpan<byte> source, Shape image, in CropRegion region, Span<byte> destination, Shape output)
    {
        int[] rows = ResampleAxis.Nearest(region.Top, region.Height, image[1], output[1]), columns = ResampleAxis.Nearest(region.Left, region.Width, image[2], output[2]);
        int to = 0;
        for (int channel = 0; channel < image[0]; channel++)
        {
            foreach (int row in rows)
            {
                ReadOnlySpan<byte> from = source.Slice(((channel * image[1]) + row) * image[2], image[2]);
                foreach (int column in columns)
                {
                    destination[to++] = from[column];
                }
            }
        }
    }

    private static void Plane(ReadOnlySpan<byte> source, int width, in ResampleAxis rows, in ResampleAxis columns, Span<byte> destination, int outWidth, Span<float> strip)
    {
        int outHeight = rows.Starts.Length;
        for (int row = 0; row < outHeight; row += Width)
        {
            Down(source, width, rows, row, columns.First, columns.Last, strip);
            Across(strip, columns, destination, outWidth, row, Math.Min(Width, outHeight - row));
        }
    }

    /// <summary>Eight rows of the output, of which the last is repeated where there are not so many.</summary>
    private static void Down(ReadOnlySpan<byte> source, int width, in ResampleAxis rows, int row, int first, int last, Span<float> strip)
    {
        for (int x = first; x < last; x += Width)
        {
            Vector256<float> a = Sum(source, width, rows, row, x), b = Sum(source, width, rows, row + 1, x), c = Sum(source, width, rows, row + 2, x), d = Sum(source, width, rows, row + 3, x);
            Vector256<float> e = Sum(source, width, rows, row + 4, x), f = Sum(source, width, rows, row + 5, x), g = Sum(source, width, rows, row + 6, x), h = Sum(source, width, rows, row + 7, x);
            ByteVectors.Transpose(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
            Span<float> to = strip.Slice((x - first) * Width, Width * Width);
            a.CopyTo(to);
            b.CopyTo(to[8..]);
            c.CopyTo(to[16..]);
            d.CopyTo(to[24..]);
            e.CopyTo(to[32..]);
            f.CopyTo(to[40..]);
            g.CopyTo(to[48..]);
            h.CopyTo(to[56..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Sum(ReadOnlySpan<byte> source, int width, in ResampleAxis rows, int row, int x)
    {
        row = Math.Min(row, rows.Starts.Length - 1);
        ReadOnlySpan<float> weights = rows.Weights.AsSpan(row * rows.Taps, rows.Taps);
        int from = (rows.Starts[row] * width) + x;
        Vector256<float> sum = Vector256<float>.Zero;
        foreach (float weight in weights)
        {
            sum += Vector256.Create(weight) * ByteVectors.Load(source, from);
            from += width;
        }

        return sum;
    }

    private static void Across(ReadOnlySpan<float> strip, in ResampleAxis columns, Span<byte> destination, int outWidth, int row, int count)
    {
        for (int x = 0; x < outWidth; x += Width)
        {
            Vector256<float> a = Sum(strip, columns, x), b = Sum(strip, columns, x + 1), c = Sum(strip, columns, x + 2), d = Sum(strip, columns, x + 3);
            Vector256<float> e = Sum(strip, columns, x + 4), f = Sum(strip, columns, x + 5), g = Sum(strip, columns, x + 6), h = Sum(strip, columns, x + 7);
            ByteVectors.Transpose(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
            Store(a, destination, outWidth, row, 0, count, x);
            Store(b, destination, outWidth, row, 1, count, x);
            Store(c, destination, outWidth, row, 2, count, x);
            Store(d, destination, outWidth, row, 3, count, x);
            Store(e, destination, outWidth, row, 4, count, x);
            Store(f, destination, outWidth, row, 5, count, x);
            Store(g, destination, outWidth, row, 6, count, x);
            Store(h, destination, outWidth, row, 7, count, x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Sum(ReadOnlySpan<float> strip, in ResampleAxis columns, int x)
    {
        x = Math.Min(x, columns.Starts.Length - 1);
        ReadOnlySpan<float> weights = columns.Weights.AsSpan(x * columns.Taps, columns.Taps);
        ReadOnlySpan<float> pixels = strip.Slice((columns.Starts[x] - columns.First) * Width, weights.Length * Width);
        Vector256<float> sum = Vector256<float>.Zero;
        for (int i = 0; i < weights.Length; i++)
        {
            sum += Vector256.Create(weights[i]) * Vector256.Create(pixels.Slice(i * Width, Width));
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> values, Span<byte> destination, int outWidth, int row, int of, int count, int x)
    {
        if (of < count)
        {
            ByteVectors.Store(values + Vector256.Create(0.5f), destination.Slice((row + of) * outWidth, outWidth), x);
        }
    }
}
