namespace Engine.Nn;

/// <summary>Mirrors an image left to right with probability p.</summary>
public sealed class RandomHorizontalFlip : IImageTransform, ITensorTransform
{
    private readonly double _probability;

    /// <summary>PyTorch's default is one half.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
    public RandomHorizontalFlip(double p = 0.5) => _probability = Hyper.Fraction(p);

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, ref SampleRandom random) => ImageTensors.Sometimes(nameof(RandomHorizontalFlip), images, _probability, ref random, static x => x.Flip(-1));

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, image);
        bool flip = random.NextDouble() < _probability;
        source.CopyTo(destination);
        int width = image[2];
        for (int row = 0; flip && row < image[0] * image[1]; row++)
        {
            destination.Slice(row * width, width).Reverse();
        }
    }
}

/// <summary>Turns an image upside down, as a mirror does, with probability p.</summary>
public sealed class RandomVerticalFlip : IImageTransform, ITensorTransform
{
    private readonly double _probability;

    /// <summary>PyTorch's default is one half.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
    public RandomVerticalFlip(double p = 0.5) => _probability = Hyper.Fraction(p);

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, ref SampleRandom random) => ImageTensors.Sometimes(nameof(RandomVerticalFlip), images, _probability, ref random, static x => x.Flip(-2));

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, image);
        bool flip = random.NextDouble() < _probability;
        (int height, int width) = (image[1], image[2]);
        for (int row = 0; row < image[0] * height; row++)
        {
            int y = row % height, from = flip ? row - y + (height - 1 - y) : row;
            source.Slice(from * width, width).CopyTo(destination[(row * width)..]);
        }
    }
}
