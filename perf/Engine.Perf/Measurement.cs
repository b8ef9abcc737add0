using System.Diagnostics;
using System.Runtime;

namespace Engine.Perf;

/// <summary>Seconds per call: the median and the minimum of repeated batches.</summary>
internal readonly record struct Measurement(double Median, double Minimum, int Runs)
{
    /// <summary>A batch lasts at least this long, so that the clock's own cost vanishes.</summary>
    private const double BatchSeconds = 2e-3;

    /// <summary>The JIT needs some calls and some time before hot code is optimised.</summary>
    private const int WarmUpCalls = 40;

    private const double WarmUpSeconds = 0.3;

    /// <summary>
    /// The JIT compiles hot methods again in the background, a tenth of a second after the last new one. Before that a short call costs up to
    /// half as much again, and a row that runs first, or beside a driver that has just started, would show that and not the engine.
    /// </summary>
    private const double QuietSeconds = 0.25;

    private const double LongestWarmUpSeconds = 3;
    private const int MostBatches = 1000;
    private const int FewestBatches = 5;

    /// <summary>Who gives a row less time than this wants to know whether it runs: one batch will do.</summary>
    private const double TrialSeconds = 0.1;

    public static Measurement Of(Action call, Device device, double seconds)
    {
        WarmUp(call, device, seconds);
        double once = Math.Max(Time(call, device, 1), 1e-7);
        int calls = Math.Max(1, (int)(BatchSeconds / once));
        List<double> batches = [];
        long end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        int fewest = seconds < TrialSeconds ? 1 : FewestBatches;
        while (batches.Count < fewest || (Stopwatch.GetTimestamp() < end && batches.Count < MostBatches))
        {
            batches.Add(Time(call, device, calls));
        }

        batches.Sort();
        return new Measurement(batches[batches.Count / 2], batches[0], batches.Count);
    }

    private static void WarmUp(Action call, Device device, double seconds)
    {
        long start = Stopwatch.GetTimestamp(), lastCompiled = start, compiled = JitInfo.GetCompiledMethodCount();
        double limit = Math.Min(WarmUpSeconds, seconds), quiet = seconds < WarmUpSeconds ? 0 : QuietSeconds;
        for (int i = 0; ; i++)
        {
            double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
            long now = JitInfo.GetCompiledMethodCount();
            if (now != compiled)
            {
                (compiled, lastCompiled) = (now, Stopwatch.GetTimestamp());
            }

            bool isQuiet = Stopwatch.GetElapsedTime(lastCompiled).TotalSeconds >= quiet;
            bool isWarm = elapsed >= limit && (i >= WarmUpCalls ? isQuiet : elapsed > 2 * limit);
            if (i >= 2 && (isWarm || elapsed > LongestWarmUpSeconds))
            {
                break;
            }

            // A queue takes work far faster than it is done: seconds of calls without a wait would be minutes of work.
            Time(call, device, 1);
        }
    }

    private static double Time(Action call, Device device, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
        {
            call();
        }

        device.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }
}
