namespace Engine.Nn;

/// <summary>Turns an image around its middle by a random angle, counter-clockwise; what comes from outside has one value.</summary>
public sealed class RandomRotation : IImageTransform
{
    private readonly (double Min, double Max) _degrees;
    private readonly ImageInterpolation _interpolation;
    private readonly byte _fill;

    /// <summary>By −degrees … degrees.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The angle is negative or not finite.</exception>
    public RandomRotation(double degrees, ImageInterpolation interpolation = ImageInterpolation.Nearest, byte fill = 0)
        : this((-Hyper.NotNegative(degrees), degrees), interpolation, fill)
    {
    }

    /// <summary>By an angle of a range.</summary>
    /// <param name="degrees">The range.</param>
    /// <param name="interpolation">How pixels are found; nearest is PyTorch's default.</param>
    /// <param name="fill">The value of what comes from outside.</param>
    public RandomRotation((double Min, double Max) degrees, ImageInterpolation interpolation = ImageInterpolation.Nearest, byte fill = 0)
    {
        _degrees = ValueRange.Ordered(degrees, nameof(degrees));
        (_interpolation, _fill) = (Resampling.Known(interpolation), fill);
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, image);
        AffineMap.Inverse(-ValueRange.Draw(_degrees, ref random), 0, 0, 1, 0, 0).Apply(source, destination, image, _interpolation, _fill);
    }
}

/// <summary>Turns (clockwise), moves, scales and shears an image around its middle by random amounts; what comes from outside has one value.</summary>
public sealed class RandomAffine : IImageTransform
{
    private readonly (double Min, double Max) _degrees, _scale, _shearX, _shearY;
    private readonly (double Horizontal, double Vertical)? _translate;
    private readonly ImageInterpolation _interpolation;
    private readonly byte _fill;

    /// <summary>Turned by −degrees … degrees, sheared horizontally by −shear … shear degrees.</summary>
    public RandomAffine(
        double degrees,
        (double Horizontal, double Vertical)? translate = null,
        (double Min, double Max)? scale = null,
        double shear = 0,
        ImageInterpolation interpolation = ImageInterpolation.Nearest,
        byte fill = 0)
        : this((-Hyper.NotNegative(degrees), degrees), translate, scale, (-Hyper.NotNegative(shear), shear), null, interpolation, fill)
    {
    }

    /// <summary>All amounts from ranges.</summary>
    /// <param name="degrees">The range of the angle.</param>
    /// <param name="translate">The most that an image moves, as shares of its width and height.</param>
    /// <param name="scale">The range of the factor; 1 unless it is given.</param>
    /// <param name="shearX">The range of the horizontal shear in degrees; none unless it is given.</param>
    /// <param name="shearY">The range of the vertical shear in degrees; none unless it is given.</param>
    /// <param name="interpolation">How pixels are found; nearest is PyTorch's default.</param>
    /// <param name="fill">The value of what comes from outside.</param>
    /// <exception cref="ArgumentOutOfRangeException">A share is outside [0, 1], a factor is not positive, or a shear has 90 degrees and more.</exception>
    public RandomAffine(
        (double Min, double Max) degrees,
        (double Horizontal, double Vertical)? translate,
        (double Min, double Max)? scale,
        (double Min, double Max)? shearX,
        (double Min, double Max)? shearY,
        ImageInterpolation interpolation = ImageInterpolation.Nearest,
        byte fill = 0)
    {
        _degrees = ValueRange.Ordered(degrees, nameof(degrees));
        _translate = translate is { } most ? (Hyper.Fraction(most.Horizontal, nameof(translate)), Hyper.Fraction(most.Vertical, nameof(translate))) : null;
        _scale = ValueRange.Positive(scale ?? (1, 1), nameof(scale));
        _shearX = ValueRange.Ordered(shearX ?? (0, 0), nameof(shearX), -89, 89);
        _shearY = ValueRange.Ordered(shearY ?? (0, 0), nameof(shearY), -89, 89);
        (_interpolation, _fill) = (Resampling.Known(interpolation), fill);
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, image);
        double angle = ValueRange.Draw(_degrees, ref random);
        (double x, double y) = (0, 0);
        if (_translate is { } most)
        {
            (double across, double down) = (most.Horizontal * image[2], most.Vertical * image[1]);
            (x, y) = (Math.Round(ValueRange.Draw((-across, across), ref random)), Math.Round(ValueRange.Draw((-down, down), ref random)));
        }

        AffineMap.Inverse(angle, x, y, ValueRange.Draw(_scale, ref random), ValueRange.Draw(_shearX, ref random), ValueRange.Draw(_shearY, ref random))
            .Apply(source, destination, image, _interpolation, _fill);
    }
}
