using Engine.Nn;
using SkiaSharp;

namespace Engine.Data.Images.Tests;

/// <summary>Picture files that are made here.</summary>
internal static class Pictures
{
    /// <summary>Waves with noise, as compressible as a photograph.</summary>
    public static byte[] File(int height, int width, SKEncodedImageFormat format = SKEncodedImageFormat.Jpeg, int quality = 90, int seed = 0, double noise = 8)
    {
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        SampleRandom random = new((ulong)seed, 1);
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int i = 0; i < height * width; i++)
        {
            (int y, int x) = (i / width, i % width);
            for (int channel = 0; channel < 3; channel++)
            {
                double value = 127 + (70 * Math.Sin((x / (9.0 + channel)) + seed) * Math.Cos(y / (13.0 - channel))) + (30 * Math.Sin((x + (2 * y)) / 3.7)) + (noise * ((2 * random.NextDouble()) - 1));
                pixels[(4 * i) + channel] = (byte)Math.Clamp(value, 0, 255);
            }

            pixels[(4 * i) + 3] = 255;
        }

        using SKData data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    /// <summary>One colour all over, in a file without loss.</summary>
    public static byte[] Plain(int height, int width, byte red, byte green, byte blue)
    {
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(red, green, blue));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
