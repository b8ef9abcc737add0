using System.Globalization;
using System.Text;

namespace Engine.Nn;

/// <summary>
/// The steps of a batch normalisation as values to look at: mean and variance per channel, the normalised values, these scaled and shifted,
/// and the result after the activation.
/// </summary>
/// <remarks>
/// <code>
/// Console.WriteLine(BatchNormSteps.Of(new BatchNorm1d(2), x));            // while training: the batch's statistics
/// Console.WriteLine(BatchNormSteps.Of(bn, x, training: false));           // at prediction: the running averages
/// </code>
/// The layer does not change; <see cref="RunningMean"/> and <see cref="RunningVariance"/> are the running averages that it would get.
/// </remarks>
public sealed class BatchNormSteps
{
    // The number of values of a tensor that the text shows.
    private const int ShownValues = 6;

    private BatchNormSteps(Tensor input, bool usesBatch, Tensor mean, Tensor variance, Tensor normalized, Tensor scaled, Tensor output, (Tensor? Mean, Tensor? Variance) running)
    {
        (Input, UsesBatch, Mean, Variance, Normalized, Scaled, Output) = (input, usesBatch, mean, variance, normalized, scaled, output);
        (RunningMean, RunningVariance) = running;
    }

    /// <summary>x.</summary>
    public Tensor Input { get; }

    /// <summary>Whether the statistics are those of this batch (training) rather than the running averages (prediction, or frozen).</summary>
    public bool UsesBatch { get; }

    /// <summary>Step 1: the mean of each channel, [C].</summary>
    public Tensor Mean { get; }

    /// <summary>Step 2: the variance of each channel, [C]; of a batch the biased one, divided by n.</summary>
    public Tensor Variance { get; }

    /// <summary>Step 3: x̂ = (x − mean)/√(variance + eps), in the shape of x.</summary>
    public Tensor Normalized { get; }

    /// <summary>Step 4: γ·x̂ + β, the output of the layer.</summary>
    public Tensor Scaled { get; }

    /// <summary>Step 5: the activation of that.</summary>
    public Tensor Output { get; }

    /// <summary>The running mean after this batch, [C]; null if the layer keeps none.</summary>
    public Tensor? RunningMean { get; }

    /// <summary>The running variance after this batch, [C], which takes the unbiased variance in; null if the layer keeps none.</summary>
    public Tensor? RunningVariance { get; }

    /// <summary>The steps for a batch.</summary>
    /// <param name="layer">The layer; it stays as it is.</param>
    /// <param name="x">[N, C], [N, C, L] or [N, C, H, W], as the layer takes it.</param>
    /// <param name="activation">Step 5; ReLU where left out.</param>
    /// <param name="training">Whether the batch's statistics are used; as the layer would where left out.</param>
    /// <exception cref="ShapeMismatchException">x does not fit the layer, or while training a channel has a single value.</exception>
    public static BatchNormSteps Of(BatchNorm layer, Tensor x, Func<Tensor, Tensor>? activation = null, bool? training = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(x);
        layer.CheckShape(x);
        bool usesBatch = (training ?? layer.UsesBatchStatistics) || layer.RunningMean is null;
        int[] axes = [.. Enumerable.Range(0, x.Rank).Where(static axis => axis != 1)];
        int[] perChannel = [.. Enumerable.Range(0, x.Rank).Select(axis => axis == 1 ? layer.Features : 1)];
        double count = x.ElementCount / (double)layer.Features;
        if (usesBatch && count < 2)
        {
            throw new ShapeMismatchException($"BatchNormSteps: x is {x.Shape}: while training each channel needs more than one value. Use a larger batch, or training: false.");
        }

        Tensor mean = usesBatch ? x.Mean(axes) : layer.RunningMean!.Clone(), variance = usesBatch ? x.Var(axes, correction: 0) : layer.RunningVar!.Clone();
        Tensor normalized = (x - mean.Reshape(perChannel)) / (variance.Reshape(perChannel) + layer.Eps).Sqrt();
        Tensor scaled = layer.Weight is { } weight ? (normalized * weight.Reshape(perChannel)) + layer.Bias!.Reshape(perChannel) : normalized;
        Tensor output = activation is null ? scaled.Relu() : Guard.Returned(activation(scaled), nameof(BatchNormSteps), "the activation");
        return new BatchNormSteps(x, usesBatch, mean, variance, normalized, scaled, output, Running(layer, usesBatch, mean, variance * (count / (count - 1))));
    }

    /// <summary>The five steps, with the first values of each.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(UsesBatch ? "batch normalisation by the batch's statistics (training)\n" : "batch normalisation by running averages (prediction)\n");
        Line("x", Input);
        Line("1  mean", Mean);
        Line("2  variance", Variance);
        Line("3  normalised", Normalized);
        Line("4  scaled and shifted", Scaled);
        Line("5  activation", Output);
        if (RunningMean is not null && RunningVariance is not null)
        {
            Line("running mean", RunningMean);
            Line("running variance", RunningVariance);
        }

        return text.ToString();

        void Line(string name, Tensor tensor)
        {
            double[] values = tensor.Detach().Reshape(-1).Slice(0, 0, (int)Math.Min(ShownValues, tensor.ElementCount)).To(DType.Float32).ToArray<double>();
            string shown = string.Join(", ", values.Select(static v => v.ToString("0.####", CultureInfo.InvariantCulture)));
            text.Append(CultureInfo.InvariantCulture, $"  {name,-22}{tensor.Shape,-14} {shown}{(tensor.ElementCount > ShownValues ? ", …" : string.Empty)}\n");
        }
    }

    private static (Tensor? Mean, Tensor? Variance) Running(BatchNorm layer, bool usesBatch, Tensor mean, Tensor unbiased)
    {
        if (layer.RunningMean is not { } runningMean || layer.RunningVar is not { } runningVariance || layer.NumBatchesTracked is not { } batches)
        {
            return (null, null);
        }

        double weight = usesBatch ? layer.Momentum ?? 1.0 / (batches.Item() + 1) : 0;
        return (Towards(runningMean, mean), Towards(runningVariance, unbiased));

        Tensor Towards(Tensor running, Tensor batch) => weight == 0 ? running.Clone() : ((running * (1 - weight)) + (batch.Detach() * weight));
    }
}
