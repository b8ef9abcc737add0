namespace Engine.Nn;

/// <summary>The unit of a schedule's time.</summary>
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
    private readonly Optimizer? _optimizer;

    /// <summary>Follows a schedule.</summary>
    /// <param name="schedule">The rate as a function of the run's time.</param>
    /// <param name="unit">The unit of the time.</param>
    /// <param name="optimizer">
    /// Whose rate is set; that of the trainer's own where left out, not of one that a <see cref="SwitchOptimizer"/> puts in its place: rates that
    /// suit Adam do not suit SGD.
    /// </param>
    public ScheduleCallback(Schedule schedule, ScheduleUnit unit = ScheduleUnit.Step, Optimizer? optimizer = null)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        _schedule = schedule;
        _unit = unit;
        _optimizer = optimizer;
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
        (_optimizer ?? context.Trainer.OwnOptimizer).LearningRate =
            _schedule.At(_unit == ScheduleUnit.Epoch ? context.Epoch : (int)Math.Min(context.Step, int.MaxValue));
    }
}
