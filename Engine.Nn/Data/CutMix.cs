namespace Engine.Nn;

/// <summary>
/// CutMix (Yun et al. 2019): a rectangle of each image is replaced by that of another one of the batch, and the targets are mixed by the
/// areas. The rectangle has the share 1 − λ of the image, λ from Beta(α, α), around a random centre; the part outside of the image is cut off.
/// </summary>
/// <remarks>
/// Inputs [N, C, H, W] keep shape, type and, pixel by pixel, their values. Class numbers [N] become probabilities [N, classes] in float32;
/// floating targets are mixed as they are, several of them and weights of samples too. There may be one input only.
/// </remarks>
/// <example><code>loader.With(seed: 1, new CutMix(classes: 10))</code></example>
public sealed class CutMix : IBatchTransform
{
    private readonly double _alpha;
    private readonly int? _classes;

    /// <summary>A transform.</summary>
    /// <param name="alpha">α: 1 draws the kept share uniformly.</param>
    /// <param name="classes">The number of classes; not needed where targets are floating-point.</param>
    /// <exception cref="ArgumentOutOfRangeException">α is not positive and finite, or there is no class.</exception>
    public CutMix(double alpha = 1, int? classes = null)
    {
        _alpha = Hyper.Positive(alpha, owner: nameof(CutMix));
        _classes = classes is { } count ? Hyper.Count(count, nameof(classes), nameof(CutMix)) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeMismatchException">The inputs are no images [N, C, H, W].</exception>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a target is no class below their number. On a card its row is all 0.</exception>
    /// <exception cref="DTypeMismatchException">The inputs are no floating-point numbers, or the targets class numbers of an unknown number of classes.</exception>
    public Batch Apply(Batch batch, ref SampleRandom random)
    {
        BatchMixing.CheckInputs(nameof(CutMix), batch);
        if (batch.AllInputs.Count > 1)
        {
            throw new ShapeMismatchException($"CutMix: the inputs are {batch.AllInputs}; it replaces a part of an image, and of what else belongs to the image no part. MixUp mixes all inputs.");
        }

        Tensor x = batch.Inputs;
        if (x.Rank != 4 || x.Shape[2] == 0 || x.Shape[3] == 0)
        {
            throw new ShapeMismatchException($"CutMix: inputs are {x.Shape}; they must be images [N, C, H, W]. MixUp takes any shape.");
        }

        (int height, int width) = (x.Shape[2], x.Shape[3]);
        double half = 0.5 * Math.Sqrt(1 - random.NextBeta(_alpha, _alpha));
        (int top, int bottom) = Range(height, half, ref random);
        (int left, int right) = Range(width, half, ref random);
        Tensor partners = BatchMixing.Partners(batch, ref random);
        Tensors targets = BatchMixing.Soft(nameof(CutMix), batch, _classes);

        byte[] inside = new byte[height * width];
        for (int y = top; y < bottom; y++)
        {
            inside.AsSpan((y * width) + left, right - left).Fill(1);
        }

        Tensor mask = Tensor.From<byte>(inside, [height, width], x.Device).To(DType.Bool);
        Tensor images = x.ElementCount == 0 ? x.Clone() : Tensor.Where(mask, x.IndexSelect(0, partners), x);
        double kept = 1 - ((double)(bottom - top) * (right - left) / ((double)height * width));
        return new Batch(
            images, targets.Select(t => BatchMixing.Blend(nameof(CutMix), t, partners, kept)), BatchMixing.Weights(nameof(CutMix), batch, partners, kept));
    }

    /// <summary>From half a side before a random centre to half a side after it, inside of the image.</summary>
    private static (int From, int To) Range(int size, double half, ref SampleRandom random)
    {
        int centre = random.Next(size), reach = (int)(half * size);
        return (Math.Max(0, centre - reach), Math.Min(size, centre + reach));
    }
}
