using System.Runtime.Intrinsics;

namespace Engine.Nn;

/// <summary>Changes of colours in place, in float32 and cut to bytes as torchvision computes them.</summary>
internal static class ColorOps
{
    private static readonly Vector256<float> s_zero = Vector256<float>.Zero, s_most = Vector256.Create(255f), s_one = Vector256<float>.One;

    /// <summary><c>x·factor + value·(1 − factor)</c>: towards a value below 1, away from it above.</summary>
    public static void Blend(Span<byte> pixels, float value, double factor)
    {
        Span<byte> table = stackalloc byte[256];
        float own = (float)factor, other = (float)(1 - factor) * value;
        for (int x = 0; x < table.Length; x++)
        {
            table[x] = (byte)Math.Clamp((own * x) + other, 0, 255);
        }

        Look(pixels, table);
    }

    /// <summary>Each byte by a table.</summary>
    public static void Look(Span<byte> pixels, ReadOnlySpan<byte> table)
    {
        table = table[..256];
        foreach (ref byte pixel in pixels)
        {
            pixel = table[pixel];
        }
    }

    /// <summary>The mean of the brightness of all pixels, each cut to a byte.</summary>
    public static float MeanLuminance(ReadOnlySpan<byte> pixels, int plane)
    {
        Span<byte> eight = stackalloc byte[ByteVectors.Width];
        long sum = 0;
        for (int i = 0; i < plane; i += ByteVectors.Width)
        {
            int count = Math.Min(eight.Length, plane - i);
            if (pixels.Length > plane)
            {
                ByteVectors.Store(Luminance.Of(pixels, plane, i), eight, 0);
            }
            else
            {
                pixels.Slice(i, count).CopyTo(eight);
            }

            foreach (byte one in eight[..count])
            {
                sum += one;
            }
        }

        return (float)((double)sum / plane);
    }

    /// <summary>Blends colours with their brightness.</summary>
    public static void Saturate(Span<byte> pixels, int plane, double factor)
    {
        Vector256<float> own = Vector256.Create((float)factor), other = Vector256.Create((float)(1 - factor));
        Span<byte> red = pixels[..plane], green = pixels.Slice(plane, plane), blue = pixels.Slice(2 * plane, plane);
        for (int i = 0; i < plane; i += ByteVectors.Width)
        {
            Vector256<float> grey = Vector256.Truncate(Luminance.Of(pixels, plane, i)) * other;
            Vector256<float> r = ByteVectors.Load(red, i), g = ByteVectors.Load(green, i), b = ByteVectors.Load(blue, i);
            ByteVectors.Store(Byte((own * r) + grey), red, i);
            ByteVectors.Store(Byte((own * g) + grey), green, i);
            ByteVectors.Store(Byte((own * b) + grey), blue, i);
        }
    }

    /// <summary>Turns colours around the circle of hues by a share of it: to hue, saturation and value and back (Smith 1978).</summary>
    public static void TurnHue(Span<byte> pixels, int plane, double turn)
    {
        Vector256<float> scale = Vector256.Create(255f), six = Vector256.Create(6f), by = Vector256.Create((float)turn), back = Vector256.Create(256 - 1e-3f);
        Span<byte> red = pixels[..plane], green = pixels.Slice(plane, plane), blue = pixels.Slice(2 * plane, plane);
        for (int i = 0; i < plane; i += ByteVectors.Width)
        {
            Vector256<float> r = ByteVectors.Load(red, i) / scale, g = ByteVectors.Load(green, i) / scale, b = ByteVectors.Load(blue, i) / scale;
            Vector256<float> most = Vector256.Max(Vector256.Max(r, g), b), range = most - Vector256.Min(Vector256.Min(r, g), b);
            Vector256<float> grey = Vector256.Equals(range, s_zero), divisor = Vector256.ConditionalSelect(grey, s_one, range);
            Vector256<float> saturation = range / Vector256.ConditionalSelect(grey, s_one, most);
            Vector256<float> fromRed = (most - r) / divisor, fromGreen = (most - g) / divisor, fromBlue = (most - b) / divisor;
            Vector256<float> sector = Vector256.ConditionalSelect(
                Vector256.Equals(most, r),
                fromBlue - fromGreen,
                Vector256.ConditionalSelect(Vector256.Equals(most, g), Vector256.Create(2f) + fromRed - fromBlue, Vector256.Create(4f) + fromGreen - fromRed));
            Vector256<float> hue = Fraction(Fraction((sector / six) + s_one) + by) * six;
            Vector256<float> whole = Vector256.Floor(hue), part = hue - whole;
            Vector256<float> p = Unit(most * (s_one - saturation)), q = Unit(most * (s_one - (saturation * part))), t = Unit(most * (s_one - (saturation * (s_one - part))));

            // The hue may have been rounded up to the whole circle.
            whole = Vector256.ConditionalSelect(Vector256.Equals(whole, six), s_zero, whole);
            ByteVectors.Store(Pick(whole, most, q, p, p, t, most) * back, red, i);
            ByteVectors.Store(Pick(whole, t, most, most, q, p, p) * back, green, i);
            ByteVectors.Store(Pick(whole, p, p, t, most, most, q) * back, blue, i);
        }
    }

    private static Vector256<float> Byte(Vector256<float> value) => Vector256.Min(Vector256.Max(value, s_zero), s_most);

    private static Vector256<float> Unit(Vector256<float> value) => Vector256.Min(Vector256.Max(value, s_zero), s_one);

    private static Vector256<float> Fraction(Vector256<float> value) => value - Vector256.Floor(value);

    private static Vector256<float> Pick(
        Vector256<float> sector, Vector256<float> of0, Vector256<float> of1, Vector256<float> of2, Vector256<float> of3, Vector256<float> of4, Vector256<float> of5)
    {
        Vector256<float> picked = Vector256.ConditionalSelect(Vector256.Equals(sector, Vector256.Create(4f)), of4, of5);
        picked = Vector256.ConditionalSelect(Vector256.Equals(sector, Vector256.Create(3f)), of3, picked);
        picked = Vector256.ConditionalSelect(Vector256.Equals(sector, Vector256.Create(2f)), of2, picked);
        picked = Vector256.ConditionalSelect(Vector256.Equals(sector, s_one), of1, picked);
        return Vector256.ConditionalSelect(Vector256.Equals(sector, s_zero), of0, picked);
    }
}
