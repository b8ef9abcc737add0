namespace Engine.Nn;

/// <summary>A learning rate as a function of time: steps or epochs, whichever its user counts, from 0.</summary>
/// <remarks>
/// A schedule holds no state: the rate at time t is a formula of t, so that a resumed run needs to know nothing but t.
/// <see cref="Scheduler"/> counts and hands the rate to an optimizer.
/// </remarks>
/// <example><code>
/// Schedule rate = Schedule.Cosine(0.1, steps: 1000).WithWarmUp(100);
/// rate.At(0)      // 0.001
/// rate.At(100)    // 0.1
/// </code></example>
public sealed partial class Schedule
{
    private readonly Func<int, double> _rate;

    private Schedule(string name, Func<int, double> rate)
    {
        Name = name;
        _rate = rate;
    }

    /// <summary>The schedule in words.</summary>
    public string Name { get; }

    /// <summary>The rate at time <paramref name="t"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">t is negative.</exception>
    public double At(int t)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(t);
        return _rate(t);
    }

    /// <summary>A formula of one's own.</summary>
    public static Schedule Lambda(Func<int, double> rate)
    {
        ArgumentNullException.ThrowIfNull(rate);
        return new Schedule("lambda", rate);
    }

    /// <summary>One schedule after the other: each runs from its own time 0 for its number of steps, the last one for ever.</summary>
    /// <exception cref="ArgumentException">There are no schedules.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number of steps is not positive.</exception>
    public static Schedule Sequential(IEnumerable<(int Steps, Schedule Schedule)> parts, Schedule last)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(last);
        (int Steps, Schedule Schedule)[] stages = [.. parts];
        foreach ((int steps, Schedule schedule) in stages)
        {
            Hyper.Count(steps);
            ArgumentNullException.ThrowIfNull(schedule, nameof(parts));
        }

        return new Schedule($"{string.Join(", ", stages.Select(static s => s.Schedule.Name))}, {last.Name}", t =>
        {
            foreach ((int steps, Schedule schedule) in stages)
            {
                if (t < steps)
                {
                    return schedule.At(t);
                }

                t -= steps;
            }

            return last.At(t);
        });
    }

    /// <summary>This schedule for <paramref name="steps"/> steps, then another from its own time 0.</summary>
    public Schedule Then(int steps, Schedule next)
    {
        ArgumentNullException.ThrowIfNull(next);
        return Sequential([(steps, this)], next);
    }

    /// <summary>
    /// A straight climb to this schedule's first rate in <paramref name="steps"/> steps, then this schedule from its time 0: large steps in the
    /// noise of the beginning do harm, above all to Adam's running averages and under batch normalisation with large batches.
    /// </summary>
    /// <param name="steps">The length of the climb.</param>
    /// <param name="startFactor">The part of the first rate at which it begins; 1/steps where left out.</param>
    public Schedule WithWarmUp(int steps, double? startFactor = null)
    {
        Hyper.Count(steps);
        double start = Hyper.Fraction(startFactor ?? 1.0 / steps, nameof(startFactor));
        double rate = At(0);
        return new Schedule($"warm-up, {Name}", t => t < steps ? rate * (start + ((1 - start) * t / steps)) : At(t - steps));
    }

    /// <summary>
    /// This schedule again and again from its time 0, each time one level down: at s steps into round n it is factorⁿ times this schedule's
    /// rate at s.
    /// </summary>
    /// <param name="steps">The length of a round.</param>
    /// <param name="factor">The length of each round relative to the one before.</param>
    public Schedule WithRestarts(int steps, double factor = 1)
    {
        Hyper.Count(steps);
        Hyper.NotNegative(factor);
        return new Schedule($"{Name} with restarts", t => Math.Pow(factor, t / steps) * At(t % steps));
    }

    /// <summary>This schedule times a number.</summary>
    public Schedule Scale(double factor)
    {
        Hyper.NotNegative(factor);
        return new Schedule($"{Name} · {factor}", t => factor * At(t));
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
