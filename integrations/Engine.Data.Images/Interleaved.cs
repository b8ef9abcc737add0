using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SkiaSharp;

namespace Engine.Data.Images;

/// <summary>From pixels of four bytes, as Skia writes them, to one plane for each channel.</summary>
internal static class Interleaved
{
    /// <summary>Whether rows of the file are columns of the image.</summary>
    public static bool IsTransposed(SKEncodedOrigin origin) => origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;

    /// <summary>Copies a rectangle of an image.</summary>
    /// <param name="source">Red, green, blue and opacity of each pixel, in the order of the file.</param>
    /// <param name="width">Pixels of a row of the file.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="origin">Where the file begins in the image.</param>
    /// <param name="colors">The channels to copy.</param>
    /// <param name="top">The first row of the rectangle, in the image as it is seen.</param>
    /// <param name="left">Its first column.</param>
    /// <param name="shape">[channels, height, width] of the rectangle.</param>
    /// <param name="destination">Where it goes.</param>
    public static void Separate(
        ReadOnlySpan<byte> source, int width, int height, SKEncodedOrigin origin, ImageColors colors, int top, int left, Shape shape, Span<byte> destination)
    {
        // Where a pixel of the image lies in the file: the first one, and the way to the next in a row and in a column.
        (int start, int next, int below) = origin switch
        {
            SKEncodedOrigin.TopRight => (width - 1, -1, width),
            SKEncodedOrigin.BottomRight => ((height * width) - 1, -1, -width),
            SKEncodedOrigin.BottomLeft => ((height - 1) * width, 1, -width),
            SKEncodedOrigin.LeftTop => (0, width, 1),
            SKEncodedOrigin.RightTop => ((height - 1) * width, -width, 1),
            SKEncodedOrigin.RightBottom => ((height * width) - 1, -width, -1),
            SKEncodedOrigin.LeftBottom => (width - 1, width, -1),
            _ => (0, 1, width),
        };
        int rows = shape[1], columns = shape[2], plane = rows * columns;
        for (int y = 0; y < rows; y++)
        {
            int from = 4 * (start + ((top + y) * below) + (left * next)), to = y * columns, x = 0;
            if (colors == ImageColors.Rgb && next == 1)
            {
                x = Four(source.Slice(from, 4 * columns), destination, to, plane);
            }

            for (; x < columns; x++)
            {
                int pixel = from + (4 * next * x);
                if (colors == ImageColors.Gray)
                {
                    destination[to + x] = (byte)(((19595 * source[pixel]) + (38470 * source[pixel + 1]) + (7471 * source[pixel + 2]) + 0x8000) >> 16);
                    continue;
                }

                for (int channel = 0; channel < (int)colors; channel++)
                {
                    destination[(channel * plane) + to + x] = source[pixel + channel];
                }
            }
        }
    }

    /// <summary>Four pixels of a row at a time, as many as there are; the number of pixels done.</summary>
    private static int Four(ReadOnlySpan<byte> row, Span<byte> destination, int to, int plane)
    {
        Vector128<byte> order = Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        int x = 0;
        for (; 4 * (x + 4) <= row.Length; x += 4)
        {
            Vector128<uint> planes = Vector128.Shuffle(Vector128.Create(row.Slice(4 * x, 16)), order).AsUInt32();
            Write(destination, to + x, planes[0]);
            Write(destination, plane + to + x, planes[1]);
            Write(destination, (2 * plane) + to + x, planes[2]);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Span<byte> destination, int at, uint four) => Unsafe.WriteUnaligned(ref destination.Slice(at, 4)[0], four);
}
