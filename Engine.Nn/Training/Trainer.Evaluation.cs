namespace Engine.Nn;

public sealed partial class Trainer
{
    /// <summary>Loss and metrics over a set of data, in evaluation mode and without gradients; the model's own mode stays as it is.</summary>
    /// <param name="data">The data; its epoch 0 is taken.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The loss or a metric takes one output and one target, and the model or a batch has several or none.</exception>
    public Evaluation Evaluate(IBatchSource data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        CheckEvaluates(nameof(Evaluate));
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
            Tensors predictions = Forward(batch);
            lossSum.Add(ScalarLoss(predictions, batch), batch.Count);
            samples += batch.Count;
            foreach (Metric metric in metrics)
            {
                metric.Update(predictions, batch);
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
    /// <exception cref="InvalidOperationException">As there.</exception>
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
    /// <exception cref="InvalidOperationException">The model has several outputs.</exception>
    public Tensor Predict(Tensor inputs, int batchSize = 256, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return Predict((Tensors)inputs, batchSize, cancellationToken).SingleFor(nameof(Predict), "output");
    }

    /// <summary>The answers of a model with several inputs or outputs, in evaluation mode and without gradients, computed in batches without targets.</summary>
    /// <param name="inputs">[N, …] each, in the order or with the names that the batches of the training have.</param>
    /// <param name="batchSize">How many samples are computed at once: more is faster up to a point, and takes more memory.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <returns>The outputs, [N, …] each; float32 where they came out in half precision.</returns>
    /// <exception cref="ShapeMismatchException">There are no inputs, one is a scalar, or they have different numbers of samples.</exception>
    public Tensors Predict(Tensors inputs, int batchSize = 256, CancellationToken cancellationToken = default)
    {
        Hyper.Count(batchSize);
        if (inputs.Any(static x => x.Rank == 0))
        {
            throw new ShapeMismatchException("Predict: the inputs are a scalar; samples lie along axis 0. Unsqueeze(0) makes one sample of it.");
        }

        if (inputs.Count == 0 || inputs.Any(x => x.Shape[0] != inputs[0].Shape[0]))
        {
            throw new ShapeMismatchException($"Predict: the inputs are {inputs}; axis 0 must count the same samples in all.");
        }

        int count = inputs[0].Shape[0];
        using InferenceScope inference = InferenceScope.Begin();
        using TensorScope scope = TensorScope.Begin();
        using Autocast.Scope types = BeginPrecision();
        if (count <= batchSize)
        {
            return Kept(scope, Forward(new Batch(inputs)).Select(Widened));
        }

        List<Tensor[]> parts = [];
        Tensors form = default;
        for (int start = 0; start < count; start += batchSize)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using TensorScope part = TensorScope.Begin();
            int end = Math.Min(start + batchSize, count);
            form = Forward(new Batch(inputs.Select(x => x.Slice(0, start, end))));
            parts.Add([.. Kept(part, form.Select(Widened))]);
        }

        return Kept(scope, form.With([.. Enumerable.Range(0, form.Count).Select(output => Tensor.Concat([.. parts.Select(p => p[output])]))]));
    }

    private static Tensors Kept(TensorScope scope, Tensors tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            scope.Keep(tensor);
        }

        return tensors;
    }

    /// <summary>The result of a pass in mixed precision, in float32 again.</summary>
    private static Tensor Widened(Tensor y) => Autocast.Type is not null && y.DType.IsHalf() ? y.To(DType.Float32) : y;
}
