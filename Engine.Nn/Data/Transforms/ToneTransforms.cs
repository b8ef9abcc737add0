namespace Engine.Nn;

/// <summary>A change of each channel by a table of 256 bytes, made with probability p.</summary>
public abstract class RandomToneTransform : IImageTransform
{
    private readonly double _probability;

    /// <summary>With a probability in [0, 1].</summary>
    private protected RandomToneTransform(double p) => _probability = Hyper.Fraction(p);

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => Compose.Nothing;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, image);
        bool apply = random.NextDouble() < _probability;
        source.CopyTo(destination);
        int plane = image[1] * image[2];
        Span<byte> table = stackalloc byte[256];
        for (int channel = 0; apply && channel < image[0]; channel++)
        {
            Span<byte> pixels = destination.Slice(channel * plane, plane);
            if (Fill(table, pixels))
            {
                ColorOps.Look(pixels, table);
            }
        }
    }

    /// <summary>Fills the table for a channel; false leaves the channel as it is.</summary>
    private protected abstract bool Fill(Span<byte> table, ReadOnlySpan<byte> channel);
}

/// <summary>With probability p, stretches each channel so that its darkest pixel becomes 0 and its brightest 255.</summary>
public sealed class RandomAutocontrast(double p = 0.5) : RandomToneTransform(p)
{
    private protected override bool Fill(Span<byte> table, ReadOnlySpan<byte> channel)
    {
        byte least = 255, most = 0;
        foreach (byte pixel in channel)
        {
            (least, most) = (Math.Min(least, pixel), Math.Max(most, pixel));
        }

        if (least == most)
        {
            return false;
        }

        float scale = 255f / (most - least);
        for (int x = 0; x < table.Length; x++)
        {
            table[x] = (byte)Math.Clamp((x - least) * scale, 0, 255);
        }

        return true;
    }
}

/// <summary>With probability p, makes all brightnesses of each channel about as frequent.</summary>
public sealed class RandomEqualize(double p = 0.5) : RandomToneTransform(p)
{
    private protected override bool Fill(Span<byte> table, ReadOnlySpan<byte> channel)
    {
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        foreach (byte pixel in channel)
        {
            counts[pixel]++;
        }

        int last = counts.LastIndexOfAnyExcept(0), step = (channel.Length - counts[last]) / 255, below = 0;
        if (step == 0)
        {
            return false;
        }

        for (int x = 0; x < table.Length; x++)
        {
            table[x] = (byte)(x == 0 ? 0 : Math.Min(255, (below + (step / 2)) / step));
            below += counts[x];
        }

        return true;
    }
}

/// <summary>With probability p, keeps so many bits of each byte.</summary>
public sealed class RandomPosterize : RandomToneTransform
{
    private readonly int _bits;

    /// <summary>PyTorch's default probability is one half.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bits are outside 0 … 8, or the probability outside [0, 1].</exception>
    public RandomPosterize(int bits, double p = 0.5)
        : base(p)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 8);
        _bits = bits;
    }

    private protected override bool Fill(Span<byte> table, ReadOnlySpan<byte> channel)
    {
        for (int x = 0; x < table.Length; x++)
        {
            table[x] = (byte)(x & -(1 << (8 - _bits)));
        }

        return true;
    }
}

/// <summary>With probability p, turns bytes from a threshold on into their negative.</summary>
public sealed class RandomSolarize(int threshold, double p = 0.5) : RandomToneTransform(p)
{
    private protected override bool Fill(Span<byte> table, ReadOnlySpan<byte> channel)
    {
        for (int x = 0; x < table.Length; x++)
        {
            table[x] = (byte)(x >= threshold ? 255 - x : x);
        }

        return true;
    }
}

/// <summary>With probability p, makes the negative of an image.</summary>
public sealed class RandomInvert(double p = 0.5) : RandomToneTransform(p)
{
    private protected override bool Fill(Span<byte> table, ReadOnlySpan<byte> channel)
    {
        for (int x = 0; x < table.Length; x++)
        {
            table[x] = (byte)(255 - x);
        }

        return true;
    }
}
