namespace Engine.Nn;

/// <summary>Lowers the learning rate when a figure has stopped improving; see <see cref="ReduceOnPlateau"/>.</summary>
public sealed class PlateauCallback : Callback
{
    private readonly MetricMonitor _monitor;
    private readonly ReduceOnPlateau _plateau;

    /// <summary>Watches a figure.</summary>
    /// <param name="plateau">Counts, and lowers the rate of its optimizer.</param>
    /// <param name="monitor">The figure's name in the logs.</param>
    public PlateauCallback(ReduceOnPlateau plateau, string monitor = "val_loss")
    {
        ArgumentNullException.ThrowIfNull(plateau);
        ArgumentException.ThrowIfNullOrEmpty(monitor);
        _plateau = plateau;
        _monitor = new MetricMonitor(monitor, plateau.Mode);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The run will not have the figure; the message lists those it will.</exception>
    public override void OnTrainBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _monitor.Check(context, Name);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _plateau.Step(context.Logs[_monitor.Name]);
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state) => _plateau.Save(state);

    /// <inheritdoc/>
    public override void Load(TrainingState state) => _plateau.Load(state);
}
