using System.Globalization;

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

    /// <summary>Counts a batch of a model with one output or several.</summary>
    /// <remarks>Weights of samples are not used: a metric counts samples.</remarks>
    /// <exception cref="InvalidOperationException">There are several outputs or targets, and the metric does not say which it is of (<see cref="Of(string, string?, string?)"/>).</exception>
    /// <exception cref="ShapeMismatchException">Prediction and target do not fit together.</exception>
    public void Update(Tensors predictions, Batch batch)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Accumulate(predictions, batch);
    }

    /// <summary>The metric of one of a model's outputs: <c>new Accuracy().Of("kind")</c> compares the output "kind" with the target "kind".</summary>
    /// <param name="output">The output's name.</param>
    /// <param name="target">The target's name; where left out the one of the same name, or the only one.</param>
    /// <param name="name">The name in logs; "kind_accuracy" where left out.</param>
    /// <returns>A metric that counts by means of this one.</returns>
    public Metric Of(string output, string? target = null, string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(output);
        return new MetricOfOutput(
            name ?? $"{output}_{Name}",
            this,
            predictions => predictions[output],
            targets => target is not null ? targets[target] : targets.Contains(output) ? targets[output] : targets.SingleFor(Name, "target"));
    }

    /// <summary>The metric of one of a model's outputs by its place.</summary>
    /// <param name="output">The output's place.</param>
    /// <param name="target">The target's place; where left out the only one, or the one at the same place.</param>
    /// <param name="name">The name in logs; "accuracy_1" where left out.</param>
    /// <returns>A metric that counts by means of this one.</returns>
    public Metric Of(int output, int? target = null, string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(output);
        ArgumentOutOfRangeException.ThrowIfNegative(target ?? 0, nameof(target));
        return new MetricOfOutput(
            name ?? string.Create(CultureInfo.InvariantCulture, $"{Name}_{output}"), this, predictions => predictions[output], targets => targets.Count == 1 && target is null ? targets[0] : targets[target ?? output]);
    }

    /// <summary>The name and the value so far: "accuracy 0.8125". Waits for the device.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} {Compute():0.######}");

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

    /// <summary>Counts a batch of a model with several outputs or targets; there must be one of each unless overridden.</summary>
    protected virtual void Accumulate(Tensors predictions, Batch batch) =>
        Accumulate(predictions.SingleFor(Name, "output"), batch.AllTargets.SingleFor(Name, "target"));

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
            string way = prediction.Rank > 2 && prediction.Shape[..^1] == target.Shape
                ? $" Classes on the last axis belong on axis 1: prediction.Permute({string.Join(", ", (int[])[0, prediction.Rank - 1, .. Enumerable.Range(1, prediction.Rank - 2)])}), in the function that Trainer calls."
                : string.Empty;
            throw new ShapeMismatchException($"{Name}: prediction is {prediction.Shape}, target is {target.Shape}; for a prediction [N, C, …] the target must be [N, …].{way}");
        }

        return target.DType.IsFloatingPoint()
            ? throw new DTypeMismatchException($"{Name}: target is {target.DType.ShortName()}; class numbers are integers. Convert it with To(DType.Int64).")
            : target.To(DType.Int64);
    }
}
