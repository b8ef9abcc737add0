using System.Buffers;
using Engine.Nn;

namespace Engine.Data.Images;

/// <summary>Decoding and the transforms behind it. The first transform says which part of the image is decoded, and at which size, where it can.</summary>
internal sealed class ImageSteps
{
    private readonly ImageOptions _options;
    private readonly IRegionTransform? _first;
    private readonly Compose _rest;

    public ImageSteps(ImageOptions options, Compose transforms)
    {
        (_options, Transforms) = (options, transforms);
        IImageTransform[] flat = [.. Flat(transforms)];
        _first = flat.FirstOrDefault() as IRegionTransform;
        _rest = new Compose(_first is null ? flat : flat[1..]);
    }

    public Compose Transforms { get; }

    /// <summary>The same with more transforms behind.</summary>
    public ImageSteps With(IImageTransform[] transforms) => new(_options, new Compose([.. Transforms.Transforms, .. new Compose(transforms).Transforms]));

    public ImageSteps WithoutRandomness() => new(_options, (Compose)Transforms.WithoutRandomness);

    /// <summary>Puts the image of a file into a batch.</summary>
    /// <exception cref="BadImageException">It cannot be read.</exception>
    public void Add(ref BatchImages images, ReadOnlySpan<byte> file, string name, ref SampleRandom random)
    {
        using ImagePixels pixels = SkiaDecoder.Decode(file, _options, _first, ref random, name);
        try
        {
            if (_first is null)
            {
                Span<byte> whole = images.Next(_rest.OutputShape(pixels.Shape), name);
                _rest.Apply(pixels.Span, whole, pixels.Shape, ref random);
                images.Finish();
                return;
            }

            Shape resized = _first.OutputShape(pixels.Whole), output = _rest.OutputShape(resized);
            Span<byte> destination = images.Next(output, name);
            if (_rest.Transforms.Count == 0)
            {
                _first.Apply(pixels.Span, pixels.Shape, pixels.Region, destination, resized);
            }
            else
            {
                byte[] between = ArrayPool<byte>.Shared.Rent((int)resized.ElementCount);
                Span<byte> first = between.AsSpan(0, (int)resized.ElementCount);
                _first.Apply(pixels.Span, pixels.Shape, pixels.Region, first, resized);
                _rest.Apply(first, destination, resized, ref random);
                ArrayPool<byte>.Shared.Return(between);
            }

            images.Finish();
        }
        catch (ShapeMismatchException e)
        {
            throw new ShapeMismatchException($"{name}: {e.Message}", e);
        }
    }

    /// <summary>Without nesting, so that the first transform is seen.</summary>
    private static IEnumerable<IImageTransform> Flat(Compose transforms) => transforms.Transforms.SelectMany(static t => t is Compose inner ? Flat(inner) : [t]);
}
