using System.Buffers;
using System.Globalization;

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
    private readonly Shape _stored;
    private readonly Compose _transforms;

    /// <summary>Takes over the arrays without copying them.</summary>
    /// <param name="pixels">The images one after another, each [channels, height, width].</param>
    /// <param name="labels">The class of each image.</param>
    /// <param name="image">The shape of one image.</param>
    /// <param name="normalization">How bytes become numbers; <see cref="PixelNormalization.None"/> if left out.</param>
    /// <exception cref="ShapeMismatchException">The shape does not have three axes, or there are not as many pixels as labels need.</exception>
    public ImageDataset(byte[] pixels, byte[] labels, Shape image, PixelNormalization? normalization = null)
        : this(pixels, labels, image, normalization ?? PixelNormalization.None, Compose.Nothing)
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

    private ImageDataset(byte[] pixels, byte[] labels, Shape image, PixelNormalization normalization, Compose transforms)
    {
        _pixels = pixels;
        _labels = labels;
        _imageBytes = (int)image.ElementCount;
        _normalization = normalization;
        _transforms = transforms;
        _stored = image;
        Image = transforms.OutputShape(image);
    }

    /// <inheritdoc/>
    public int Count => _labels.Length;

    /// <summary>The shape of one image in a batch, after all transforms: [channels, height, width].</summary>
    public Shape Image { get; }

    /// <summary>The class of each image.</summary>
    public ReadOnlySpan<byte> Labels => _labels;

    /// <summary>The pixels of one image as they are stored, before any transform.</summary>
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
        ImageDataset changed = new(_pixels, _labels, _stored, _normalization, new Compose([.. _transforms.Transforms, .. transforms]));
        _normalization.CheckFits(changed.Image);
        return changed;
    }

    /// <summary>
    /// The same images, changed by the transforms that draw no random numbers, and by <see cref="IImageTransform.WithoutRandomness"/> of the others; those added to
    /// it later are all applied.
    /// </summary>
    public ImageDataset WithoutRandomChanges() => new(_pixels, _labels, _stored, _normalization, (Compose)_transforms.WithoutRandomness);

    IDataset IDataset.WithoutRandomChanges() => WithoutRandomChanges();

    long[] IHasClassNumbers.ClassNumbers() => Array.ConvertAll(_labels, static label => (long)label);

    IDataset ITransformable.With(IImageTransform[] transforms) => With(transforms);

    /// <summary>"ImageDataset(10,000 samples of [1, 28, 28])".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"ImageDataset({Count:N0} samples of {Image})");

    /// <inheritdoc/>
    public Batch GetBatch(in BatchRequest request)
    {
        request.RefuseCollate(this);
        int count = request.Indices.Length, size = (int)Image.ElementCount;
        float[] inputs = ArrayPool<float>.Shared.Rent(count * size);
        long[] targets = ArrayPool<long>.Shared.Rent(count);
        byte[] changed = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> image = Pixels(request.Indices[i]);
                if (_transforms.Transforms.Count > 0)
                {
                    SampleRandom random = request.Random(i);
                    _transforms.Apply(image, changed.AsSpan(0, size), _stored, ref random);
                    image = changed.AsSpan(0, size);
                }

                _normalization.Apply(image, inputs.AsSpan(i * size, size), Image[0]);
                targets[i] = _labels[request.Indices[i]];
            }

            return new Batch(
                Tensor.From<float>(inputs.AsSpan(0, count * size), [count, .. Image.AsSpan()], request.Device),
                Tensor.From<long>(targets.AsSpan(0, count), request.Device));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(inputs);
            ArrayPool<long>.Shared.Return(targets);
            ArrayPool<byte>.Shared.Return(changed);
        }
    }
}
