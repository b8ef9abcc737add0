namespace Engine.Nn;

/// <summary>The share of yes-or-no answers that are right: a score above the threshold says yes, a target above one half asks for it.</summary>
/// <remarks>
/// Prediction and target have one shape, [N] or [N, 1] or any other. The threshold is 0 for logits (<see cref="Losses.BceWithLogits(Tensor, Tensor)"/>)
/// and 0.5 for probabilities (<see cref="Losses.Bce(Tensor, Tensor)"/>). NaN is never right.
/// </remarks>
public sealed class BinaryAccuracy : ShareMetric
{
    private readonly double _threshold;

    /// <summary>The metric under the name <c>accuracy</c> or another.</summary>
    /// <param name="threshold">0 for logits, 0.5 for probabilities.</param>
    /// <param name="name">The name in logs.</param>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is not finite.</exception>
    public BinaryAccuracy(double threshold = 0, string name = "accuracy")
        : base(name)
    {
        _threshold = double.IsFinite(threshold)
            ? threshold
            : throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "BinaryAccuracy: the threshold must be finite; 0 for logits, 0.5 for probabilities.");
    }

    /// <inheritdoc/>
    public override Metric Fresh() => new BinaryAccuracy(_threshold, Name);

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        Guard.SamePairs(Name, prediction, target, "prediction");
        Tensor wanted = target.DType == DType.Bool ? target : target > 0.5;
        Tensor right = (prediction > _threshold).EqualTo(wanted).And(prediction.EqualTo(prediction));
        Add(right, Tensor.Ones(prediction.Shape, DType.Bool, prediction.Device));
    }
}
