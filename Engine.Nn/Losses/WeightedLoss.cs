namespace Engine.Nn;

/// <summary>The loss of a batch whose samples count differently.</summary>
internal static class WeightedLoss
{
    /// <summary>Σ w·l/N over the samples, where l is the mean of a sample's losses.</summary>
    public static Tensor Mean(Tensor values, Batch batch)
    {
        if (values.Rank == 0 || values.Shape[0] != batch.Count)
        {
            throw new ShapeMismatchException(
                $"Losses.Weighted: the loss is {values.Shape} for {batch.Count} samples; it must be [{batch.Count}, …], one value or more for each sample. Pass reduction: Reduction.None.");
        }

        if (batch.Weights is not { } weights)
        {
            return values.Mean();
        }

        Tensor samples = values.Rank == 1 ? values : values.Reshape(batch.Count, -1).Mean(1);
        return (samples * weights.To(samples.DType)).Mean();
    }
}
