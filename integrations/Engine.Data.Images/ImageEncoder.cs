using Engine.Nn;
using SkiaSharp;

namespace Engine.Data.Images;

/// <summary>The formats that images are written in.</summary>
public enum ImageFileFormat : byte
{
    /// <summary>Without loss.</summary>
    Png,

    /// <summary>With loss, for photographs; it has no opacity.</summary>
    Jpeg,

    /// <summary>With loss; sides of up to 16,383 pixels.</summary>
    WebP,
}

/// <summary>Writes tensors as image files; torchvision's <c>save_image</c> and <c>make_grid</c>.</summary>
/// <remarks>
/// <para>An image is [channels, height, width] with one channel (grey), three (red, green, blue) or four (and opacity), or [height, width], in uint8, or in a
/// floating type with numbers from 0 to 1: they become round(255·x), what lies outside becomes 0 or 255, and NaN 0.</para>
/// <code>
/// ImageEncoder.Save("made.png", generator.Predict(noise)[0]);
/// ImageEncoder.Save("sixty-four.png", ImageEncoder.Grid(generator.Predict(noise)));
/// </code>
/// </remarks>
public static class ImageEncoder
{
    /// <summary>Writes an image in the format of the path's extension: .png, .jpg, .jpeg or .webp. The file is replaced as a whole.</summary>
    /// <param name="path">The file; missing folders are made.</param>
    /// <param name="image">The image.</param>
    /// <param name="quality">From 0 to 100, of the formats with loss.</param>
    /// <exception cref="ArgumentException">The tensor is no image, or no format has the extension.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The quality is not one.</exception>
    /// <exception cref="DTypeMismatchException">The numbers are of another type.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, Tensor image, int quality = 90)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] file = Encode(image, FormatOf(path), quality);
        AtomicFile.Write(path, stream => stream.Write(file));
    }

    /// <summary>The bytes of an image file.</summary>
    /// <param name="image">The image.</param>
    /// <param name="format">The file's format.</param>
    /// <param name="quality">From 0 to 100, of the formats with loss.</param>
    /// <exception cref="ArgumentException">The tensor is no image, or the format cannot hold one of its size.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The quality or the format is not one.</exception>
    /// <exception cref="DTypeMismatchException">The numbers are of another type.</exception>
    public static unsafe byte[] Encode(Tensor image, ImageFileFormat format = ImageFileFormat.Png, int quality = 90)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfNegative(quality);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        SKEncodedImageFormat encoded = format switch
        {
            ImageFileFormat.Png => SKEncodedImageFormat.Png,
            ImageFileFormat.Jpeg => SKEncodedImageFormat.Jpeg,
            ImageFileFormat.WebP => SKEncodedImageFormat.Webp,
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "PNG, JPEG and WebP are written."),
        };
        if (image.Rank is not (2 or 3) || image.ElementCount == 0 || (image.Rank == 3 && image.Shape[0] is not (1 or 3 or 4)))
        {
            string way = image.Rank == 4 ? " Of a batch choose one, images[0], or make a Grid of all."
                : image.Rank == 3 && image.Shape[2] is 1 or 3 or 4 ? " Put the channels first: image.Permute(2, 0, 1)." : string.Empty;
            throw new ArgumentException($"An image to be written is [channels, height, width] with 1, 3 or 4 channels, or [height, width]; this is {image.Shape}.{way}", nameof(image));
        }

        int channels = image.Rank == 2 ? 1 : image.Shape[0], height = image.Shape[^2], width = image.Shape[^1];
        byte[] pixels = Interleave(Bytes(image), channels, height * width);
        SKImageInfo info = new(width, height, channels == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888, channels == 4 ? SKAlphaType.Unpremul : SKAlphaType.Opaque);
        fixed (byte* start = pixels)
        {
            using SKPixmap pixmap = new(info, (IntPtr)start, info.RowBytes);
            using SKData? data = pixmap.Encode(encoded, quality);
            return data?.ToArray() ?? throw new ArgumentException($"An image of {width:N0} × {height:N0} pixels cannot be written as {format}.", nameof(image));
        }
    }

    /// <summary>The images of a batch as one, row by row; uint8, [channels, height, width].</summary>
    /// <param name="images">[N, channels, height, width].</param>
    /// <param name="columns">How many stand in a row.</param>
    /// <param name="padding">The black pixels around each.</param>
    /// <exception cref="ArgumentException">It is no batch of images.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no columns, or fewer than no pixels between them.</exception>
    /// <exception cref="DTypeMismatchException">The numbers are of another type.</exception>
    /// <exception cref="OverflowException">The image would have more pixels than can be counted.</exception>
    public static Tensor Grid(Tensor images, int columns = 8, int padding = 2)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        if (images.Rank != 4 || images.ElementCount == 0)
        {
            throw new ArgumentException($"A grid is made of images [N, channels, height, width]; this is {images.Shape}.", nameof(images));
        }

        (int count, int channels, int height, int width) = (images.Shape[0], images.Shape[1], images.Shape[2], images.Shape[3]);
        columns = Math.Min(columns, count);
        int rows = (count + columns - 1) / columns;
        int tall = checked((rows * (height + padding)) + padding), wide = checked((columns * (width + padding)) + padding);
        byte[] all = new byte[checked(channels * tall * wide)], source = Bytes(images);
        for (int line = 0; line < count * channels * height; line++)
        {
            int image = line / (channels * height), channel = line / height % channels;
            int top = padding + (image / columns * (height + padding)) + (line % height), left = padding + (image % columns * (width + padding));
            source.AsSpan(line * width, width).CopyTo(all.AsSpan((((channel * tall) + top) * wide) + left));
        }

        return Tensor.From<byte>(all, [channels, tall, wide], images.Device);
    }

    private static ImageFileFormat FormatOf(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".PNG" => ImageFileFormat.Png,
        ".JPG" or ".JPEG" => ImageFileFormat.Jpeg,
        ".WEBP" => ImageFileFormat.WebP,
        _ => throw new ArgumentException($"'{path}' has no extension of a format that is written: .png, .jpg, .jpeg, .webp.", nameof(path)),
    };

    private static byte[] Bytes(Tensor x)
    {
        if (x.DType == DType.UInt8)
        {
            return x.ToArray<byte>();
        }

        if (!x.DType.IsFloatingPoint())
        {
            throw new DTypeMismatchException($"Images are written from uint8 (0 to 255) or floating numbers (0 to 1); this tensor is {x.DType.ShortName()}. Convert it: To(DType.UInt8).");
        }

        using TensorScope scope = TensorScope.Begin();
        return Array.ConvertAll(x.Detach().To(DType.Float32).ToArray<float>(), static v => v > 0 ? (byte)((Math.Min(v, 1f) * 255) + 0.5f) : (byte)0);
    }

    /// <summary>Pixel by pixel instead of channel by channel; three channels become four, as Skia reads them.</summary>
    private static byte[] Interleave(byte[] planes, int channels, int plane)
    {
        if (channels == 1)
        {
            return planes;
        }

        byte[] pixels = new byte[checked(4 * plane)];
        for (int i = 0; i < plane; i++)
        {
            for (int channel = 0; channel < 4; channel++)
            {
                pixels[(4 * i) + channel] = channel < channels ? planes[(channel * plane) + i] : byte.MaxValue;
            }
        }

        return pixels;
    }
}
