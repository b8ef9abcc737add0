namespace Engine.Nn;

/// <summary>
/// Hands the training over to another optimizer: at an epoch, or each time a figure is stuck. The model keeps its weights, the run its position. The
/// usual pair: Adam to get near quickly, then SGD with momentum to finish.
/// </summary>
/// <remarks>
/// <para>An optimizer that comes back goes on with the state it was left with. States of all of them are saved with the run, and a run that is resumed
/// by a trainer with the same callbacks goes on with the optimizer whose turn it was.</para>
/// <para>Rates: each optimizer keeps its own. A <see cref="ScheduleCallback"/> follows the optimizer that the trainer was made with; give the others
/// one of their own, <c>new ScheduleCallback(schedule, unit, optimizer: sgd)</c>. A <see cref="PlateauCallback"/> rests while its optimizer does.</para>
/// <code>
/// Adam adam = new(model.Parameters);
/// Sgd sgd = new(model.Parameters, 0.01, momentum: 0.9);
/// new SwitchOptimizer(sgd, epoch: 5), new SwitchOptimizer(adam, epoch: 8)       // and back
/// new SwitchOptimizer([sgd], monitor: "val_loss", patience: 2)
/// </code>
/// </remarks>
public sealed class SwitchOptimizer : Callback
{
    private readonly Optimizer[] _optimizers;
    private readonly int _epoch;
    private readonly int _patience;
    private readonly MetricMonitor? _monitor;
    private int _next;
    private long _bad;

    /// <summary>Switches before the first step of an epoch.</summary>
    /// <param name="optimizer">Whose turn it is then; of some of the model's parameters.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    public SwitchOptimizer(Optimizer optimizer, int epoch)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        _optimizers = [optimizer];
        _epoch = epoch;
    }

    /// <summary>Switches at the end of an epoch in which a figure is stuck, to one optimizer after another.</summary>
    /// <param name="optimizers">Who follow on the one the trainer was made with, in this order; name it again to return to it. The last one stays.</param>
    /// <param name="monitor">The figure's name in the logs.</param>
    /// <param name="patience">How many epochs in a row may pass without an improvement; the next one makes the switch, and counting begins anew.</param>
    /// <param name="minDelta">Smaller improvements do not count.</param>
    /// <param name="mode">Which way is better; by the name where left out (see <see cref="MetricMonitor"/>).</param>
    /// <exception cref="ArgumentException">There are no optimizers.</exception>
    public SwitchOptimizer(IEnumerable<Optimizer> optimizers, string monitor = "val_loss", int patience = 10, double minDelta = 0, MonitorMode? mode = null)
    {
        _optimizers = [.. Guard.NoNulls(optimizers)];
        ArgumentException.ThrowIfNullOrEmpty(monitor);
        ArgumentOutOfRangeException.ThrowIfNegative(patience);
        if (_optimizers.Length == 0)
        {
            throw new ArgumentException("SwitchOptimizer: there are no optimizers to switch to.", nameof(optimizers));
        }

        _monitor = new MetricMonitor(monitor, mode, minDelta);
        _patience = patience;
        Best = _monitor.Start;
    }

    /// <summary>Who may get the turn.</summary>
    public IReadOnlyList<Optimizer> Optimizers => _optimizers;

    /// <summary>How many of them have had it.</summary>
    public int Switches => _next;

    /// <summary>The best value of the figure since the last switch; NaN where an epoch decides.</summary>
    public double Best { get; private set; } = double.NaN;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">An optimizer holds none of the model's parameters.</exception>
    /// <exception cref="InvalidOperationException">The run will not have the figure (the message lists those it will), or its name implies no mode.</exception>
    public override void OnTrainBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _monitor?.Check(context, Name);
        foreach (Optimizer optimizer in _optimizers)
        {
            Trainer.CheckOptimizer(context.Model, optimizer, Name);
        }
    }

    /// <inheritdoc/>
    public override void OnEpochBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_monitor is null && _next == 0 && context.Epoch >= _epoch)
        {
            Switch(context);
        }
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_monitor is null || _next == _optimizers.Length)
        {
            return;
        }

        double value = context.Logs[_monitor.Name];
        if (_monitor.IsBetter(value, Best))
        {
            (Best, _bad) = (value, 0);
        }
        else if (++_bad > _patience)
        {
            (Best, _bad) = (_monitor.Worst, 0);
            Switch(context);
        }
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("switches", _next);
        state.Set("best", Best);
        state.Set("bad", _bad);
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_next, Best, _bad) = ((int)state.Count("switches", _optimizers.Length), state.Number("best"), state.Count("bad"));
    }

    private void Switch(TrainingContext context) => context.Trainer.Use(_optimizers[_next++]);
}
