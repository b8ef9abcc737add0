namespace Engine.Nn;

/// <summary>Scales an image, bilinearly with antialiasing as PIL and torchvision do it, or by nearest pixels.</summary>
public sealed class Resize : IRegionTransform, ITensorTransform
{
    private readonly int _height, _width;
    private readonly int _shortEdge;
    private readonly int _maxSize;
    private readonly ImageInterpolation _interpolation;

    /// <summary>Scales the shorter edge to a size and keeps the proportions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive.</exception>
    public Resize(int size, ImageInterpolation interpolation = ImageInterpolation.Bilinear)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        (_shortEdge, _interpolation) = (size, Resampling.Known(interpolation));
    }

    /// <summary>Scales to a height and a width, whatever the proportions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public Resize(int height, int width, ImageInterpolation interpolation = ImageInterpolation.Bilinear)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (_height, _width, _interpolation) = (height, width, Resampling.Known(interpolation));
    }

    /// <summary>The most that the longer edge may have where the shorter one has a given size; the shorter one becomes smaller for it. 0: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than the shorter edge shall have.</exception>
    public int MaxSize
    {
        get => _maxSize;
        init
        {
            if (value != 0)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(value, _shortEdge, nameof(MaxSize));
            }

            _maxSize = value;
        }
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => this;

    /// <inheritdoc/>
    public bool Averages => _interpolation == ImageInterpolation.Bilinear;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image)
    {
        if (_shortEdge == 0)
        {
            return [image[0], _height, _width];
        }

        int shorter = Math.Min(image[1], image[2]), longer = Math.Max(image[1], image[2]);
        long newShort = _shortEdge, newLong = (long)((double)_shortEdge * longer / shorter);
        if (_maxSize != 0 && newLong > _maxSize)
        {
            (newShort, newLong) = (Math.Max(1, (long)((double)_maxSize * newShort / newLong)), _maxSize);
        }

        if (newLong * newShort * image[0] > Array.MaxLength)
        {
            throw new ShapeMismatchException($"Resize: the shorter edge of {image} as {_shortEdge} pixels makes {newLong:N0} of the longer one, too many; set MaxSize, or a height and a width.");
        }

        return image[1] <= image[2] ? [image[0], (int)newShort, (int)newLong] : [image[0], (int)newLong, (int)newShort];
    }

    /// <inheritdoc/>
    public CropRegion Region(Shape image, ref SampleRandom random) => new(0, 0, image[1], image[2]);

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Shape image, CropRegion region, Span<byte> destination, Shape output)
    {
        ImageSpans.Check(source, image, region, destination, output);
        Resampling.Apply(_interpolation, source, image, region, destination, output);
    }

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, ref SampleRandom random)
    {
        Tensor batch = ImageTensors.Batched(nameof(Resize), images);
        Shape output = OutputShape(ImageTensors.ImageShape(batch));
        Tensor resized = ImageTensors.Resized(batch, output[1], output[2], _interpolation);
        return ReferenceEquals(resized, batch) ? images.Clone() : ImageTensors.Unbatched(resized, images);
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        Apply(source, image, Region(image, ref random), destination, OutputShape(image));
    }
}
