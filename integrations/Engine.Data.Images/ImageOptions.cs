using Engine.Nn;

namespace Engine.Data.Images;

/// <summary>Which channels an image is read as.</summary>
public enum ImageColors
{
    /// <summary>One channel: (0.299·red + 0.587·green + 0.114·blue), as PIL's mode <c>L</c>.</summary>
    Gray = 1,

    /// <summary>Red, green and blue; opacity is dropped, as PIL's <c>convert("RGB")</c> does.</summary>
    Rgb = 3,

    /// <summary>Red, green, blue and opacity, not multiplied with each other.</summary>
    Rgba = 4,
}

/// <summary>What happens with a file that cannot be read.</summary>
public enum OnBadSample
{
    /// <summary>A <see cref="BadImageException"/> names the file and the reason.</summary>
    Throw,

    /// <summary>The next good sample of the same part of the data stands in for it, and <see cref="ImageFileDataset.BadSamples"/> lists it.</summary>
    Replace,
}

/// <summary>How image files are read.</summary>
public sealed record ImageOptions
{
    private readonly long _maxPixels = 89_478_485;
    private readonly int _maxFileBytes = 256 << 20;
    private readonly ImageColors _colors = ImageColors.Rgb;

    /// <summary>The channels.</summary>
    public ImageColors Colors
    {
        get => _colors;
        init => _colors = value is ImageColors.Gray or ImageColors.Rgb or ImageColors.Rgba ? value : throw new ArgumentOutOfRangeException(nameof(Colors), value, "Images are read as Gray, Rgb or Rgba.");
    }

    /// <summary>The most pixels that an image may have by its header; more are refused before anything is decoded. 89,478,485, which is PIL's limit, unless it is set.</summary>
    public long MaxPixels
    {
        get => _maxPixels;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Array.MaxLength / 4);
            _maxPixels = value;
        }
    }

    /// <summary>The most bytes that a file may have; 256 MiB unless it is set.</summary>
    public int MaxFileBytes
    {
        get => _maxFileBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            _maxFileBytes = value;
        }
    }

    /// <summary>Whether a photograph is turned as its EXIF orientation says. PIL and torchvision do not, unless they are told to.</summary>
    public bool HonorOrientation { get; init; } = true;

    /// <summary>Whether a file that ends early, or is damaged behind its header, is read as far as it goes. It is a bad sample otherwise.</summary>
    public bool AllowTruncated { get; init; }

    /// <summary>
    /// Whether an image is decoded at 1/2, 1/4 or 1/8 of its size where the first transform makes it smaller yet by at least 2. That takes a fraction of the time
    /// and changes the result by about one level of 255.
    /// </summary>
    public bool ScaledDecode { get; init; } = true;

    /// <summary>What happens with a file that cannot be read.</summary>
    public OnBadSample OnBadSample { get; init; }

    /// <summary>How bytes become float32; to [0, 1] if null. See <see cref="PixelNormalization.ImageNet"/>.</summary>
    public PixelNormalization? Normalization { get; init; }

    /// <summary>Whether batches hold the bytes themselves (uint8, a quarter of the memory); they are normalised on the device then.</summary>
    public bool AsBytes { get; init; }
}
