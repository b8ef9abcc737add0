namespace Engine.Nn;

/// <summary>Cuts a rectangle of random area, proportions and position out of an image and scales it to one size: the usual augmentation of photographs (Szegedy et al. 2015).</summary>
public sealed class RandomResizedCrop : IRegionTransform, ITensorTransform
{
    private const int Tries = 10;

    // The share of the shorter edge that is cut out of the middle of an image to evaluate a model, as 224 of 256 pixels.
    private const double EvaluatedShare = 0.875;

    private readonly int _height, _width;
    private readonly (double Min, double Max) _scale, _ratio;
    private readonly ImageInterpolation _interpolation;

    /// <summary>A square.</summary>
    public RandomResizedCrop(int size, (double Min, double Max)? scale = null, (double Min, double Max)? ratio = null, ImageInterpolation interpolation = ImageInterpolation.Bilinear)
        : this(size, size, scale, ratio, interpolation)
    {
    }

    /// <summary>A rectangle.</summary>
    /// <param name="height">The height of the result.</param>
    /// <param name="width">The width of the result.</param>
    /// <param name="scale">The share of the area of the image that is cut out; between 0.08 and 1 unless it is given.</param>
    /// <param name="ratio">The width of what is cut out by its height; between 3/4 and 4/3 unless it is given. Its logarithm is uniform.</param>
    /// <param name="interpolation">How pixels are found.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or a range is not one of positive numbers.</exception>
    public RandomResizedCrop(int height, int width, (double Min, double Max)? scale = null, (double Min, double Max)? ratio = null, ImageInterpolation interpolation = ImageInterpolation.Bilinear)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (_height, _width) = (height, width);
        _scale = ValueRange.Positive(scale ?? (0.08, 1), nameof(scale));
        _ratio = ValueRange.Positive(ratio ?? (3.0 / 4, 4.0 / 3), nameof(ratio));
        _interpolation = Resampling.Known(interpolation);
    }

    /// <summary>The middle of the image: the shorter edge is scaled to 8/7 of the size and the rest cut off, as models are usually evaluated.</summary>
    public IImageTransform WithoutRandomness =>
        new Compose(new Resize((int)Math.Ceiling(Math.Max(_height, _width) / EvaluatedShare), interpolation: _interpolation), new CenterCrop(_height, _width));

    /// <inheritdoc/>
    public bool Averages => _interpolation == ImageInterpolation.Bilinear;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image) => [image[0], _height, _width];

    /// <inheritdoc/>
    /// <remarks>After ten rectangles that do not fit it is the largest in the middle whose proportions are allowed.</remarks>
    public CropRegion Region(Shape image, ref SampleRandom random)
    {
        (int height, int width) = (image[1], image[2]);
        for (int i = 0; i < Tries; i++)
        {
            double area = (double)height * width * ValueRange.Draw(_scale, ref random);
            double ratio = Math.Exp(ValueRange.Draw((Math.Log(_ratio.Min), Math.Log(_ratio.Max)), ref random));
            double w = Math.Round(Math.Sqrt(area * ratio)), h = Math.Round(Math.Sqrt(area / ratio));
            if (w > 0 && w <= width && h > 0 && h <= height)
            {
                return new CropRegion(random.Next(height - (int)h + 1), random.Next(width - (int)w + 1), h, w);
            }
        }

        double whole = (double)width / height;
        int cutWidth = whole > _ratio.Max ? Math.Clamp((int)Math.Round(height * _ratio.Max), 1, width) : width, cutHeight = whole < _ratio.Min ? Math.Clamp((int)Math.Round(width / _ratio.Min), 1, height) : height;
        return new CropRegion((height - cutHeight) / 2, (width - cutWidth) / 2, cutHeight, cutWidth);
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Shape image, CropRegion region, Span<byte> destination, Shape output)
    {
        ImageSpans.Check(source, image, region, destination, output);
        Resampling.Apply(_interpolation, source, image, region, destination, output);
    }

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, ref SampleRandom random) => ImageTensors.Each(nameof(RandomResizedCrop), images, OutputShape, ref random, (Tensor image, ref SampleRandom own) =>
    {
        CropRegion region = Region(image.Shape, ref own);
        Tensor part = image.Narrow(1, (int)region.Top, (int)region.Height).Narrow(2, (int)region.Left, (int)region.Width);
        return ImageTensors.Resized(part.Unsqueeze(0), _height, _width, _interpolation).Squeeze(0);
    });

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        Apply(source, image, Region(image, ref random), destination, OutputShape(image));
    }
}
