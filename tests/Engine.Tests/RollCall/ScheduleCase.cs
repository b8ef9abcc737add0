using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>A schedule and its rate at a time, written out.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Make">The schedule.</param>
/// <param name="Rate">The rate at time t.</param>
internal sealed record ScheduleCase(string Name, Func<Schedule> Make, Func<int, double> Rate)
{
    public override string ToString() => Name;
}

internal static class ScheduleCases
{
    public static IReadOnlyList<ScheduleCase> All { get; } =
    [
        new("Constant", static () => Schedule.Constant(0.3), static _ => 0.3),
        new("Lambda", static () => Schedule.Lambda(static t => t * 0.5), static t => t * 0.5),
        new("Step", static () => Schedule.Step(1, 3, 0.5), static t => 1 / Math.Pow(2, t / 3)),
        new("MultiStep", static () => Schedule.MultiStep(1, [2, 5], 0.1), static t => t < 2 ? 1 : t < 5 ? 0.1 : 0.01),
        new("Exponential", static () => Schedule.Exponential(2, 0.9), static t => 2 * Math.Pow(0.9, t)),
        new("NaturalExponential", static () => Schedule.NaturalExponential(2, 0.1), static t => 2 * Math.Exp(-0.1 * t)),
        new("Cosine", static () => Schedule.Cosine(1, 10, 0.1), static t => 0.1 + (0.9 * Half(Math.Min(t, 10) / 10.0))),
        new("Cosine of one step", static () => Schedule.Cosine(1, 1), static t => t == 0 ? 1 : 0),
        new("CosineRestarts", static () => Schedule.CosineRestarts(1, 4), static t => Half(t % 4 / 4.0)),
        new("CosineRestarts, growing", static () => Schedule.CosineRestarts(1, 2, growth: 2), static t => t < 2 ? Half(t / 2.0) : t < 6 ? Half((t - 2) / 4.0) : t < 14 ? Half((t - 6) / 8.0) : t < 30 ? Half((t - 14) / 16.0) : Half((t - 30) / 32.0)),
        new("Linear", static () => Schedule.Linear(2, 5, 1, 0.5), static t => 2 * (1 - (0.5 * Math.Min(t, 5) / 5))),
        new("Polynomial", static () => Schedule.Polynomial(1, 8, 2), static t => Math.Pow(1 - (Math.Min(t, 8) / 8.0), 2)),
        new("OneCycle", static () => Schedule.OneCycle(1, 11, rise: 0.5, divisor: 10, finalDivisor: 100), static t => OneCycle(t, 1, 11, 0.5, 10, 100)),
        new("InverseTime", static () => Schedule.InverseTime(1, 0.5), static t => 1 / (1 + (0.5 * t))),
        new("InverseSqrt", static () => Schedule.InverseSqrt(1, 3), static t => 3 / Math.Sqrt(t + 1)),
        new("WithRestarts", static () => Schedule.InverseTime(1, 1).WithRestarts(5, 0.5), static t => Math.Pow(0.5, t / 5) / (1 + (t % 5))),
        new("WithRestarts, of a wave", static () => Schedule.Cosine(1, 4).WithRestarts(4), static t => Half(t % 4 / 4.0)),
        new("Scale", static () => Schedule.Exponential(2, 0.9).Scale(0.25), static t => 0.5 * Math.Pow(0.9, t)),
        new("Sequential", static () => Schedule.Sequential([(3, Schedule.Constant(1)), (2, Schedule.Constant(2))], Schedule.Exponential(8, 0.5)), static t => t < 3 ? 1 : t < 5 ? 2 : 8 * Math.Pow(0.5, t - 5)),
        new("Then", static () => Schedule.Constant(1).Then(4, Schedule.InverseTime(2, 1)), static t => t < 4 ? 1 : 2.0 / (1 + t - 4)),
        new("WithWarmUp", static () => Schedule.Exponential(1, 0.5).WithWarmUp(4), static t => t < 4 ? 0.25 + (0.75 * t / 4) : Math.Pow(0.5, t - 4)),
        new("WithWarmUp, from 0", static () => Schedule.Constant(1).WithWarmUp(5, 0), static t => Math.Min(t / 5.0, 1)),
    ];

    /// <summary>From 1 down to 0 along half a cosine.</summary>
    private static double Half(double part) => (1 + Math.Cos(Math.PI * part)) / 2;

    /// <summary>PyTorch's: the top at rise·steps − 1, the end at steps − 1.</summary>
    private static double OneCycle(int t, double most, int steps, double rise, double divisor, double finalDivisor)
    {
        double start = most / divisor, end = start / finalDivisor, top = (rise * steps) - 1, time = Math.Min(t, steps - 1);
        return time <= top ? most + ((start - most) * Half(time / top)) : end + ((most - end) * Half((time - top) / (steps - 1 - top)));
    }
}

internal sealed class ScheduleCaseTests
{
    [TestCaseSource(typeof(ScheduleCases), nameof(ScheduleCases.All))]
    public void At_MatchesTheFormula(ScheduleCase row)
    {
        Schedule schedule = row.Make();
        for (int t = 0; t < 40; t++)
        {
            Assert.That(schedule.At(t), Is.EqualTo(row.Rate(t)).Within(1e-12), $"t = {t}");
        }
    }
}
