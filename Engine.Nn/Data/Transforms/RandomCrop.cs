namespace Engine.Nn;

/// <summary>Cuts a piece out of an image at a random position, of a given size or of the old one behind a frame.</summary>
public sealed class RandomCrop : IImageTransform, ITensorTransform
{
    // 0: the size that the image has.
    private readonly int _height, _width;
    private readonly int _padding;
    private readonly bool _padIfNeeded;
    private readonly byte _fill;
    private readonly ImagePadding _mode;

    /// <summary>Puts a frame of zeros around an image and cuts a piece of the old size out: the image moves by up to <paramref name="padding"/> pixels each way.</summary>
    public RandomCrop(int padding = 4)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        _padding = padding;
    }

    /// <summary>Cuts a piece of this size out, after padding by <paramref name="padding"/> pixels on each side.</summary>
    /// <param name="height">The height of the piece.</param>
    /// <param name="width">The width of the piece.</param>
    /// <param name="padding">How many pixels are put on each side first.</param>
    /// <param name="padIfNeeded">Whether an image that is still smaller gets a frame; it is refused otherwise.</param>
    /// <param name="fill">The value of a constant frame.</param>
    /// <param name="mode">What a frame shows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the padding is negative.</exception>
    public RandomCrop(int height, int width, int padding = 0, bool padIfNeeded = false, byte fill = 0, ImagePadding mode = ImagePadding.Constant)
        : this(padding)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (_height, _width, _padIfNeeded, _fill, _mode) = (height, width, padIfNeeded, fill, ImageBorder.Known(mode));
    }

    /// <summary>The middle of the image.</summary>
    public IImageTransform WithoutRandomness => _height == 0 ? Compose.Nothing : new CenterCrop(_height, _width);

    /// <inheritdoc/>
    public Shape OutputShape(Shape image)
    {
        (int down, int across) = Frame(image);
        ImageBorder.Check(nameof(RandomCrop), image, down, across, _mode);
        if (_height == 0)
        {
            return image;
        }

        return image[1] + (2 * down) >= _height && image[2] + (2 * across) >= _width
            ? [image[0], _height, _width]
            : throw new ShapeMismatchException($"RandomCrop: {_height} × {_width} pixels cannot be cut out of an image {image} with a frame of {_padding}; resize it first, or set padIfNeeded.");
    }

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, ref SampleRandom random) => ImageTensors.Each(nameof(RandomCrop), images, OutputShape, ref random, (Tensor image, ref SampleRandom own) =>
    {
        (int height, int width, int top, int left) = Draw(image.Shape, ref own);
        return ImageTensors.Cut(image, height, width, top, left, _mode, _fill);
    });

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        (int height, int width, int top, int left) = Draw(image, ref random);
        ImageBorder.Cut(source, image, destination, height, width, top, left, _mode, _fill);
    }

    /// <summary>What is cut out; it begins outside of the image where there is a frame.</summary>
    private (int Height, int Width, int Top, int Left) Draw(Shape image, ref SampleRandom random)
    {
        (int down, int across) = Frame(image);
        (int height, int width) = _height == 0 ? (image[1], image[2]) : (_height, _width);
        return (height, width, random.Next(image[1] + (2 * down) - height + 1) - down, random.Next(image[2] + (2 * across) - width + 1) - across);
    }

    private (int Down, int Across) Frame(Shape image) => _padIfNeeded
        ? (Math.Max(_padding, _height - image[1]), Math.Max(_padding, _width - image[2]))
        : (_padding, _padding);
}
