namespace Engine.Nn;

/// <summary>Counts time and sets an optimizer's learning rate to a schedule's; for a training loop of one's own.</summary>
/// <example><code>
/// Scheduler scheduler = new(optimizer, Schedule.Step(0.1, size: 30));   // sets the rate of time 0
/// for (int epoch = 0; epoch &lt; 90; epoch++)
/// {
///     …                                                                 // train
///     scheduler.Step();
/// }
/// </code></example>
public sealed class Scheduler
{
    private readonly Optimizer _optimizer;
    private readonly Schedule _schedule;

    /// <summary>Begins at time 0 and sets its rate.</summary>
    public Scheduler(Optimizer optimizer, Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(schedule);
        _optimizer = optimizer;
        _schedule = schedule;
        Time = 0;
    }

    /// <summary>The number of steps taken; setting it, as a resumed run does, sets the rate too.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int Time
    {
        get;
        set
        {
            _optimizer.LearningRate = _schedule.At(value);
            field = value;
        }
    }

    /// <summary>Goes on by one.</summary>
    public void Step() => Time++;
}
