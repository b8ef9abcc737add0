using System.Buffers;

namespace Engine.Nn;

/// <summary>Transforms one after another, as one transform.</summary>
public sealed class Compose : IImageTransform
{
    private readonly IImageTransform[] _transforms;

    /// <summary>Without a transform, an image stays as it is.</summary>
    public Compose(params IImageTransform[] transforms)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        Guard.NoNulls<IImageTransform>(transforms);
        _transforms = [.. transforms];
    }

    /// <summary>The transforms in order.</summary>
    public IReadOnlyList<IImageTransform> Transforms => _transforms;

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => new Compose([.. _transforms.Select(Fixed)]);

    internal static Compose Nothing { get; } = new();

    /// <inheritdoc/>
    public Shape OutputShape(Shape image)
    {
        foreach (IImageTransform transform in _transforms)
        {
            image = Next(transform, image);
        }

        return image;
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        if (_transforms.Length < 2)
        {
            if (_transforms.Length == 0)
            {
                source.CopyTo(destination);
            }
            else
            {
                _transforms[0].Apply(source, destination, image, ref random);
            }

            return;
        }

        int half = Largest(image);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(2 * half);
        try
        {
            // Each reads one half of the scratch memory (the first reads the source) and writes the other (the last writes the destination).
            ReadOnlySpan<byte> current = source;
            for (int i = 0; i < _transforms.Length; i++)
            {
                Shape output = _transforms[i].OutputShape(image);
                Span<byte> changed = i == _transforms.Length - 1 ? destination : scratch.AsSpan(i % 2 * half, (int)output.ElementCount);
                _transforms[i].Apply(current, changed, image, ref random);
                current = changed;
                image = output;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <summary>The most bytes between two of the transforms.</summary>
    private int Largest(Shape image)
    {
        long largest = 0;
        for (int i = 0; i < _transforms.Length - 1; i++)
        {
            image = _transforms[i].OutputShape(image);
            largest = Math.Max(largest, image.ElementCount);
        }

        return checked((int)largest);
    }

    internal static Shape Next(IImageTransform transform, Shape image)
    {
        Shape output = transform.OutputShape(image);
        return output.Rank == 3 && output.ElementCount > 0
            ? output
            : throw new ShapeMismatchException($"{transform.GetType().Name} makes {output} of an image {image}; an image is [channels, height, width], none of them 0.");
    }

    private static IImageTransform Fixed(IImageTransform transform) => transform.WithoutRandomness ?? new LeftOutIfRandom(transform);

    /// <summary>Nobody said whether it is random: what drew random numbers has no fixed result and is left out.</summary>
    private sealed class LeftOutIfRandom(IImageTransform transform) : IImageTransform
    {
        public IImageTransform WithoutRandomness => this;

        public Shape OutputShape(Shape image) => transform.OutputShape(image);

        public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
        {
            ImageSpans.Check(source, destination, image, OutputShape(image));
            SampleRandom before = random;
            transform.Apply(source, destination, image, ref random);
            if (!random.StandsAt(before))
            {
                if (OutputShape(image) is var output && output != image)
                {
                    throw new InvalidOperationException(
                        $"{transform.GetType().Name} makes {output} of {image} by random numbers and cannot be left out of data without random changes. Let its WithoutRandomness name a transform that makes the same size without them.");
                }

                source.CopyTo(destination);
            }
        }
    }
}
