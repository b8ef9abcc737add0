namespace Engine.Nn;

// Steps that are the user's own code.
public sealed partial class Trainer
{
    private readonly TrainingStep? _step;
    private readonly bool _hasForward = true;
    private readonly bool _hasLoss = true;
    private readonly Optimizer[] _others = [];
    private readonly Dictionary<string, Mean> _figures = [];

    /// <summary>The optimizers: <see cref="Optimizer"/> first, then the others of a step of one's own.</summary>
    public IReadOnlyList<Optimizer> Optimizers => [_active, .. _others];

    /// <summary>The names of the figures that a step of one's own logs beside the loss (<see cref="StepContext.Log"/>), known beforehand so that callbacks can watch them.</summary>
    public IReadOnlyList<string> Figures { get; init => field = Guard.NoNulls(value); } = [];

    internal void LogFigure(string name, Tensor value, Batch batch)
    {
        if (!Figures.Contains(name))
        {
            throw new InvalidOperationException($"Log: '{name}' is none of the trainer's figures ({(Figures.Count == 0 ? "none" : string.Join(", ", Figures))}). Name it: new Trainer(…) {{ Figures = [\"{name}\"] }}.");
        }

        FigureOf(name).Update(value.Detach(), new Batch(batch.AllInputs));
    }

    internal void UpdateMetrics(Tensors predictions, Batch batch)
    {
        foreach (Metric metric in Metrics)
        {
            metric.Update(predictions, batch);
        }
    }

    /// <summary>Follows the gradient of a loss with one of the optimizers.</summary>
    internal void Minimize(Tensor loss, Optimizer optimizer, HashSet<Optimizer> stepped)
    {
        if (!Optimizers.Contains(optimizer))
        {
            throw new ArgumentException($"Minimize: this {optimizer.GetType().Name} is none of the trainer's {Optimizers.Count} optimizers, so that its state would not be saved. Pass it to the constructor.", nameof(optimizer));
        }

        // Gradients have the types of the forward pass, as in a step of the trainer's.
        using Autocast.Scope types = Autocast.Off();
        optimizer.ZeroGrad();
        if (LossScaler is not { } scaler)
        {
            loss.Backward();
            CountClipped(Clip(optimizer));
            optimizer.Step();
            return;
        }

        if (!stepped.Add(optimizer))
        {
            // Its second step of the batch needs a verdict of its own.
            scaler.Update();
            stepped.Clear();
            stepped.Add(optimizer);
        }

        scaler.Scale(loss).Backward();
        scaler.Unscale(optimizer);
        CountClipped(Clip(optimizer));
        scaler.Step(optimizer);
    }

    private void MakeOwnStep(Batch batch, TrainingContext context)
    {
        using TensorScope scope = TensorScope.Begin();
        LossScaler?.Abandon();
        StepContext step = new(this, context, batch);
        Tensor loss;
        using (Autocast.Scope types = BeginPrecision())
        {
            loss = Guard.Returned(_step!(step, batch), "Fit", "the step");
        }

        if (loss.ElementCount != 1)
        {
            throw new ShapeMismatchException($"Fit: the step returned a loss {loss.Shape}; it must be a scalar, the figure 'loss'.");
        }

        if (step.HasScaledSteps)
        {
            LossScaler!.Update();
        }

        using GradMode.Scope mode = GradMode.Off();
        _lossSum.Add(loss.Detach(), batch.Count);
        _samples += batch.Count;
    }

    private void CountClipped(Tensor? isClipped)
    {
        if (isClipped is not null)
        {
            _clippedSteps.AddFlag(isClipped);
        }
    }

    private Mean FigureOf(string name)
    {
        if (!_figures.TryGetValue(name, out Mean? mean))
        {
            _figures[name] = mean = Mean.OfBatch(name, static (value, _) => value.Single);
        }

        return mean;
    }

    /// <summary>What a step of one's own cannot be joined with.</summary>
    private void CheckStep(IBatchSource? validation)
    {
        if (_step is null)
        {
            if (Figures.Count > 0)
            {
                throw new InvalidOperationException($"Fit: the figures {string.Join(", ", Figures)} are logged by a TrainingStep, and this trainer has none.");
            }

            return;
        }

        if (GradientAccumulation > 1 || Regularizer is not null || Capture == CaptureMode.Always)
        {
            throw new InvalidOperationException(
                "Fit: a trainer with a step of its own has no GradientAccumulation and no Regularizer, which are parts of the trainer's step, and its steps are not captured. Do in the step what they would do.");
        }

        if (Capture == CaptureMode.Auto)
        {
            CaptureRefusal = "The step is code of one's own, which may do other work each time.";
        }

        if (validation is not null)
        {
            CheckEvaluates(nameof(Fit));
        }
    }

    private void CheckEvaluates(string op)
    {
        if (!_hasForward || !_hasLoss)
        {
            throw new InvalidOperationException($"{op}: this trainer was made with a step of its own and without {(_hasForward ? "loss" : "forward")}, so that nothing can be measured on other data. Pass it to the constructor.");
        }
    }
}
