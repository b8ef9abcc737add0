namespace Engine.Nn;

/// <summary>Which pixels of an axis each pixel of the output is made of, and with which weights: as many for each, the last ones with weight 0.</summary>
internal readonly struct ResampleAxis
{
    private ResampleAxis(int[] starts, float[] weights, int taps, int first, int last) => (Starts, Weights, Taps, First, Last) = (starts, weights, taps, first, last);

    /// <summary>The first pixel of each sum.</summary>
    public int[] Starts { get; }

    /// <summary>[output, tap].</summary>
    public float[] Weights { get; }

    public int Taps { get; }

    /// <summary>The first pixel that is used at all.</summary>
    public int First { get; }

    /// <summary>The one behind the last that is used.</summary>
    public int Last { get; }

    /// <summary>
    /// A triangle around the middle of each output pixel, as wide as that pixel where the image becomes smaller, so that every pixel counts, and one pixel to each
    /// side where it becomes larger: PIL's and torchvision's bilinear filter with antialiasing. The weights of pixels outside are shared out among the others.
    /// </summary>
    /// <param name="start">Where the part that is used begins.</param>
    /// <param name="extent">Its length.</param>
    /// <param name="size">Pixels of the axis.</param>
    /// <param name="outputs">Pixels of the output.</param>
    public static ResampleAxis Bilinear(double start, double extent, int size, int outputs)
    {
        int low = Math.Clamp((int)Math.Floor(start), 0, size - 1), high = Math.Clamp((int)Math.Ceiling(start + extent), low + 1, size);
        double scale = extent / outputs, radius = Math.Max(1, scale), slope = 1 / radius;
        int taps = Math.Min((int)Math.Ceiling(2 * radius) + 1, high - low);
        int[] starts = new int[outputs];
        float[] weights = new float[outputs * taps];
        for (int i = 0; i < outputs; i++)
        {
            double center = start + (scale * (i + 0.5));
            int from = Math.Clamp((int)Math.Floor(center - radius + 0.5), low, high - 1), to = Math.Clamp((int)Math.Floor(center + radius + 0.5), from + 1, high);

            // So far that all taps lie inside.
            from = Math.Min(from, high - taps);
            double sum = 0;
            for (int j = 0; j < taps; j++)
            {
                sum += Weight(from + j, center, slope, to);
            }

            starts[i] = from;
            for (int j = 0; j < taps; j++)
            {
                weights[(i * taps) + j] = sum > 0 ? (float)(Weight(from + j, center, slope, to) / sum) : j == 0 ? 1 : 0;
            }
        }

        return new ResampleAxis(starts, weights, taps, starts.Min(), starts.Max() + taps);
    }

    /// <summary>The pixel under the middle of each output pixel, as PIL chooses it.</summary>
    public static int[] Nearest(double start, double extent, int size, int outputs)
    {
        int[] pixels = new int[outputs];
        for (int i = 0; i < outputs; i++)
        {
            pixels[i] = Math.Clamp((int)Math.Floor(start + ((i + 0.5) * extent / outputs)), 0, size - 1);
        }

        return pixels;
    }

    private static double Weight(int pixel, double center, double slope, int end) => pixel < end ? Math.Max(0, 1 - (Math.Abs(pixel - center + 0.5) * slope)) : 0;
}
