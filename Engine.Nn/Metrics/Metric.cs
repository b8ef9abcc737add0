namespace Engine.Nn;

/// <summary>A figure of merit over many batches. Sums are kept on the device; only <see cref="Compute"/> waits for it.</summary>
/// <remarks>
/// Metrics of classes take predictions [N, C, …] (logits or probabilities) and class numbers [N, …] of any integer type; negative class
/// numbers, such as the losses' ignore index −100, are not counted. Of floating targets [N, C, …], class probabilities or one-hot rows, the
/// class with the largest is the true one.
/// </remarks>
public abstract class Metric
{
    /// <summary>Names the metric, as logs and monitors do: <c>accuracy</c>; of validation data it is <c>val_accuracy</c>.</summary>
    protected Metric(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>The name in logs.</summary>
    public string Name { get; }

    /// <summary>Counts a batch.</summary>
    /// <exception cref="ShapeMismatchException">Prediction and target do not fit together.</exception>
    public void Update(Tensor prediction, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(target);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Accumulate(prediction, target);
    }

    /// <summary>The value over all batches since the last <see cref="Reset"/>; NaN before the first.</summary>
    public abstract double Compute();

    /// <summary>A metric of the same name and settings that has counted nothing, for other data.</summary>
    public abstract Metric Fresh();

    /// <summary>Forgets all batches.</summary>
    public abstract void Reset();

    /// <summary>Writes the sums, so that an epoch can go on from its middle.</summary>
    public abstract void Save(TrainingState state);

    /// <summary>Goes to saved sums.</summary>
    public abstract void Load(TrainingState state);

    /// <summary>Counts a batch; no gradients are recorded, and temporary tensors are disposed afterwards.</summary>
    protected abstract void Accumulate(Tensor prediction, Tensor target);

    /// <summary>The true class of each sample, int64 [N, …], of class numbers or class probabilities that fit to predictions [N, C, …].</summary>
    private protected Tensor ClassesOf(Tensor prediction, Tensor target)
    {
        if (prediction.Rank >= 2 && prediction.Shape[1] == 1)
        {
            throw new ShapeMismatchException(
                $"{Name}: prediction is {prediction.Shape}, a single class on axis 1, which is always the largest. Of one score a sample use {nameof(BinaryAccuracy)}; of classes give the scores of all.");
        }

        if (prediction.Rank >= 2 && target.Shape == prediction.Shape)
        {
            return target.DType.IsFloatingPoint()
                ? target.ArgMax(1)
                : throw new DTypeMismatchException($"{Name}: target is {target.DType.ShortName()} {target.Shape} like the prediction; class numbers have one axis less. Of one-hot rows use target.To(DType.Float32), or target.ArgMax(1).");
        }

        bool fits = prediction.Rank >= 2 && target.Rank == prediction.Rank - 1 && prediction.Shape.Remove(1) == target.Shape;
        if (!fits)
        {
            throw new ShapeMismatchException($"{Name}: prediction is {prediction.Shape}, target is {target.Shape}; for a prediction [N, C, …] the target must be [N, …].");
        }

        return target.DType.IsFloatingPoint()
            ? throw new DTypeMismatchException($"{Name}: target is {target.DType.ShortName()}; class numbers are integers. Convert it with To(DType.Int64).")
            : target.To(DType.Int64);
    }
}
