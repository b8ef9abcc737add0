namespace Engine.Nn;

/// <summary>Cuts the middle out of an image; a frame of zeros surrounds one that is smaller.</summary>
public sealed class CenterCrop : IImageTransform, ITensorTransform
{
    private readonly int _height, _width;

    /// <summary>A square.</summary>
    public CenterCrop(int size)
        : this(size, size)
    {
    }

    /// <summary>A rectangle.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public CenterCrop(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (_height, _width) = (height, width);
    }

    /// <inheritdoc/>
    public IImageTransform WithoutRandomness => this;

    /// <inheritdoc/>
    public Shape OutputShape(Shape image) => [image[0], _height, _width];

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, ref SampleRandom random)
    {
        Tensor batch = ImageTensors.Batched(nameof(CenterCrop), images);
        return ImageTensors.Unbatched(ImageTensors.Cut(batch, _height, _width, Start(batch.Shape[2], _height), Start(batch.Shape[3], _width), ImagePadding.Constant, 0).Contiguous(), images);
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
    {
        ImageSpans.Check(source, destination, image, OutputShape(image));
        ImageBorder.Cut(source, image, destination, _height, _width, Start(image[1], _height), Start(image[2], _width), ImagePadding.Constant, 0);
    }

    /// <summary>PyTorch's rounding: half a pixel goes to the even number, and a frame is thinner above and on the left.</summary>
    private static int Start(int size, int cropped) => size >= cropped ? (int)Math.Round((size - cropped) / 2.0) : -((cropped - size) / 2);
}
