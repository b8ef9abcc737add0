namespace Engine.Nn;

/// <summary>Changes brightness, contrast, saturation and hue by random factors, in random order.</summary>
public sealed class ColorJitter : IImageTransform
{
    private static readonly (double Min, double Max) s_none = (1, 1);

    private readonly (double Min, double Max) _brightness, _contrast, _saturation, _hue;

    /// <summary>A factor around 1 for each property: uniform in [max(0, 1 − b), 1 + b], and a turn of the hue in [−h, h]. 0 leaves a property as it is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or the hue's above 0.5, which is half of the circle.</exception>
    public ColorJitter(double brightness = 0, double contrast = 0, double saturation = 0, double hue = 0)
        : this(Around(brightness, nameof(brightness)), Around(contrast, nameof(contrast)), Around(saturation, nameof(saturation)), (-Hyper.NotNegative(hue), hue))
    {
    }

    /// <summary>The ranges that the factors are drawn from; (1, 1) leaves a property as it is, (0, 0) the hue.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A range has negative factors, or the hue's leaves [−0.5, 0.5].</exception>
    public ColorJitter((double Min, double Max) brightness, (double Min, double Max) contrast, (double Min, double Max) saturation, (double Min, double Max) hue)
    {
        _brightness = ValueRange.Ordered(brightness, nameof(brightness), 0);
        _contrast = ValueRange.Ordered(contrast, nameof(contrast), 0);
        _saturation = ValueRange.Ordered(saturation, nameof(saturation), 0);
        _hue = ValueRange.Ordered(hue, nameof(hue), -0.5, 0.5);
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image)
    {
        Luminance.CheckColors(nameof(ColorJitter), image);
        return image;
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        Span<int> order = [0, 1, 2, 3];
        random.Shuffle(order);
        Span<double> factors = [ValueRange.Draw(_brightness, ref random), ValueRange.Draw(_contrast, ref random), ValueRange.Draw(_saturation, ref random), ValueRange.Draw(_hue, ref random)];
        source.CopyTo(destination);
        int plane = image[1] * image[2];
        foreach (int property in order)
        {
            switch (property)
            {
                case 0 when _brightness != s_none:
                    ColorOps.Blend(destination, 0, factors[0]);
                    break;
                case 1 when _contrast != s_none:
                    ColorOps.Blend(destination, ColorOps.MeanLuminance(destination, plane), factors[1]);
                    break;
                case 2 when _saturation != s_none && image[0] == 3:
                    ColorOps.Saturate(destination, plane, factors[2]);
                    break;
                case 3 when _hue != (0, 0) && image[0] == 3:
                    ColorOps.TurnHue(destination, plane, factors[3]);
                    break;
            }
        }
    }

    private static (double Min, double Max) Around(double width, string name) => (Math.Max(0, 1 - Hyper.NotNegative(width, name)), 1 + width);
}
