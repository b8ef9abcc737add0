using System.Buffers;
using Engine.Nn;

namespace Engine.Data.Images;

/// <summary>The images of a batch one behind another, as bytes or as numbers.</summary>
internal struct BatchImages(ImageOptions options, int count) : IDisposable
{
    private readonly PixelNormalization _normalization = options.Normalization ?? PixelNormalization.None;
    private Shape _image;
    private string? _first;
    private byte[]? _bytes;
    private float[]? _numbers;
    private int _done;

    private readonly int Size => (int)_image.ElementCount;

    /// <summary>Where the bytes of the next image go. All have the shape of the first.</summary>
    public Span<byte> Next(Shape image, string file)
    {
        if (_first is null)
        {
            if (!options.AsBytes)
            {
                _normalization.CheckFits(image);
                _numbers = ArrayPool<float>.Shared.Rent(checked((int)(count * image.ElementCount)));
            }

            _bytes = ArrayPool<byte>.Shared.Rent(checked((int)((options.AsBytes ? count : 1) * image.ElementCount)));
            (_image, _first) = (image, file);
        }
        else if (image != _image)
        {
            throw new ShapeMismatchException($"it is {image} in a batch where {_first} is {_image}; images of one batch have one size. Add a Resize and a CenterCrop, or a RandomResizedCrop.");
        }

        return _bytes.AsSpan(options.AsBytes ? _done * Size : 0, Size);
    }

    /// <summary>The bytes are there.</summary>
    public void Finish()
    {
        if (_numbers is not null)
        {
            _normalization.Apply(_bytes.AsSpan(0, Size), _numbers.AsSpan(_done * Size, Size), _image[0]);
        }

        _done++;
    }

    /// <summary>[N, channels, height, width].</summary>
    public readonly Tensor ToTensor(Device device)
    {
        int[] shape = _first is null ? [0, (int)options.Colors, 0, 0] : [count, .. _image.AsSpan()];
        return options.AsBytes ? Tensor.From<byte>(_bytes.AsSpan(0, count * Size), shape, device) : Tensor.From<float>(_numbers.AsSpan(0, count * Size), shape, device);
    }

    /// <summary>The only image, [channels, height, width].</summary>
    public readonly HostArray ToHostArray() => options.AsBytes ? HostArray.From(_bytes.AsSpan(0, Size).ToArray(), _image) : HostArray.From(_numbers.AsSpan(0, Size).ToArray(), _image);

    public readonly void Dispose()
    {
        if (_bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        if (_numbers is not null)
        {
            ArrayPool<float>.Shared.Return(_numbers);
        }
    }
}
