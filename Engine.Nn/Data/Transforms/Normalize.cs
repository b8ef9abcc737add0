namespace Engine.Nn;

/// <summary>Normalises the channels of floating-point images: <c>y = (x − mean)/std</c>. Images as bytes are normalised by a <see cref="PixelNormalization"/>.</summary>
/// <example><code>
/// loader.With(seed: 1, new Normalize(ImageNet.Mean, ImageNet.Std))
/// </code></example>
public sealed class Normalize : ITensorTransform
{
    private readonly double[] _mean, _std;

    /// <summary>A transform.</summary>
    /// <param name="mean">The mean of each channel, or one for all.</param>
    /// <param name="std">The standard deviation of each channel, or one for all.</param>
    /// <exception cref="ArgumentException">There are not as many means as deviations, a number is not finite, or a deviation is not positive.</exception>
    public Normalize(IEnumerable<double> mean, IEnumerable<double> std)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(std);
        (_mean, _std) = ([.. mean], [.. std]);
        if (_mean.Length == 0 || _mean.Length != _std.Length || !_mean.All(double.IsFinite) || !_std.All(static s => s > 0 && double.IsFinite(s)))
        {
            throw new ArgumentException($"Normalize: there are {_mean.Length} means and {_std.Length} deviations; each channel has one of each, or all have one, finite, and the deviations positive.", nameof(std));
        }
    }

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, ref SampleRandom random)
    {
        Tensor batch = ImageTensors.Batched(nameof(Normalize), images);
        if (_mean.Length != 1 && _mean.Length != batch.Shape[1])
        {
            throw new ShapeMismatchException($"Normalize: images {images.Shape} have {batch.Shape[1]} channels, and there are {_mean.Length} means.");
        }

        return (images - Channels(_mean, images)) / Channels(_std, images);
    }

    /// <summary>In float64 only where the images are: not every device has it.</summary>
    private static Tensor Channels(double[] values, Tensor images) => images.DType == DType.Float64
        ? Tensor.From<double>(values, [values.Length, 1, 1], images.Device)
        : Tensor.From<float>(Array.ConvertAll(values, static v => (float)v), [values.Length, 1, 1], images.Device).To(images.DType);
}
