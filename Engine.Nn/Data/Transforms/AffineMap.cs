namespace Engine.Nn;

/// <summary>Where each pixel of the output comes from, both measured from the middle of the image: <c>x' = A·x + B·y + C</c>, <c>y' = D·x + E·y + F</c>.</summary>
internal readonly record struct AffineMap(double A, double B, double C, double D, double E, double F)
{
    /// <summary>The inverse of: shear, scale, turn, move, as PyTorch composes them.</summary>
    public static AffineMap Inverse(double degrees, double moveX, double moveY, double scale, double shearX, double shearY)
    {
        double turn = double.DegreesToRadians(degrees), sx = double.DegreesToRadians(shearX), sy = double.DegreesToRadians(shearY);
        double a = Math.Cos(turn - sy) / Math.Cos(sy), c = Math.Sin(turn - sy) / Math.Cos(sy);
        double b = (-a * Math.Tan(sx)) - Math.Sin(turn), d = (-c * Math.Tan(sx)) + Math.Cos(turn);
        (double m0, double m1, double m3, double m4) = (d / scale, -b / scale, -c / scale, a / scale);
        return new AffineMap(m0, m1, -(m0 * moveX) - (m1 * moveY), m3, m4, -(m3 * moveX) - (m4 * moveY));
    }

    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ImageInterpolation interpolation, byte fill)
    {
        (int channels, int height, int width) = (image[0], image[1], image[2]);
        int plane = height * width;
        double middleX = (width - 1) * 0.5, middleY = (height - 1) * 0.5;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double fromX = (A * (x - middleX)) + (B * (y - middleY)) + C + middleX, fromY = (D * (x - middleX)) + (E * (y - middleY)) + F + middleY;
                Span<byte> to = destination[((y * width) + x)..];
                if (interpolation == ImageInterpolation.Nearest)
                {
                    double column = Math.Round(fromX), row = Math.Round(fromY);
                    bool inside = column >= 0 && column < width && row >= 0 && row < height;
                    int from = inside ? ((int)row * width) + (int)column : 0;
                    for (int channel = 0; channel < channels; channel++)
                    {
                        to[channel * plane] = inside ? source[(channel * plane) + from] : fill;
                    }
                }
                else
                {
                    Between(source, to, channels, height, width, fromX, fromY, fill);
                }
            }
        }
    }

    /// <summary>The mean of four pixels, of which those outside have the value for outside.</summary>
    private static void Between(ReadOnlySpan<byte> source, Span<byte> to, int channels, int height, int width, double x, double y, byte fill)
    {
        // Far outside, so that whole numbers do not overflow.
        double left = Math.Floor(Math.Clamp(x, -2, width + 1)), top = Math.Floor(Math.Clamp(y, -2, height + 1));
        int column = (int)left, row = (int)top, plane = height * width;
        float right = (float)(x - left), down = (float)(y - top);
        bool has0 = (uint)column < (uint)width, has1 = (uint)(column + 1) < (uint)width, hasTop = (uint)row < (uint)height, hasBottom = (uint)(row + 1) < (uint)height;
        if (!((has0 || has1) && (hasTop || hasBottom)))
        {
            for (int channel = 0; channel < channels; channel++)
            {
                to[channel * plane] = fill;
            }

            return;
        }

        int at = (row * width) + column;
        for (int channel = 0; channel < channels; channel++, at += plane)
        {
            float p00 = has0 && hasTop ? source[at] : fill, p01 = has1 && hasTop ? source[at + 1] : fill;
            float p10 = has0 && hasBottom ? source[at + width] : fill, p11 = has1 && hasBottom ? source[at + width + 1] : fill;
            float upper = ((1 - right) * p00) + (right * p01), lower = ((1 - right) * p10) + (right * p11);
            to[channel * plane] = (byte)(((1 - down) * upper) + (down * lower) + 0.5f);
        }
    }
}
