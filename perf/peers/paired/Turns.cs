using System.Diagnostics;

namespace Engine.Perf.Paired;

/// <summary>Seconds per call of two sides that take turns in one process.</summary>
/// <remarks>
/// A shared machine changes its speed by half within seconds. Processes that run one after the other meet different states of it; turns of some milliseconds meet the same.
/// Before a turn both sides' idle threads get the time to park, and some calls that are not timed bring the caches back.
/// </remarks>
internal static class Turns
{
    private const double TurnSeconds = 0.02, PauseSeconds = 0.006, WarmUpSeconds = 0.004;
    private const int FewestTurns = 5;

    /// <summary>The times of all turns of each side, in ascending order.</summary>
    public static (double[] First, double[] Second) Of(Action first, Action second, double seconds)
    {
        List<double> firstTimes = [], secondTimes = [];
        Turn(first, seconds / 2);
        Turn(second, seconds / 2);
        long start = Stopwatch.GetTimestamp();
        while (firstTimes.Count < FewestTurns || Stopwatch.GetElapsedTime(start).TotalSeconds < 2 * seconds)
        {
            firstTimes.Add(Turn(first, TurnSeconds));
            secondTimes.Add(Turn(second, TurnSeconds));
        }

        firstTimes.Sort();
        secondTimes.Sort();
        return ([.. firstTimes], [.. secondTimes]);
    }

    private static double Turn(Action call, double seconds)
    {
        Thread.Sleep(TimeSpan.FromSeconds(PauseSeconds));
        long start = Stopwatch.GetTimestamp();
        do
        {
            call();
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds);

        start = Stopwatch.GetTimestamp();
        int calls = 0;
        double elapsed;
        do
        {
            call();
            calls++;
        }
        while ((elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds) < seconds);
        return elapsed / calls;
    }
}
