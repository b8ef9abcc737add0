namespace Engine.Nn;

/// <summary>
/// Mixup (Zhang, Cissé, Dauphin and Lopez-Paz 2018): each sample becomes λ·x + (1 − λ)·x′ with another one of the batch, its target
/// λ·y + (1 − λ)·y′; one λ from Beta(α, α) for the batch. The network learns to behave linearly between samples: smoother boundaries.
/// </summary>
/// <remarks>
/// Inputs [N, …] keep shape and type. Class numbers [N] become probabilities [N, classes] in float32, which <see cref="Losses.CrossEntropy(Tensor, Tensor)"/>
/// and the metrics take (a sample then counts for the class with the larger share); floating targets are mixed as they are. Of a batch with several inputs or
/// targets all are mixed, by the same λ and with the same partners, and so are weights of samples; at most one target may be class numbers.
/// </remarks>
/// <example><code>loader.With(seed: 1, new MixUp(alpha: 0.2, classes: 10))</code></example>
public sealed class MixUp : IBatchTransform
{
    private readonly double _alpha;
    private readonly int? _classes;

    /// <summary>A transform.</summary>
    /// <param name="alpha">α: small mixes little (0.2 is usual for images), 1 draws λ uniformly.</param>
    /// <param name="classes">The number of classes; not needed where targets are floating-point.</param>
    /// <exception cref="ArgumentOutOfRangeException">α is not positive and finite, or there is no class.</exception>
    public MixUp(double alpha = 1, int? classes = null)
    {
        _alpha = Hyper.Positive(alpha, owner: nameof(MixUp));
        _classes = classes is { } count ? Hyper.Count(count, nameof(classes), nameof(MixUp)) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a target is no class below their number. On a card its row is all 0.</exception>
    /// <exception cref="DTypeMismatchException">The inputs are no floating-point numbers, or the targets class numbers of an unknown number of classes.</exception>
    public Batch Apply(Batch batch, ref SampleRandom random)
    {
        BatchMixing.CheckInputs(nameof(MixUp), batch);
        double lambda = random.NextBeta(_alpha, _alpha);
        Tensor partners = BatchMixing.Partners(batch, ref random);
        Tensors targets = BatchMixing.Soft(nameof(MixUp), batch, _classes);
        return new Batch(
            batch.AllInputs.Select(x => BatchMixing.Blend(nameof(MixUp), x, partners, lambda)),
            targets.Select(t => BatchMixing.Blend(nameof(MixUp), t, partners, lambda)),
            BatchMixing.Weights(nameof(MixUp), batch, partners, lambda));
    }
}
