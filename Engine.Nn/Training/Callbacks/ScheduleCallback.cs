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
        context.Optimizer.LearningRate = _schedule.At(_unit == ScheduleUnit.Epoch ? context.Epoch : (int)Math.Min(context.Step, int.MaxValue));
    }
}
