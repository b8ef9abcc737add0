using System.Buffers;
using Engine.Nn;
using SkiaSharp;

namespace Engine.Data.Images;

/// <summary>Decodes as much of an image, and as finely, as the first transform uses.</summary>
internal static class SkiaDecoder
{
    // An image is not decoded at a size below twice that of the result, so that what the codec's plain averages blur is averaged away.
    private const double ReducingGap = 2;
    private const int LeastScale = 8;

    public static unsafe Shape ReadShape(ReadOnlySpan<byte> file, ImageOptions options, string name)
    {
        fixed (byte* start = file)
        {
            using SKData data = SKData.Create((IntPtr)start, file.Length);
            using SKCodec codec = Open(data, file.Length, options, name);
            return Whole(codec, options);
        }
    }

    /// <summary>Decodes what a transform uses, or all of it.</summary>
    /// <param name="file">The bytes of the file.</param>
    /// <param name="options">How it is read.</param>
    /// <param name="first">The transform that is applied to <see cref="ImagePixels.Region"/> next, or null.</param>
    /// <param name="random">The random numbers of the sample.</param>
    /// <param name="name">What an error calls the file.</param>
    public static unsafe ImagePixels Decode(ReadOnlySpan<byte> file, ImageOptions options, IRegionTransform? first, ref SampleRandom random, string name)
    {
        fixed (byte* start = file)
        {
            using SKData data = SKData.Create((IntPtr)start, file.Length);
            using SKCodec codec = Open(data, file.Length, options, name);
            Shape whole = Whole(codec, options);
            SKEncodedOrigin origin = Origin(codec, options);
            if (first is null)
            {
                return Decode(codec, codec.Info.Size, origin, whole, new CropRegion(0, 0, whole[1], whole[2]), options, name);
            }

            CropRegion region = first.Region(whole, ref random);
            SKSizeI size = codec.Info.Size;
            if (options.ScaledDecode && first.Averages)
            {
                size = Scaled(codec, region, first.OutputShape(whole));
            }

            return Decode(codec, size, origin, whole, region, options, name);
        }
    }

    private static SKCodec Open(SKData data, int length, ImageOptions options, string name)
    {
        if (length > options.MaxFileBytes)
        {
            throw new BadImageException(name, $"it has {length:N0} bytes; MaxFileBytes allows {options.MaxFileBytes:N0}");
        }

        if (length == 0)
        {
            throw new BadImageException(name, "it is empty");
        }

        SKCodec? codec = SKCodec.Create(data);
        if (codec is null)
        {
            throw new BadImageException(name, "it is no JPEG, PNG, WebP, BMP or GIF, or it ends within its header");
        }

        string? reason = codec.EncodedFormat is not (SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Png or SKEncodedImageFormat.Webp or SKEncodedImageFormat.Bmp or SKEncodedImageFormat.Gif)
            ? $"it is {codec.EncodedFormat.ToString().ToUpperInvariant()}; JPEG, PNG, WebP, BMP and GIF are read"
            : codec.Info.Width < 1 || codec.Info.Height < 1 ? $"it has {codec.Info.Width} × {codec.Info.Height} pixels"
            : (long)codec.Info.Width * codec.Info.Height > options.MaxPixels ? $"it has {codec.Info.Width:N0} × {codec.Info.Height:N0} pixels by its header; MaxPixels allows {options.MaxPixels:N0}"
            : null;
        if (reason is not null)
        {
            codec.Dispose();
            throw new BadImageException(name, reason);
        }

        return codec;
    }

    private static SKEncodedOrigin Origin(SKCodec codec, ImageOptions options) => options.HonorOrientation ? codec.EncodedOrigin : SKEncodedOrigin.TopLeft;

    private static Shape Whole(SKCodec codec, ImageOptions options) => Interleaved.IsTransposed(Origin(codec, options))
        ? [(int)options.Colors, codec.Info.Width, codec.Info.Height]
        : [(int)options.Colors, codec.Info.Height, codec.Info.Width];

    private static SKSizeI Scaled(SKCodec codec, CropRegion region, Shape output)
    {
        double larger = Math.Min(region.Height / output[1], region.Width / output[2]) / ReducingGap;
        int scale = 1;
        while (scale < LeastScale && 2 * scale <= larger)
        {
            scale *= 2;
        }

        return scale == 1 ? codec.Info.Size : codec.GetScaledDimensions(1f / scale);
    }

    private static unsafe ImagePixels Decode(SKCodec codec, SKSizeI size, SKEncodedOrigin origin, Shape whole, CropRegion region, ImageOptions options, string name)
    {
        (int height, int width) = Interleaved.IsTransposed(origin) ? (size.Width, size.Height) : (size.Height, size.Width);
        (double down, double across) = ((double)height / whole[1], (double)width / whole[2]);
        CropRegion scaled = new(region.Top * down, region.Left * across, region.Height * down, region.Width * across);
        int top = Math.Clamp((int)Math.Floor(scaled.Top), 0, height - 1), bottom = Math.Clamp((int)Math.Ceiling(scaled.Top + scaled.Height), top + 1, height);
        int left = Math.Clamp((int)Math.Floor(scaled.Left), 0, width - 1), right = Math.Clamp((int)Math.Ceiling(scaled.Left + scaled.Width), left + 1, width);

        SKImageInfo info = new(size.Width, size.Height, SKColorType.Rgba8888, codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        bool rowsOnly = origin == SKEncodedOrigin.TopLeft && codec.EncodedFormat == SKEncodedImageFormat.Jpeg && bottom - top < height;
        (int firstRow, int rows) = rowsOnly ? (top, bottom - top) : (0, size.Height);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(rows * info.RowBytes);
        try
        {
            fixed (byte* start = buffer)
            {
                Check(rowsOnly ? Rows(codec, info, firstRow, rows, (IntPtr)start) : codec.GetPixels(info, (IntPtr)start), options, name);
            }

            ImagePixels pixels = new([(int)options.Colors, bottom - top, right - left])
            {
                Whole = whole,
                Region = new CropRegion(scaled.Top - top, scaled.Left - left, scaled.Height, scaled.Width),
            };
            Interleaved.Separate(buffer, size.Width, rows, origin, options.Colors, top - firstRow, left, pixels.Shape, pixels.Span);
            return pixels;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Some rows of a JPEG: those above are skipped without being transformed to pixels, those below are not read at all.</summary>
    private static SKCodecResult Rows(SKCodec codec, SKImageInfo info, int first, int count, IntPtr destination)
    {
        SKCodecResult result = codec.StartScanlineDecode(info);
        return result != SKCodecResult.Success ? result
            : first > 0 && !codec.SkipScanlines(first) ? SKCodecResult.IncompleteInput
            : codec.GetScanlines(destination, count, info.RowBytes) < count ? SKCodecResult.IncompleteInput
            : SKCodecResult.Success;
    }

    private static void Check(SKCodecResult result, ImageOptions options, string name)
    {
        bool damaged = result is SKCodecResult.IncompleteInput or SKCodecResult.ErrorInInput;
        if (result != SKCodecResult.Success && !(damaged && options.AllowTruncated))
        {
            throw new BadImageException(name, result switch
            {
                SKCodecResult.IncompleteInput => "it ends before all its pixels; AllowTruncated would read the rest as it is",
                SKCodecResult.ErrorInInput => "its pixels are damaged; AllowTruncated would read them as far as they go",
                _ => $"it cannot be decoded ({result})",
            });
        }
    }
}
