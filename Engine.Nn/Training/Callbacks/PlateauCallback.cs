using System.Text.Json.Nodes;

namespace Engine.Nn;

/// <summary>Lowers the learning rate when a figure has stopped improving; see <see cref="ReduceOnPlateau"/>.</summary>
/// <remarks>
/// With <c>restoreBest</c> it restarts one level down: beside the lower rate, the model gets the weights of the best epoch back, and the optimizer its
/// state of that moment, so that the smaller steps begin at the best parameters seen, not where the larger steps had led. While another optimizer
/// has the turn (<see cref="SwitchOptimizer"/>), nothing is counted.
/// </remarks>
public sealed class PlateauCallback : Callback
{
    private const string KeptSection = "best_run", ModelSection = "model", OptimizerSection = "optimizer";

    private readonly MetricMonitor _monitor;
    private readonly ReduceOnPlateau _plateau;
    private readonly bool _restoreBest;
    private TrainingState? _kept;

    /// <summary>Watches a figure.</summary>
    /// <param name="plateau">Counts, and lowers the rate of its optimizer.</param>
    /// <param name="monitor">The figure's name in the logs.</param>
    /// <param name="restoreBest">Whether training goes on from the best epoch's weights each time the rate is lowered. Costs a copy of model and optimizer.</param>
    public PlateauCallback(ReduceOnPlateau plateau, string monitor = "val_loss", bool restoreBest = false)
    {
        ArgumentNullException.ThrowIfNull(plateau);
        ArgumentException.ThrowIfNullOrEmpty(monitor);
        _plateau = plateau;
        _monitor = new MetricMonitor(monitor, plateau.Mode);
        _restoreBest = restoreBest;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The run will not have the figure; the message lists those it will.</exception>
    /// <exception cref="ModelFileException">The best weights were loaded from a state that does not fit the model.</exception>
    public override void OnTrainBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _monitor.Check(context, Name);
        if (_kept is { } kept)
        {
            _ = PrepareRestore(context, kept);
        }
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!ReferenceEquals(context.Optimizer, _plateau.Optimizer))
        {
            return;
        }

        double before = _plateau.Best;
        bool isLowered = _plateau.Step(context.Logs[_monitor.Name]);
        if (!_restoreBest)
        {
            return;
        }

        if (_plateau.Best != before)
        {
            Keep(Trainer.Copied(state =>
            {
                TrainingState model = state.Section(ModelSection);
                foreach ((string name, Tensor tensor) in context.Model.StateDict())
                {
                    model.Add(name, tensor);
                }

                context.Optimizer.Save(state.Section(OptimizerSection));
            }));
        }
        else if (isLowered && _kept is { } kept)
        {
            double lowered = context.Optimizer.LearningRate;
            PrepareRestore(context, kept)();
            context.Optimizer.LearningRate = lowered;
        }
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        _plateau.Save(state);
        if (_kept is { } kept)
        {
            TrainingState section = state.Section(KeptSection);
            state.Values[KeptSection] = kept.Values.DeepClone();
            foreach ((string name, Tensor tensor) in kept.Tensors)
            {
                section.Add(name, tensor);
            }
        }
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        _plateau.Load(state);
        TrainingState? kept = null;
        if (_restoreBest && state.Values[KeptSection] is JsonObject values)
        {
            using TensorScope outside = TensorScope.Suspend();
            using GradMode.Scope mode = GradMode.Off();
            kept = new TrainingState(
                [.. state.Section(KeptSection).Tensors.Select(static t => KeyValuePair.Create(t.Key, t.Value.Clone()))], values.DeepClone().AsObject());
        }

        Keep(kept);
    }

    private Action PrepareRestore(TrainingContext context, TrainingState kept)
    {
        Dictionary<string, Tensor> weights = new(kept.Section(ModelSection).Tensors);
        Action model = StateLoading.Prepare(context.Model, weights, strict: true).Copy;
        return model + _plateau.Optimizer.PrepareLoad(kept.Section(OptimizerSection));
    }

    private void Keep(TrainingState? state)
    {
        foreach ((_, Tensor old) in _kept?.Tensors ?? [])
        {
            old.Dispose();
        }

        _kept = state;
    }
}
