namespace Engine.Nn;

// Epochs, steps and the parts of a step.
public sealed partial class Trainer
{
    private TrainingEnd Run(IBatchSource train, IBatchSource? validation, TrainingContext context, IReadOnlyList<Callback> callbacks, CancellationToken cancellationToken)
    {
        while (Epoch < context.Epochs)
        {
            if (context.StopReason is not null)
            {
                return TrainingEnd.Stopped;
            }

            (context.Epoch, context.Batch, context.Samples) = (Epoch, Batch, _samples);
            Notify(callbacks, context, static (callback, c) => callback.OnEpochBegin(c));
            Model.Train();
            if (!RunSteps(train, context, callbacks, cancellationToken))
            {
                return context.StopReason is not null ? TrainingEnd.Stopped : TrainingEnd.Cancelled;
            }

            OrderedDictionary<string, double> logs = TakeFigures();
            double clippedShare = ClipGradNorm is null ? 0 : _clippedSteps.Share;
            if (validation is not null)
            {
                try
                {
                    Evaluate(validation, cancellationToken).AddTo(logs, "val_");
                }
                catch (OperationCanceledException)
                {
                    // All batches of the epoch are done; when the run goes on, only its validation is left.
                    return TrainingEnd.Cancelled;
                }
            }

            logs["learning_rate"] = Optimizer.LearningRate;
            if (ClipGradNorm is not null)
            {
                logs[TrainingContext.ClippedShare] = clippedShare;
            }

            context.Logs = logs;
            History.Add(logs);
            BeginEpoch(Epoch + 1);
            Notify(callbacks, context, static (callback, c) => callback.OnEpochEnd(c));
            context.RunPendingSaves();
        }

        return context.StopReason is null ? TrainingEnd.Completed : TrainingEnd.Stopped;
    }

    /// <summary>Trains on the rest of the epoch; false if it was stopped or cancelled before its end.</summary>
    private bool RunSteps(IBatchSource train, TrainingContext context, IReadOnlyList<Callback> callbacks, CancellationToken cancellationToken)
    {
        using IEnumerator<Batch> batches = train.Epoch(Epoch, Batch).GetEnumerator();
        while (Batch < context.BatchesPerEpoch)
        {
            if (cancellationToken.IsCancellationRequested || context.StopReason is not null)
            {
                return false;
            }

            Batch += MakeStep(batches, context, callbacks);
            Step++;
            Notify(callbacks, context, static (callback, c) => callback.OnBatchEnd(c));
            Notify(callbacks, context, static (callback, c) => callback.OnStepEnd(c));
            context.RunPendingSaves();
        }

        return true;
    }

    /// <summary>Computes gradients and updates the parameters; returns of how many mini-batches.</summary>
    private int MakeStep(IEnumerator<Batch> batches, TrainingContext context, IReadOnlyList<Callback> callbacks)
    {
        int count = Math.Min(GradientAccumulation, context.BatchesPerEpoch - Batch);
        int unit = 1;
        long samples = 0;
        for (int i = 0; i < count; i++)
        {
            if (!batches.MoveNext())
            {
                throw new InvalidOperationException($"Fit: epoch {Epoch} ended after {Batch + i} batches; the source had announced {context.BatchesPerEpoch}.");
            }

            using Batch batch = batches.Current;
            if (TryCapturedStep(batch))
            {
                // Never with gradient accumulation: the batch is the whole step.
                (context.Batch, context.Samples) = (Batch + 1, _samples);
                return 1;
            }

            if (i == 0)
            {
                unit = Math.Max(1, batch.Count);
                BeginStep();
            }

            // As if all batches had the size of the first; the true sizes are known after the last one.
            samples += batch.Count;
            AddGradients(batch, batch.Count == unit ? 1.0 / count : batch.Count / ((double)unit * count));
            (context.Batch, context.Samples) = (Batch + i + 1, _samples);
            if (i < count - 1)
            {
                Notify(callbacks, context, static (callback, c) => callback.OnBatchEnd(c));
            }
        }

        UpdateParameters(samples == (long)unit * count || samples == 0 ? 1 : (double)unit * count / samples);
        return count;
    }

    private void AddGradients(Batch batch, double share)
    {
        using TensorScope scope = TensorScope.Begin();
        (Tensors predictions, Tensor loss) = ForwardWithLoss(batch);
        Backward(loss, share);
        _lossSum.Add(loss, batch.Count);
        _samples += batch.Count;
        foreach (Metric metric in Metrics)
        {
            metric.Update(predictions, batch);
        }
    }

    /// <summary>Multiplies the gradients where batches had different sizes, and makes the step.</summary>
    private void UpdateParameters(double factor)
    {
        using TensorScope scope = TensorScope.Begin();
        if (factor != 1)
        {
            using GradMode.Scope mode = GradMode.Off();
            foreach (Tensor gradient in GradientClipping.GradientsOf(Optimizer.Parameters))
            {
                gradient.MulInPlace(factor);
            }
        }

        if (Apply() is { } isClipped)
        {
            _clippedSteps.AddFlag(isClipped);
        }
    }

    /// <summary>Bounds the gradients; 1 on the device if their norm was too long, 0 if not, null where it has no bound.</summary>
    private Tensor? Clip()
    {
        if (ClipGradValue is { } limit)
        {
            Optimizer.Parameters.ClipGradValue(limit);
        }

        return ClipGradNorm is { } norm ? ClippedSteps.IsLonger(Optimizer.Parameters.ClipGradNorm(norm), norm) : null;
    }

    private Tensors Forward(Batch batch)
    {
        Tensors predictions = _forward(batch);
        return predictions.Count > 0 ? predictions : throw new ArgumentException("Trainer: the model returned null; it must return a tensor.");
    }

    private Tensor ScalarLoss(Tensors predictions, Batch batch)
    {
        Tensor loss = Guard.Returned(_loss(predictions, batch), "Fit", "the loss");
        return loss.ElementCount == 1
            ? loss
            : throw new ShapeMismatchException($"Fit: the loss is {loss.Shape}; it must be a scalar. Take its mean or sum.");
    }

    private static Tensor Penalty(Func<Tensor> regularizer)
    {
        Tensor penalty = Guard.Returned(regularizer(), "Fit", "the regularizer");
        return penalty.Rank == 0
            ? penalty
            : throw new ShapeMismatchException($"Fit: the regularizer's term is {penalty.Shape}; it must be a scalar. Take its sum.");
    }

    /// <summary>The figures of the epoch's training data.</summary>
    private OrderedDictionary<string, double> TakeFigures()
    {
        OrderedDictionary<string, double> figures = new() { ["loss"] = ReadLoss() };
        foreach (Metric metric in Metrics)
        {
            figures[metric.Name] = metric.Compute();
        }

        return figures;
    }

    private void BeginEpoch(int epoch)
    {
        (Epoch, Batch, _samples) = (epoch, 0, 0);
        _lossSum.Reset();
        _clippedSteps.Reset();
        foreach (Metric metric in Metrics)
        {
            metric.Reset();
        }
    }
}
