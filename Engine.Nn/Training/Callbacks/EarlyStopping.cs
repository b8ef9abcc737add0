namespace Engine.Nn;

/// <summary>Ends a run when a figure has stopped improving: more training would fit the training data better and other data worse.</summary>
public sealed class EarlyStopping : Callback
{
    private readonly MetricMonitor _monitor;
    private readonly int _patience;
    private readonly bool _restoreBest;
    private Dictionary<string, Tensor>? _bestWeights;
    private long _bad;

    /// <summary>Watches a figure.</summary>
    /// <param name="monitor">Its name in the logs: <c>val_loss</c>, <c>val_accuracy</c> …</param>
    /// <param name="patience">How many epochs in a row may pass without an improvement; the next one ends the run.</param>
    /// <param name="minDelta">Smaller improvements do not count.</param>
    /// <param name="mode">Which way is better; by the name where left out (see <see cref="MetricMonitor"/>).</param>
    /// <param name="restoreBest">Whether the model gets the weights of the best epoch back when the run ends, unless it was cancelled.</param>
    public EarlyStopping(string monitor = "val_loss", int patience = 0, double minDelta = 0, MonitorMode? mode = null, bool restoreBest = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(monitor);
        ArgumentOutOfRangeException.ThrowIfNegative(patience);
        _monitor = new MetricMonitor(monitor, mode, minDelta);
        _patience = patience;
        _restoreBest = restoreBest;
        Best = _monitor.Start;
    }

    /// <summary>The best value so far.</summary>
    public double Best { get; private set; }

    /// <summary>Its epoch; −1 before the first.</summary>
    public int BestEpoch { get; private set; } = -1;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The run will not have the figure (the message lists those it will), or its name implies no mode.</exception>
    public override void OnTrainBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _monitor.Check(context, Name);
    }

    /// <summary>As at the end of an epoch: with <see cref="Trainer.ValidateEvery"/> the patience counts validations.</summary>
    public override void OnValidationEnd(TrainingContext context) => OnEpochEnd(context);

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        double value = context.Logs[_monitor.Name];
        if (_monitor.IsBetter(value, Best))
        {
            (Best, BestEpoch, _bad) = (value, context.Epoch, 0);
            if (_restoreBest)
            {
                Keep(context.Model.StateDict());
            }
        }
        else if (++_bad > _patience)
        {
            context.RequestStop($"{_monitor.Name} has not improved on {Best:G6} of epoch {BestEpoch} for {_bad} epochs.");
        }
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_bestWeights is { } best && context.End != TrainingEnd.Cancelled)
        {
            context.Model.LoadStateDict(best);
        }
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("best", Best);
        state.Set("best_epoch", BestEpoch);
        state.Set("bad", _bad);
        foreach ((string name, Tensor tensor) in _bestWeights ?? [])
        {
            state.Add(name, tensor);
        }
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        long epoch = state.Integer("best_epoch");
        if (epoch is < -1 or > int.MaxValue)
        {
            throw new ModelFileException($"The state's best epoch is {epoch}; there is no such epoch.");
        }

        (Best, BestEpoch, _bad) = (state.Number("best"), (int)epoch, state.Count("bad"));
        // Where the state has none, those of this run go too.
        Keep(_restoreBest ? state.Tensors : []);
    }

    private void Keep(IEnumerable<KeyValuePair<string, Tensor>> weights)
    {
        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        Dictionary<string, Tensor>? before = _bestWeights;
        _bestWeights = weights.Any() ? weights.ToDictionary(static w => w.Key, static w => w.Value.Clone()) : null;
        foreach ((_, Tensor old) in before ?? [])
        {
            old.Dispose();
        }
    }
}
