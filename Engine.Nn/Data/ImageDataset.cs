using System.Buffers;

namespace Engine.Nn;

/// <summary>
/// Labelled images in host memory, one byte a pixel. A batch is made when it is asked for: transforms on the bytes, then normalisation to
/// float32; so a data set takes a quarter of the memory that its numbers would.
/// </summary>
/// <remarks>Inputs are [N, channels, height, width] in float32, targets [N] in int64.</remarks>
public sealed class ImageDataset : IDataset, ITransformable, IHasClassNumbers
{
    private readonly byte[] _pixels;
    private readonly byte[] _labels;
    private readonly int _imageBytes;
    private readonly PixelNormalization _normalization;
    private readonly IImageTransform[] _transforms;

    // So many of the transforms must not change an image by chance.
    private readonly int _fixed;

    /// <summary>Takes over the arrays without copying them.</summary>
    /// <param name="pixels">The images one after another, each [channels, height, width].</param>
    /// <param name="labels">The class of each image.</param>
    /// <param name="image">The shape of one image.</param>
    /// <param name="normalization">How bytes become numbers; <see cref="PixelNormalization.None"/> if left out.</param>
    /// <exception cref="ShapeMismatchException">The shape does not have three axes, or there are not as many pixels as labels need.</exception>
    public ImageDataset(byte[] pixels, byte[] labels, Shape image, PixelNormalization? normalization = null)
        : this(pixels, labels, image, normalization ?? PixelNormalization.None, [], 0)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(labels);
        if (image.Rank != 3 || image.ElementCount == 0)
        {
            throw new ShapeMismatchException($"ImageDataset: an image is [channels, height, width], none of them 0; the shape is {image}.");
        }

        if (pixels.Length != labels.Length * image.ElementCount)
        {
            throw new ShapeMismatchException($"ImageDataset: {labels.Length} images of {image} need {labels.Length * image.ElementCount:N0} pixels; there are {pixels.Length:N0}.");
        }

        _normalization.CheckFits(image);
    }

    private ImageDataset(byte[] pixels, byte[] labels, Shape image, PixelNormalization normalization, IImageTransform[] transforms, int @fixed)
    {
        _pixels = pixels;
        _labels = labels;
        _imageBytes = (int)image.ElementCount;
        _normalization = normalization;
        _transforms = transforms;
        _fixed = @fixed;
        Image = image;
    }

    /// <inheritdoc/>
    public int Count => _labels.Length;

    /// <summary>The shape of one image: [channels, height, width].</summary>
    public Shape Image { get; }

    /// <summary>The class of each image.</summary>
    public ReadOnlySpan<byte> Labels => _labels;

    /// <summary>The pixels of one image.</summary>
    public ReadOnlySpan<byte> Pixels(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _pixels.AsSpan(index * _imageBytes, _imageBytes);
    }

    /// <summary>The same images, changed by these transforms in this order each time they are asked for. Nothing is copied.</summary>
    /// <remarks>The validation part of a <see cref="DatasetViews.Split(IDataset, double, long)"/> is not changed by those that are random.</remarks>
    public ImageDataset With(params IImageTransform[] transforms)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        Guard.NoNulls<IImageTransform>(transforms);
        return new ImageDataset(_pixels, _labels, Image, _normalization, [.. _transforms, .. transforms], _fixed);
    }

    /// <summary>The same images, changed by the transforms that draw no random numbers only; those added to it later are all applied.</summary>
    public ImageDataset WithoutRandomChanges() => new(_pixels, _labels, Image, _normalization, _transforms, _transforms.Length);

    IDataset IDataset.WithoutRandomChanges() => WithoutRandomChanges();

    long[] IHasClassNumbers.ClassNumbers() => Array.ConvertAll(_labels, static label => (long)label);

    IDataset ITransformable.With(IImageTransform[] transforms) => With(transforms);

    /// <inheritdoc/>
    public Batch GetBatch(in BatchRequest request)
    {
        int count = request.Indices.Length;
        float[] inputs = ArrayPool<float>.Shared.Rent(count * _imageBytes);
        long[] targets = ArrayPool<long>.Shared.Rent(count);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(2 * _imageBytes);
        try
        {
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> image = Transform(Pixels(request.Indices[i]), scratch, request.Random(i));
                _normalization.Apply(image, inputs.AsSpan(i * _imageBytes, _imageBytes), Image[0]);
                targets[i] = _labels[request.Indices[i]];
            }

            return new Batch(
                Tensor.From<float>(inputs.AsSpan(0, count * _imageBytes), [count, .. Image.AsSpan()], request.Device),
                Tensor.From<long>(targets.AsSpan(0, count), request.Device));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(inputs);
            ArrayPool<long>.Shared.Return(targets);
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <summary>Each transform reads one half of the scratch memory (the first reads the data set) and writes the other.</summary>
    private ReadOnlySpan<byte> Transform(ReadOnlySpan<byte> image, Span<byte> scratch, SampleRandom random)
    {
        int half = 0;
        for (int i = 0; i < _transforms.Length; i++)
        {
            Span<byte> changed = scratch.Slice(half * _imageBytes, _imageBytes);
            SampleRandom before = random;
            _transforms[i].Apply(image, changed, Image, ref random);
            if (i < _fixed && !random.StandsAt(before))
            {
                // It drew random numbers, so its result is not fixed and is left out.
                continue;
            }

            image = changed;
            half = 1 - half;
        }

        return image;
    }
}
