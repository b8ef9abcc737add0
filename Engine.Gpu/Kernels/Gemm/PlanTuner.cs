using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>
/// Measures the plans of products and convolutions on the device itself, while a step launches them: <see cref="Device.Tune"/>, or
/// <c>ENGINE_TUNE=1</c> for all work of a process, until the time is used up.
/// </summary>
internal sealed class PlanTuner(GpuDevice device)
{
    /// <summary>The best of the plans by the model: the others are far behind.</summary>
    private const int MostPlans = 8;

    private const int Repeats = 3;

    /// <summary>Another plan than the model's has to be faster by more than times vary.</summary>
    private const double LeastGain = 0.97;

    private static readonly bool s_always = Environment.GetEnvironmentVariable("ENGINE_TUNE") == "1";
    private static readonly TimeSpan s_timeOfProcess = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Stopwatch _used = new();
    private TimeSpan _budget = s_always ? s_timeOfProcess : TimeSpan.Zero;
    private volatile bool _isOn = s_always;
    private int _thread;

    /// <summary>How many problems were measured.</summary>
    public int Measured { get; private set; }

    /// <summary>Whether the plans for a problem are to be measured now.</summary>
    public bool Wants(in PlanKey key) => _isOn && IsWanted(key);

    /// <summary>Runs a step once, with at most that much time for measurements, and keeps what they say.</summary>
    public int Run(Action step, TimeSpan budget)
    {
        int before;
        lock (_lock)
        {
            (_budget, _thread, before) = (_used.Elapsed + budget, Environment.CurrentManagedThreadId, Measured);
            _isOn = true;
        }

        try
        {
            step();
            device.Synchronize();
        }
        finally
        {
            lock (_lock)
            {
                (_thread, _isOn) = (0, s_always);
            }

            device.Plans.Save();
        }

        return Measured - before;
    }

    /// <summary>Measures the plans for a problem, and keeps the fastest.</summary>
    /// <param name="key">The problem.</param>
    /// <param name="target">The device.</param>
    /// <param name="run">Carries a plan out, with a result that nobody reads.</param>
    public void Measure(in PlanKey key, GpuTarget target, Action<GemmPlan> run)
    {
        lock (_lock)
        {
            _used.Start();
            try
            {
                GemmPlan? best = null;
                double bestSeconds = double.PositiveInfinity;
                foreach (GemmPlan plan in GemmPlan.Ranked(target, key, MostPlans))
                {
                    if (best is not null && _used.Elapsed > _budget)
                    {
                        // What was not compared is not kept.
                        return;
                    }

                    double seconds = Seconds(plan, run);
                    if (seconds < bestSeconds * (best is null ? 1 : LeastGain))
                    {
                        (best, bestSeconds) = (plan, seconds);
                    }
                }

                if (best is { } kept)
                {
                    device.Plans.Add(key, kept);
                    Measured++;
                }
            }
            finally
            {
                _used.Stop();
            }
        }

        if (s_always)
        {
            device.Plans.Save();
        }
    }

    private bool IsWanted(in PlanKey key) =>
        (s_always || _thread == Environment.CurrentManagedThreadId) && _used.Elapsed < _budget && !device.IsRecording && !device.Plans.Contains(key);

    /// <summary>The shortest of some runs, the first of which compiles the kernel and does not count; infinite where the driver refuses it.</summary>
    private double Seconds(GemmPlan plan, Action<GemmPlan> run)
    {
        double best = double.PositiveInfinity;
        try
        {
            for (int i = 0; i <= Repeats; i++)
            {
                device.Synchronize();
                long start = Stopwatch.GetTimestamp();
                run(plan);
                device.Synchronize();
                best = i == 0 ? best : Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }
        catch (KernelCompilationException)
        {
            return double.PositiveInfinity;
        }

        return best;
    }
}
