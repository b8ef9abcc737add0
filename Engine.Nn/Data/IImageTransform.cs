namespace Engine.Nn;

/// <summary>A change of an image while it is still bytes, [channels, height, width].</summary>
/// <remarks>
/// It must follow from its arguments alone: the same random numbers make the same image. Size and channels stay. One that draws a random
/// number is augmentation, and left out of data that a model is validated on (<see cref="IDataset.WithoutRandomChanges"/>); one that draws
/// none is part of how images are read, and stays.
/// </remarks>
public interface IImageTransform
{
    /// <summary>Writes the changed image; source and destination do not overlap.</summary>
    void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random);
}

/// <summary>Mirrors an image left to right with probability p.</summary>
public sealed class RandomHorizontalFlip : IImageTransform
{
    private readonly double _probability;

    /// <summary>PyTorch's default is one half.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
    public RandomHorizontalFlip(double p = 0.5)
    {
        if (!(p >= 0 && p <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "A probability lies in [0, 1].");
        }

        _probability = p;
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        bool flip = random.NextDouble() < _probability;
        source.CopyTo(destination);
        int width = image[2];
        for (int row = 0; flip && row < image[0] * image[1]; row++)
        {
            destination.Slice(row * width, width).Reverse();
        }
    }
}

/// <summary>Puts a frame of zeros around an image and cuts a piece of the old size out of it at a random position.</summary>
public sealed class RandomCrop : IImageTransform
{
    private readonly int _padding;

    /// <summary>The image moves by up to <paramref name="padding"/> pixels each way.</summary>
    public RandomCrop(int padding = 4)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        _padding = padding;
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        int down = random.Next((2 * _padding) + 1) - _padding, right = random.Next((2 * _padding) + 1) - _padding;
        (int height, int width) = (image[1], image[2]);
        destination.Clear();
        int length = width - Math.Abs(right);
        if (length <= 0)
        {
            return;
        }

        int from = Math.Max(0, right), to = Math.Max(0, -right);
        for (int channel = 0; channel < image[0]; channel++)
        {
            for (int y = Math.Max(0, -down); y < Math.Min(height, height - down); y++)
            {
                int row = (channel * height) + y;
                source.Slice(((row + down) * width) + from, length).CopyTo(destination[((row * width) + to)..]);
            }
        }
    }
}
