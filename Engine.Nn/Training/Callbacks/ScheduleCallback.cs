namespace Engine.Nn;

/// <summary>What a schedule's time counts.</summary>
public enum ScheduleUnit : byte
{
    /// <summary>Updates of the parameters.</summary>
    Step,

    /// <summary>Epochs.</summary>
    Epoch,
}

/// <summary>Sets the learning rate to a schedule's, step by step or epoch by epoch. The time is the run's own, so that a resumed run goes on.</summary>
public sealed class ScheduleCallback : Callback
{
    private readonly Schedule _schedule;
    private readonly ScheduleUnit _unit;

    /// <summary>Follows a schedule.</summary>
    public ScheduleCallback(Schedule schedule, ScheduleUnit unit = ScheduleUnit.Step)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        _schedule = schedule;
        _unit = unit;
    }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context) => Set(context);

    /// <inheritdoc/>
    public override void OnEpochBegin(TrainingContext context) => Set(context);

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context) => Set(context);

    private void Set(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Optimizer.LearningRate = _schedule.At(_unit == ScheduleUnit.Epoch ? context.Epoch : checked((int)context.Step));
    }
}

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
        _plateau = plateau;
        _monitor = new MetricMonitor(monitor, plateau.Mode);
    }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context) => _monitor.Check(context, Name);

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
