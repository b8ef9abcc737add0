namespace Engine.Nn;

/// <summary>What lies outside of an image where it is padded.</summary>
public enum ImagePadding
{
    /// <summary>One value.</summary>
    Constant,

    /// <summary>The nearest pixel: <c>a a a | a b c</c>.</summary>
    Edge,

    /// <summary>The image mirrored at its outermost pixels, which are not repeated: <c>c b | a b c</c>.</summary>
    Reflect,

    /// <summary>The image mirrored at its edge, so that the outermost pixels are repeated: <c>b a | a b c</c>.</summary>
    Symmetric,
}

/// <summary>Puts a frame around an image.</summary>
public sealed class Pad : IImageTransform, ITensorTransform
{
    private readonly int _left, _top, _right, _bottom;
    private readonly ImagePadding _mode;
    private readonly byte _fill;

    /// <summary>The same number of pixels on all sides.</summary>
    /// <param name="padding">Pixels on each side.</param>
    /// <param name="fill">The value of a constant frame, in each channel.</param>
    /// <param name="mode">What the frame shows.</param>
    public Pad(int padding, byte fill = 0, ImagePadding mode = ImagePadding.Constant)
        : this(padding, padding, padding, padding, fill, mode)
    {
    }

    /// <summary>So many pixels on each side, in PyTorch's order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public Pad(int left, int top, int right, int bottom, byte fill = 0, ImagePadding mode = ImagePadding.Constant)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfNegative(right);
        ArgumentOutOfRangeException.ThrowIfNegative(bottom);
        (_left, _top, _right, _bottom, _fill, _mode) = (left, top, right, bottom, fill, ImageBorder.Known(mode));
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => this;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image)
    {
        ImageBorder.Check(nameof(Pad), image, Math.Max(_top, _bottom), Math.Max(_left, _right), _mode);
        return [image[0], image[1] + _top + _bottom, image[2] + _left + _right];
    }

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, ref SampleRandom random)
    {
        Tensor batch = ImageTensors.Batched(nameof(Pad), images);
        Shape output = OutputShape(ImageTensors.ImageShape(batch));
        return ImageTensors.Unbatched(ImageTensors.Cut(batch, output[1], output[2], -_top, -_left, _mode, _fill).Contiguous(), images);
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        ImageBorder.Cut(source, image, destination, image[1] + _top + _bottom, image[2] + _left + _right, -_top, -_left, _mode, _fill);
    }
}

/// <summary>Pixels outside of an image.</summary>
internal static class ImageBorder
{
    public static ImagePadding Known(ImagePadding mode) => mode is >= ImagePadding.Constant and <= ImagePadding.Symmetric
        ? mode
        : throw new ArgumentOutOfRangeException(nameof(mode), mode, "Padding is constant, edge, reflect or symmetric.");

    /// <summary>A mirror shows no more than the image has, and no frame is larger than an image can be.</summary>
    public static void Check(string owner, Shape image, int down, int across, ImagePadding mode)
    {
        if (image[1] + (2L * down) > int.MaxValue || image[2] + (2L * across) > int.MaxValue)
        {
            throw new ShapeMismatchException($"{owner}: a frame of {down:N0} × {across:N0} pixels around an image {image} is larger than an image can be.");
        }

        int spare = mode switch { ImagePadding.Reflect => 1, ImagePadding.Symmetric => 0, _ => int.MinValue };
        if (spare >= 0 && (down > image[1] - spare || across > image[2] - spare))
        {
            throw new ShapeMismatchException($"{owner}: a frame of {down} × {across} pixels around an image {image} is larger than what a mirror shows ({mode}); pad less, or by ImagePadding.Edge.");
        }
    }

    /// <summary>Copies a window of an image that may reach beyond it.</summary>
    public static void Cut(ReadOnlySpan<byte> source, Shape image, Span<byte> destination, int height, int width, int top, int left, ImagePadding mode, byte fill)
    {
        (int sourceHeight, int sourceWidth) = (image[1], image[2]);
        int first = Math.Clamp(-left, 0, width), last = Math.Clamp(sourceWidth - left, first, width);
        for (int channel = 0; channel < image[0]; channel++)
        {
            for (int y = 0; y < height; y++)
            {
                Span<byte> to = destination.Slice(((channel * height) + y) * width, width);
                int row = Inside(y + top, sourceHeight, mode);
                if (row < 0)
                {
                    to.Fill(fill);
                    continue;
                }

                ReadOnlySpan<byte> from = source.Slice(((channel * sourceHeight) + row) * sourceWidth, sourceWidth);
                if (last > first)
                {
                    from.Slice(first + left, last - first).CopyTo(to[first..]);
                }

                Beside(from, to, 0, first, left, mode, fill);
                Beside(from, to, last, width, left, mode, fill);
            }
        }
    }

    /// <summary>Which pixel of n stands at a place, or −1 outside of an image with a constant frame.</summary>
    public static int Inside(int i, int n, ImagePadding mode) => (uint)i < (uint)n ? i : mode switch
    {
        ImagePadding.Edge => i < 0 ? 0 : n - 1,
        ImagePadding.Reflect => i < 0 ? -i : (2 * n) - 2 - i,
        ImagePadding.Symmetric => i < 0 ? -i - 1 : (2 * n) - 1 - i,
        _ => -1,
    };

    private static void Beside(ReadOnlySpan<byte> from, Span<byte> to, int first, int last, int left, ImagePadding mode, byte fill)
    {
        for (int x = first; x < last; x++)
        {
            int column = Inside(x + left, from.Length, mode);
            to[x] = column < 0 ? fill : from[column];
        }
    }
}
