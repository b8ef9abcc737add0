using System.Diagnostics;

namespace Engine.Perf.Rows;

/// <summary>Seconds per call of several sides that take turns in one process.</summary>
/// <remarks>
/// A shared machine changes its speed by half within seconds. Processes that run one after the other meet different states of it; turns of some milliseconds meet the same.
/// Before a turn all sides' idle threads get the time to park, and some calls that are not timed bring the caches back. Every other round goes backwards.
/// </remarks>
internal static class Turns
{
    private const double TurnSeconds = 0.02, PauseSeconds = 0.006, WarmUpSeconds = 0.004;
    private const int FewestTurns = 5;

    /// <summary>The times of each side, one for each turn.</summary>
    /// <param name="calls">What the sides do.</param>
    /// <param name="seconds">For each side.</param>
    public static double[][] Of(Action[] calls, double seconds)
    {
        foreach (Action call in calls)
        {
            Turn(call, seconds / 2);
        }

        List<double>[] times = [.. calls.Select(static _ => new List<double>())];
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < FewestTurns || Stopwatch.GetElapsedTime(start).TotalSeconds < calls.Length * seconds; round++)
        {
            for (int i = 0; i < calls.Length; i++)
            {
                int side = round % 2 == 0 ? i : calls.Length - 1 - i;
                times[side].Add(Turn(calls[side], TurnSeconds));
            }
        }

        return [.. times.Select(static side => side.ToArray())];
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
