using Engine.Nn;

namespace Engine.Data.Images;

/// <summary>Reads JPEG, PNG, WebP, BMP and the first frame of GIF, from files and from bytes of any origin.</summary>
/// <remarks>
/// The header decides whether an image is decoded at all (<see cref="ImageOptions.MaxPixels"/>). Nothing that a file holds makes the process fail: what cannot be
/// read is a <see cref="BadImageException"/>.
/// </remarks>
public static class ImageDecoder
{
    private static readonly ImageOptions s_defaults = new();

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is read; RGB if null.</param>
    /// <exception cref="BadImageException">The file cannot be opened, or is no image that can be read.</exception>
    public static DecodedImage ReadFile(string path, ImageOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= s_defaults;
        using FileBytes bytes = FileBytes.Read(path, options.MaxFileBytes);
        return Decode(bytes.Span, options, path);
    }

    /// <summary>Reads an image from the bytes of a file.</summary>
    /// <param name="file">The bytes.</param>
    /// <param name="options">How it is read; RGB if null.</param>
    /// <param name="name">What an error calls it.</param>
    /// <exception cref="BadImageException">It is no image that can be read.</exception>
    public static DecodedImage Decode(ReadOnlySpan<byte> file, ImageOptions? options = null, string name = "image")
    {
        ArgumentNullException.ThrowIfNull(name);
        SampleRandom none = default;
        using ImagePixels pixels = SkiaDecoder.Decode(file, options ?? s_defaults, null, ref none, name);
        return new DecodedImage(pixels.Span.ToArray(), pixels.Shape);
    }

    /// <summary>The shape that an image has by its header, [channels, height, width]; nothing is decoded.</summary>
    /// <param name="file">The bytes of the file.</param>
    /// <param name="options">How it would be read; RGB if null.</param>
    /// <param name="name">What an error calls it.</param>
    /// <exception cref="BadImageException">It is no image that can be read.</exception>
    public static Shape ReadShape(ReadOnlySpan<byte> file, ImageOptions? options = null, string name = "image")
    {
        ArgumentNullException.ThrowIfNull(name);
        return SkiaDecoder.ReadShape(file, options ?? s_defaults, name);
    }
}
