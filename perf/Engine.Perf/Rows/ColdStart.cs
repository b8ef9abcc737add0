using System.Diagnostics;

namespace Engine.Perf.Rows;

/// <summary>Times the first calls of a process. It asks for the start of the process at the end, so that the question costs no call anything.</summary>
internal static class ColdStart
{
    private const int LeastCalls = 3;

    public static ColdLine Of(string peer, string name, int threads, Func<Action> prepare)
    {
        long entered = Stopwatch.GetTimestamp();
        Action call = prepare();
        long ready = Stopwatch.GetTimestamp();
        List<long> ends = new(1 << 16);
        do
        {
            call();
            ends.Add(Stopwatch.GetTimestamp());
        }
        while (ends.Count < LeastCalls || Stopwatch.GetElapsedTime(entered) < TimeSpan.FromSeconds(1));

        using Process process = Process.GetCurrentProcess();
        double age = (DateTime.Now - process.StartTime).TotalSeconds;
        long now = Stopwatch.GetTimestamp();
        double SinceStart(long timestamp) => age - Stopwatch.GetElapsedTime(timestamp, now).TotalSeconds;
        return new ColdLine(peer, name, threads, SinceStart(ready), SinceStart(ends[0]), SinceStart(ends[LeastCalls - 1]), ends.Count(end => SinceStart(end) <= 1));
    }
}
