namespace Engine.Nn;

public sealed partial class Trainer
{
    /// <summary>Loss and metrics over a set of data, in evaluation mode and without gradients; the model's own mode stays as it is.</summary>
    /// <param name="data">The data; its epoch 0 is taken.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Evaluation Evaluate(IBatchSource data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        RunningSum lossSum = new();
        long samples = 0;
        Metric[] metrics = [.. Metrics.Select(static m => m.Fresh())];
        using InferenceScope inference = InferenceScope.Begin();
        using Autocast.Scope types = BeginPrecision();
        foreach (Batch taken in data.Epoch(0))
        {
            using Batch batch = taken;
            cancellationToken.ThrowIfCancellationRequested();
            using TensorScope scope = TensorScope.Begin();
            Tensor prediction = Forward(batch.Inputs);
            lossSum.Add(ScalarLoss(prediction, batch.Targets), batch.Count);
            samples += batch.Count;
            foreach (Metric metric in metrics)
            {
                metric.Update(prediction, batch.Targets);
            }
        }

        OrderedDictionary<string, double> figures = [];
        foreach (Metric metric in metrics)
        {
            figures[metric.Name] = metric.Compute();
        }

        return new Evaluation(lossSum.Read() / samples, figures);
    }

    /// <summary><see cref="Evaluate"/> on a thread of the pool.</summary>
    public Task<Evaluation> EvaluateAsync(IBatchSource data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Task.Run(() => Evaluate(data, cancellationToken), cancellationToken);
    }

    /// <summary>The model's answers, in evaluation mode and without gradients, computed in batches.</summary>
    /// <param name="inputs">[N, …].</param>
    /// <param name="batchSize">How many samples are computed at once: more is faster up to a point, and takes more memory.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <returns>[N, …]; float32 where they came out in half precision.</returns>
    public Tensor Predict(Tensor inputs, int batchSize = 256, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        Hyper.Count(batchSize);
        if (inputs.Rank == 0)
        {
            throw new ShapeMismatchException("Predict: the inputs are a scalar; samples lie along axis 0. Unsqueeze(0) makes one sample of it.");
        }

        using InferenceScope inference = InferenceScope.Begin();
        using TensorScope scope = TensorScope.Begin();
        using Autocast.Scope types = BeginPrecision();
        if (inputs.Shape[0] <= batchSize)
        {
            return scope.Keep(Widened(Forward(inputs)));
        }

        Tensor[] parts = new Tensor[(inputs.Shape[0] + batchSize - 1) / batchSize];
        for (int i = 0; i < parts.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using TensorScope part = TensorScope.Begin();
            parts[i] = part.Keep(Widened(Forward(inputs.Slice(0, i * batchSize, Math.Min((i + 1) * batchSize, inputs.Shape[0])))));
        }

        return scope.Keep(Tensor.Concat(parts));
    }

    /// <summary>The result of a pass in mixed precision, in float32 again.</summary>
    private static Tensor Widened(Tensor y) => Autocast.Type is not null && y.DType.IsHalf() ? y.To(DType.Float32) : y;
}
