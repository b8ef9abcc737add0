namespace PredictionServerSample.Load;

/// <summary>How long answers took, counted in steps of one percent: its memory is the same after any number of answers. Safe for many threads.</summary>
internal sealed class Latencies
{
    private const double Shortest = 1e-3, Step = 1.01;

    /// <summary>From a microsecond to more than a minute.</summary>
    private readonly long[] _counts = new long[1850];

    /// <summary>How many there are.</summary>
    public long Count => _counts.Sum();

    public void Add(TimeSpan latency) =>
        Interlocked.Increment(ref _counts[Math.Clamp((int)Math.Log(latency.TotalMilliseconds / Shortest, Step), 0, _counts.Length - 1)]);

    public void Clear() => Array.Clear(_counts);

    /// <summary>The time in milliseconds that this share of all answers does not exceed; NaN where there are none.</summary>
    public double Percentile(double share)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(Count * share));
        for (int i = 0; i < _counts.Length; i++)
        {
            if ((rank -= _counts[i]) <= 0)
            {
                return Shortest * Math.Pow(Step, i + 1);
            }
        }

        return double.NaN;
    }

    public override string ToString() => $"median {Percentile(0.5):F1} ms, p99 {Percentile(0.99):F1} ms";
}
