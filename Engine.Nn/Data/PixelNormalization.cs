namespace Engine.Nn;

/// <summary>
/// From bytes to numbers around 0: <c>y = (x/255 − mean) / std</c>, with a mean and a standard deviation for each channel, computed once
/// for all 256 values of a byte.
/// </summary>
public sealed class PixelNormalization
{
    private readonly float[][] _tables;

    /// <summary>One mean and one standard deviation for each channel, or a single pair for all channels.</summary>
    /// <exception cref="ArgumentException">Their numbers differ, there is none, or a standard deviation is not positive.</exception>
    public PixelNormalization(ReadOnlySpan<double> mean, ReadOnlySpan<double> std)
    {
        if (mean.IsEmpty || mean.Length != std.Length)
        {
            throw new ArgumentException($"Each channel has one mean and one deviation; {mean.Length} and {std.Length} were given.", nameof(std));
        }

        _tables = new float[mean.Length][];
        for (int channel = 0; channel < mean.Length; channel++)
        {
            if (!(std[channel] > 0))
            {
                throw new ArgumentException($"The deviation of channel {channel} is {std[channel]}; it must be positive.", nameof(std));
            }

            // In float32 and in this order, as PyTorch's pipelines do it, so that inputs agree to the last bit.
            (float m, float s) = ((float)mean[channel], (float)std[channel]);
            _tables[channel] = new float[256];
            for (int x = 0; x < 256; x++)
            {
                _tables[channel][x] = ((x / 255f) - m) / s;
            }
        }
    }

    /// <summary>For a single channel.</summary>
    public PixelNormalization(double mean, double std)
        : this([mean], [std])
    {
    }

    /// <summary>Only from 0 … 255 to [0, 1].</summary>
    public static PixelNormalization None { get; } = new(0, 1);

    /// <summary>The colours of ImageNet's photographs: mean (0.485, 0.456, 0.406) and deviation (0.229, 0.224, 0.225), as torchvision's pretrained models expect them.</summary>
    public static PixelNormalization ImageNet { get; } = new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    /// <summary>Throws unless there is one mean for all channels, or one for each channel of such images.</summary>
    /// <param name="image">[channels, height, width].</param>
    /// <exception cref="ArgumentException">There are means for another number of channels.</exception>
    public void CheckFits(Shape image)
    {
        if (_tables.Length != 1 && _tables.Length != image[0])
        {
            throw new ArgumentException($"Images are {image} with {image[0]} channels; the normalisation has {_tables.Length}.");
        }
    }

    /// <summary>Writes the numbers of one image.</summary>
    /// <param name="image">The bytes, channel by channel.</param>
    /// <param name="destination">As many numbers.</param>
    /// <param name="channels">How many channels the image has.</param>
    /// <exception cref="ArgumentException">The channels do not divide the image, there are means for another number of them, or the destination is too short.</exception>
    public void Apply(ReadOnlySpan<byte> image, Span<float> destination, int channels)
    {
        if (channels < 1 || image.Length % channels != 0 || (_tables.Length != 1 && _tables.Length != channels) || destination.Length < image.Length)
        {
            throw new ArgumentException($"An image of {image.Length} bytes and {channels} channels, means of {_tables.Length} channels and a destination of {destination.Length} numbers do not fit.", nameof(channels));
        }

        int plane = image.Length / channels;
        for (int channel = 0; channel < channels; channel++)
        {
            ReadOnlySpan<float> table = _tables[_tables.Length == 1 ? 0 : channel];
            ReadOnlySpan<byte> from = image.Slice(channel * plane, plane);
            Span<float> to = destination.Slice(channel * plane, plane);
            for (int i = 0; i < from.Length; i++)
            {
                to[i] = table[from[i]];
            }
        }
    }
}
