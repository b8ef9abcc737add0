namespace Engine.Nn;

// Epochs, steps and the parts of a step.
public sealed partial class Trainer
{
    /// <summary>Why the steps of an epoch ended.</summary>
    private enum Pause : byte
    {
        EpochEnd,
        Interrupted,
        AllSteps,
    }

    private TrainingEnd Run(IBatchSource train, IBatchSource? validation, TrainingContext context, IReadOnlyList<Callback> callbacks, CancellationToken cancellationToken)
    {
        while (Epoch < context.Epochs && Step < (context.MaxSteps ?? long.MaxValue))
        {
            if (context.StopReason is not null)
            {
                return TrainingEnd.Stopped;
            }

            (context.Epoch, context.Batch, context.Samples) = (Epoch, Batch, _samples);
            Notify(callbacks, context, static (callback, c) => callback.OnEpochBegin(c));
            Model.Train();
            Pause pause = RunSteps(train, validation, context, callbacks, cancellationToken);
            if (pause == Pause.AllSteps)
            {
                // The figures of a part of an epoch; the epoch goes on where a later call allows more steps.
                return History.Points.LastOrDefault()?.Step == Step || TakePoint(validation, context, callbacks, cancellationToken) ? TrainingEnd.Completed : TrainingEnd.Cancelled;
            }

            if (pause == Pause.Interrupted)
            {
                return context.StopReason is not null ? TrainingEnd.Stopped : TrainingEnd.Cancelled;
            }

            if (TakeLogs(validation, cancellationToken) is not { } logs)
            {
                // All batches of the epoch are done; when the run goes on, only its validation is left.
                return TrainingEnd.Cancelled;
            }

            context.Logs = logs;
            History.Add(logs);
            BeginEpoch(Epoch + 1);
            Notify(callbacks, context, static (callback, c) => callback.OnEpochEnd(c));
            context.RunPendingSaves();
        }

        return context.StopReason is null ? TrainingEnd.Completed : TrainingEnd.Stopped;
    }

    /// <summary>The figures so far, those of validation data included; null where their computation was cancelled.</summary>
    private OrderedDictionary<string, double>? TakeLogs(IBatchSource? validation, CancellationToken cancellationToken)
    {
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
                return null;
            }
        }

        logs["learning_rate"] = Optimizer.LearningRate;
        if (ClipGradNorm is not null)
        {
            logs[TrainingContext.ClippedShare] = clippedShare;
        }

        return logs;
    }

    /// <summary>Takes figures in the middle of an epoch; false where that was cancelled.</summary>
    private bool TakePoint(IBatchSource? validation, TrainingContext context, IReadOnlyList<Callback> callbacks, CancellationToken cancellationToken)
    {
        if (TakeLogs(validation, cancellationToken) is not { } logs)
        {
            return false;
        }

        context.Logs = logs;
        History.Add(new HistoryPoint(Step, Epoch, logs));
        Notify(callbacks, context, static (callback, c) => callback.OnValidationEnd(c));
        context.RunPendingSaves();
        return true;
    }

    /// <summary>Whether figures are to be taken between two steps: also where a run goes on that was saved before they were taken.</summary>
    private bool IsPointDue => ValidateEvery > 0 && Batch > 0 && Step % ValidateEvery == 0 && History.Points.LastOrDefault()?.Step != Step;

    /// <summary>Trains on the rest of the epoch.</summary>
    private Pause RunSteps(IBatchSource train, IBatchSource? validation, TrainingContext context, IReadOnlyList<Callback> callbacks, CancellationToken cancellationToken)
    {
        using IEnumerator<Batch> batches = train.Epoch(Epoch, Batch).GetEnumerator();
        bool isKnown = context.BatchesPerEpoch >= 0;
        while (!isKnown || Batch < context.BatchesPerEpoch)
        {
            if (cancellationToken.IsCancellationRequested || context.StopReason is not null)
            {
                return Pause.Interrupted;
            }

            if (Step >= context.MaxSteps)
            {
                return Pause.AllSteps;
            }

            if (!TryTake(batches, context, 0, out Batch first))
            {
                return Pause.EpochEnd;
            }

            if (IsPointDue && !TakePoint(validation, context, callbacks, cancellationToken))
            {
                first.Dispose();
                return Pause.Interrupted;
            }

            Batch += MakeStep(first, batches, context, callbacks);
            Step++;
            Notify(callbacks, context, static (callback, c) => callback.OnBatchEnd(c));
            Notify(callbacks, context, static (callback, c) => callback.OnStepEnd(c));
            context.RunPendingSaves();
        }

        return Pause.EpochEnd;
    }

    /// <summary>The next batch; false after the last one of a source that did not announce how many there are.</summary>
    private bool TryTake(IEnumerator<Batch> batches, TrainingContext context, int ahead, out Batch batch)
    {
        if (batches.MoveNext())
        {
            batch = batches.Current;
            return true;
        }

        batch = default;
        if (context.BatchesPerEpoch >= 0)
        {
            throw new InvalidOperationException($"Fit: epoch {Epoch} ended after {Batch + ahead} batches; the source had announced {context.BatchesPerEpoch}.");
        }

        return Batch + ahead > 0 ? false : throw new InvalidOperationException($"Fit: epoch {Epoch} of the stream had no batches.");
    }

    /// <summary>Computes gradients and updates the parameters; returns of how many mini-batches.</summary>
    private int MakeStep(Batch first, IEnumerator<Batch> batches, TrainingContext context, IReadOnlyList<Callback> callbacks)
    {
        int count = context.BatchesPerEpoch >= 0 ? Math.Min(GradientAccumulation, context.BatchesPerEpoch - Batch) : GradientAccumulation;
        int unit = Math.Max(1, first.Count), taken = 0;
        long samples = 0;
        Batch next = first;
        do
        {
            using Batch batch = next;
            if (_step is not null || TryCapturedStep(batch))
            {
                // Never with gradient accumulation: the batch is the whole step.
                if (_step is not null)
                {
                    MakeOwnStep(batch, context);
                }

                (context.Batch, context.Samples) = (Batch + 1, _samples);
                return 1;
            }

            if (taken == 0)
            {
                BeginStep();
            }
            else
            {
                Notify(callbacks, context, static (callback, c) => callback.OnBatchEnd(c));
            }

            // As if all batches had the size of the first; the true sizes are known after the last one.
            samples += batch.Count;
            AddGradients(batch, batch.Count == unit ? 1.0 / count : batch.Count / ((double)unit * count));
            taken++;
            (context.Batch, context.Samples) = (Batch + taken, _samples);
        }
        while (taken < count && TryTake(batches, context, taken, out next));

        UpdateParameters(samples == (long)unit * count || samples == 0 ? 1 : (double)unit * count / samples);
        return taken;
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
    private Tensor? Clip(Optimizer optimizer)
    {
        if (ClipGradValue is { } limit)
        {
            optimizer.Parameters.ClipGradValue(limit);
        }

        return ClipGradNorm is { } norm ? ClippedSteps.IsLonger(optimizer.Parameters.ClipGradNorm(norm), norm) : null;
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

        foreach (string name in Figures)
        {
            figures[name] = _figures.TryGetValue(name, out Mean? mean) ? mean.Compute() : double.NaN;
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

        _figures.Clear();
    }
}
