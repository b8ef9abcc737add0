namespace Engine.Nn;

// Samples that count differently.
public static partial class DatasetViews
{
    /// <summary>The same samples, each with a weight (<see cref="Batch.Weights"/>, float32); the loss must heed it (<see cref="Losses.Weighted"/>).</summary>
    /// <param name="dataset">The samples; weights that they have are replaced.</param>
    /// <param name="weights">How much each sample counts.</param>
    /// <exception cref="ArgumentException">There are not as many weights as samples, or one is negative or not finite.</exception>
    public static IDataset WithSampleWeights(this IDataset dataset, ReadOnlySpan<double> weights)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (weights.Length != dataset.Count)
        {
            throw new ArgumentException($"WithSampleWeights: there are {weights.Length} weights for {dataset.Count} samples; each sample needs one.", nameof(weights));
        }

        return new WeightedDataset(dataset, Checked(nameof(WithSampleWeights), weights));
    }

    /// <summary>The same samples, each with the weight of its class.</summary>
    /// <param name="dataset">The samples; their targets are class numbers (<see cref="ClassNumbers"/>).</param>
    /// <param name="weights">The weight of each class: <see cref="ClassWeights.Balanced"/>, or Keras's <c>class_weight</c> in order.</param>
    /// <param name="target">The name of the target with the classes, where there are several.</param>
    /// <exception cref="ArgumentException">A class has no weight, or a weight is negative or not finite.</exception>
    /// <exception cref="InvalidOperationException">There are several targets and no name was given, or there are none.</exception>
    /// <exception cref="KeyNotFoundException">No target has the name.</exception>
    public static IDataset WithClassWeights(this IDataset dataset, ReadOnlySpan<double> weights, string? target = null)
    {
        float[] ofClass = Checked(nameof(WithClassWeights), weights);
        float[] ofSample = Array.ConvertAll(dataset.ClassNumbers(target), c => (ulong)c < (ulong)ofClass.Length
            ? ofClass[c]
            : throw new ArgumentException($"WithClassWeights: a sample is of class {c}, and there are weights of classes 0 to {ofClass.Length - 1}.", nameof(weights)));
        return new WeightedDataset(dataset, ofSample);
    }

    private static float[] Checked(string op, ReadOnlySpan<double> weights)
    {
        float[] result = new float[weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            result[i] = weights[i] >= 0 && float.IsFinite((float)weights[i])
                ? (float)weights[i]
                : throw new ArgumentException($"{op}: weight {i} is {weights[i]}; a weight is a finite number not below 0.", nameof(weights));
        }

        return result;
    }

    private sealed class WeightedDataset(IDataset dataset, float[] weights) : IDataset, ITransformable, IHasClassNumbers
    {
        public int Count => dataset.Count;

        public long[]? ClassNumbers() => (dataset as IHasClassNumbers)?.ClassNumbers();

        public IDataset WithoutRandomChanges() => new WeightedDataset(dataset.WithoutRandomChanges(), weights);

        public IDataset With(IImageTransform[] transforms) => new WeightedDataset(DatasetViews.With(dataset, transforms), weights);

        public Batch GetBatch(in BatchRequest request)
        {
            float[] taken = new float[request.Indices.Length];
            for (int i = 0; i < taken.Length; i++)
            {
                taken[i] = weights[request.Indices[i]];
            }

            Batch batch = dataset.GetBatch(request);
            batch.Weights?.Dispose();
            return new Batch(batch.AllInputs, batch.AllTargets, Tensor.From<float>(taken, request.Device));
        }
    }
}
