using Engine.Nn;

namespace Engine.Data.Images;

/// <summary>Decodes pictures in tar shards: [channels, height, width] in float32 (uint8 with <see cref="ImageOptions.AsBytes"/>), changed by transforms.</summary>
/// <remarks>
/// The first transform says which part of a picture is decoded, and at which size, as in an <see cref="ImageFileDataset"/>. <see cref="ImageOptions.OnBadSample"/> does not count here: nothing can stand in for
/// a sample of a stream.
/// </remarks>
/// <example><code>
/// ImageFieldDecoder picture = new(new ImageOptions { Normalization = PixelNormalization.ImageNet }, new RandomResizedCrop(224), new RandomHorizontalFlip());
/// TarDataset shards = new("train-{000..099}.tar", inputs: [new("jpg;png", picture)], targets: [new("cls", FieldDecoder.Class)]);
/// </code></example>
public sealed class ImageFieldDecoder : FieldDecoder
{
    private readonly ImageOptions _options;
    private readonly ImageSteps _steps;

    /// <summary>A decoder.</summary>
    /// <param name="options">How files are read; RGB if null.</param>
    /// <param name="transforms">The changes, in this order.</param>
    public ImageFieldDecoder(ImageOptions? options = null, params IImageTransform[] transforms)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        _options = options ?? new ImageOptions();
        _steps = new ImageSteps(_options, new Compose(transforms));
    }

    private ImageFieldDecoder(ImageOptions options, ImageSteps steps) => (_options, _steps) = (options, steps);

    /// <inheritdoc/>
    /// <exception cref="BadImageException">It is no image that can be read.</exception>
    public override HostArray Decode(byte[] file, string name, ref SampleRandom random)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(name);
        if (file.Length > _options.MaxFileBytes)
        {
            throw new BadImageException(name, $"it has {file.Length:N0} bytes; MaxFileBytes allows {_options.MaxFileBytes:N0}");
        }

        BatchImages images = new(_options, 1);
        try
        {
            _steps.Add(ref images, file, name, ref random);
            return images.ToHostArray();
        }
        finally
        {
            images.Dispose();
        }
    }

    /// <summary>The same without the transforms that draw random numbers, and with <see cref="IImageTransform.WithoutRandomness"/> of those that have one.</summary>
    public override FieldDecoder WithoutRandomChanges() => new ImageFieldDecoder(_options, _steps.WithoutRandomness());
}
