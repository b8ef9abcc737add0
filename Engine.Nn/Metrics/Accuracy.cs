namespace Engine.Nn;

/// <summary>The share of samples whose largest score is that of the true class.</summary>
public sealed class Accuracy : ShareMetric
{
    /// <summary>The metric under the name <c>accuracy</c> or another.</summary>
    public Accuracy(string name = "accuracy")
        : base(name)
    {
    }

    /// <inheritdoc/>
    public override Metric Fresh() => new Accuracy(Name);

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        Tensor truth = ClassesOf(prediction, target);
        Add(prediction.ArgMax(1).EqualTo(truth), truth >= 0);
    }
}
