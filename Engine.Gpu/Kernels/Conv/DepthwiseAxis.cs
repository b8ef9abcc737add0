namespace Engine.Gpu;

/// <summary>One direction of a convolution whose taps a kernel knows: which taps of which results of a tile each element of the image counts for.</summary>
/// <param name="Taps">Taps of the filter.</param>
/// <param name="Stride">Stride of the convolution.</param>
/// <param name="Dilation">Distance of its taps.</param>
/// <param name="Pad">Zeros before the image.</param>
/// <param name="IsBackward">Whether results are the gradient to the images, and the image the gradient of the convolution's result.</param>
/// <param name="Tile">Results that a work-item takes; a multiple of the stride where the direction is backward, so that all tiles are alike.</param>
internal readonly record struct DepthwiseAxis(int Taps, int Stride, int Dilation, int Pad, bool IsBackward, int Tile)
{
    /// <summary>Elements of the image from one tile to the next.</summary>
    public int Step => IsBackward ? Tile / Stride : Tile * Stride;

    /// <summary>The element of the image from which a tile's are counted, for the first tile.</summary>
    public int Start => IsBackward ? 0 : -Pad;

    /// <summary>The first and the last element that a tile reads, counted from its start.</summary>
    public (int First, int Last) Reach
    {
        get
        {
            (int first, int last) = (int.MaxValue, int.MinValue);
            for (int result = 0; result < Tile; result++)
            {
                for (int tap = 0; tap < Taps; tap++)
                {
                    if (Source(result, tap) is { } source)
                    {
                        (first, last) = (Math.Min(first, source), Math.Max(last, source));
                    }
                }
            }

            return (first, last);
        }
    }

    /// <summary>The results that an element of the image counts for, and the tap that it meets there.</summary>
    public IEnumerable<(int Result, int Tap)> Uses(int source)
    {
        for (int result = 0; result < Tile; result++)
        {
            for (int tap = 0; tap < Taps; tap++)
            {
                if (Source(result, tap) == source)
                {
                    yield return (result, tap);
                }
            }
        }
    }

    private int? Source(int result, int tap)
    {
        if (!IsBackward)
        {
            return (result * Stride) + (tap * Dilation);
        }

        int distance = result + Pad - (tap * Dilation);
        return distance % Stride == 0 ? distance / Stride : null;
    }
}
