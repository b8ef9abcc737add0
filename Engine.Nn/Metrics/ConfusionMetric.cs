namespace Engine.Nn;

/// <summary>A metric that follows from a <see cref="ConfusionMatrix"/> of its own.</summary>
public abstract class ConfusionMetric : Metric
{
    private protected ConfusionMetric(int classes, Averaging averaging, string name)
        : base(name)
    {
        Matrix = new ConfusionMatrix(classes);
        Averaging = averaging;
    }

    /// <summary>How the values of the classes become one.</summary>
    public Averaging Averaging { get; }

    /// <summary>The counts that it is computed from.</summary>
    public ConfusionMatrix Matrix { get; }

    /// <inheritdoc/>
    public override void Reset() => Matrix.Reset();

    /// <inheritdoc/>
    public override void Save(TrainingState state) => Matrix.Save(state);

    /// <inheritdoc/>
    public override void Load(TrainingState state) => Matrix.Load(state);

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target) => Matrix.Update(prediction, target);
}

/// <summary>The share of the predictions of a class that are right: TP/(TP + FP).</summary>
public sealed class Precision(int classes, Averaging averaging = Averaging.Macro, string name = "precision") : ConfusionMetric(classes, averaging, name)
{
    /// <inheritdoc/>
    public override double Compute() => Matrix.Precision(Averaging);

    /// <inheritdoc/>
    public override Metric Fresh() => new Precision(Matrix.Classes, Averaging, Name);
}

/// <summary>How much of a class was found: TP/(TP + FN).</summary>
public sealed class Recall(int classes, Averaging averaging = Averaging.Macro, string name = "recall") : ConfusionMetric(classes, averaging, name)
{
    /// <inheritdoc/>
    public override double Compute() => Matrix.Recall(Averaging);

    /// <inheritdoc/>
    public override Metric Fresh() => new Recall(Matrix.Classes, Averaging, Name);
}

/// <summary>The harmonic mean of precision and recall: 2·TP/(2·TP + FP + FN).</summary>
public sealed class F1(int classes, Averaging averaging = Averaging.Macro, string name = "f1") : ConfusionMetric(classes, averaging, name)
{
    /// <inheritdoc/>
    public override double Compute() => Matrix.F1(Averaging);

    /// <inheritdoc/>
    public override Metric Fresh() => new F1(Matrix.Classes, Averaging, Name);
}

/// <summary>Intersection over union of classes, TP/(TP + FP + FN), also of the pixels of images: mean IoU, or Jaccard index.</summary>
public sealed class JaccardIndex(int classes, Averaging averaging = Averaging.Macro, string name = "iou") : ConfusionMetric(classes, averaging, name)
{
    /// <inheritdoc/>
    public override double Compute() => Matrix.IoU(Averaging);

    /// <inheritdoc/>
    public override Metric Fresh() => new JaccardIndex(Matrix.Classes, Averaging, Name);
}

/// <summary>The mean over the true classes of the share of their samples that are right.</summary>
public sealed class BalancedAccuracy(int classes, string name = "balanced_accuracy") : ConfusionMetric(classes, Averaging.Macro, name)
{
    /// <inheritdoc/>
    public override double Compute() => Matrix.BalancedAccuracy();

    /// <inheritdoc/>
    public override Metric Fresh() => new BalancedAccuracy(Matrix.Classes, Name);
}

/// <summary>Cohen's kappa: how much more predictions and targets agree than by chance.</summary>
public sealed class CohenKappa(int classes, KappaWeights weights = KappaWeights.None, string name = "kappa") : ConfusionMetric(classes, Averaging.Micro, name)
{
    /// <inheritdoc/>
    public override double Compute() => Matrix.Kappa(weights);

    /// <inheritdoc/>
    public override Metric Fresh() => new CohenKappa(Matrix.Classes, weights, Name);
}

/// <summary>Matthews' correlation coefficient of predicted and true classes.</summary>
public sealed class MatthewsCorrelation(int classes, string name = "mcc") : ConfusionMetric(classes, Averaging.Micro, name)
{
    /// <inheritdoc/>
    public override double Compute() => Matrix.Matthews();

    /// <inheritdoc/>
    public override Metric Fresh() => new MatthewsCorrelation(Matrix.Classes, Name);
}
