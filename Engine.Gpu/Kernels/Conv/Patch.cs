namespace Engine.Gpu;

/// <summary>
/// The stretch of images that the windows over some pixels in a row reach, as one range of pixels: where a result has the size of its image, tap (r, s) of
/// pixel f is pixel f + r·RowStep + s·ColumnStep + First, if it lies inside.
/// </summary>
/// <param name="First">Pixels from a result to its first tap.</param>
/// <param name="RowStep">Pixels from one row of taps to the next.</param>
/// <param name="ColumnStep">1, or −1 where taps run backwards.</param>
/// <param name="Lowest">Pixels from a result to the tap with the lowest address.</param>
/// <param name="Span">Pixels from that tap to the one with the highest address.</param>
internal readonly record struct Patch(int First, int RowStep, int ColumnStep, int Lowest, int Span)
{
    /// <summary>The patch of a correlation; null where windows do not move with their results, or channels are not neighbours.</summary>
    public static Patch? Of(in Correlation c)
    {
        if (c.Groups > 1 || c.Rows.Taps * c.Columns.Taps is 1 or > MostTaps || !Moves(c.Rows) || !Moves(c.Columns)
            || c.Rows.TapStep != c.Columns.TapStep || !ArePixelsEven(c.In) || !ArePixelsEven(c.Out))
        {
            return null;
        }

        return Of(c.Rows, c.Columns);
    }

    /// <summary>The patch of windows that move with their results.</summary>
    public static Patch Of(in WindowAxis rows, in WindowAxis columns)
    {
        int width = columns.Size, direction = columns.TapStep;
        int first = (rows.Origin * width) + columns.Origin, reach = ((rows.Taps - 1) * width) + columns.Taps - 1;
        return new Patch(first, direction * width, direction, direction > 0 ? first : first - reach, reach);
    }

    /// <summary>Taps that an item can remember in one number.</summary>
    private const int MostTaps = 30;

    private static bool Moves(in WindowAxis axis) =>
        axis.Count == axis.Size && axis.Step == 1 && Math.Abs(axis.TapStep) == 1 && (axis.OutOrigin, axis.OutStep) == (0, 1);

    /// <summary>Whether the pixels of all images follow one another at one distance, and their channels are neighbours.</summary>
    public static bool ArePixelsEven(in Operand images)
    {
        // Axes of size 1 have no say, but one number is the distance of all pixels.
        ReadOnlySpan<long> strides = images.Layout.Strides;
        Shape shape = images.Shape;
        long pixel = strides[3];
        return strides[1] == 1 && pixel >= shape[1] && (long)shape[0] * shape[2] * shape[3] <= int.MaxValue
            && (shape[2] == 1 || strides[2] == pixel * shape[3]) && (shape[0] == 1 || strides[0] == pixel * shape[3] * shape[2]);
    }
}
