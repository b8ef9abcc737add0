namespace Engine.Nn;

/// <summary>Applies transforms, in order and all of them, with probability p.</summary>
public sealed class RandomApply : IImageTransform
{
    private readonly double _probability;
    private readonly Compose _transforms;

    /// <summary>PyTorch's default is one half. The transforms may not change the size of an image.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
    public RandomApply(IReadOnlyList<IImageTransform> transforms, double p = 0.5)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        _transforms = new Compose([.. transforms]);
        _probability = Hyper.Fraction(p);
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image) => OneOf.Unchanged(nameof(RandomApply), _transforms, image);

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        if (random.NextDouble() < _probability)
        {
            _transforms.Apply(source, destination, image, ref random);
        }
        else
        {
            source.CopyTo(destination);
        }
    }
}

/// <summary>One of several transforms of an image, drawn anew for each sample: torchvision's <c>RandomChoice</c>, which is here the name for whole batches.</summary>
public sealed class OneOf : IImageTransform
{
    private readonly IImageTransform[] _transforms;

    /// <summary>Draws among transforms, each as probable as the others; they may not change the size of an image.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public OneOf(params IImageTransform[] transforms)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        Guard.NoNulls<IImageTransform>(transforms);
        _transforms = transforms.Length > 0 ? [.. transforms] : throw new ArgumentException("OneOf: there are no transforms to choose from.", nameof(transforms));
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image)
    {
        foreach (IImageTransform transform in _transforms)
        {
            Unchanged(nameof(OneOf), transform, image);
        }

        return image;
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        _transforms[random.Next(_transforms.Length)].Apply(source, destination, image, ref random);
    }

    internal static Shape Unchanged(string owner, IImageTransform transform, Shape image) => transform.OutputShape(image) is var output && output == image
        ? image
        : throw new ShapeMismatchException($"{owner}: {transform.GetType().Name} makes {output} of {image}; what is applied by chance must keep the size, or a batch has images of several sizes. Put it beside {owner}.");
}
