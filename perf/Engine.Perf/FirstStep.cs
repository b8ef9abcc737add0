using System.Diagnostics;
using System.Globalization;
using System.IO.Enumeration;
using System.Runtime;
using Engine.Nn;

namespace Engine.Perf;

/// <summary>
/// How long the first training step of a network takes in a fresh process: kernels are compiled, or loaded from the cache, and the runtime
/// compiles the engine itself. <c>ENGINE_KERNEL_CACHE</c> names the cache; PoCL has one of its own in <c>POCL_CACHE_DIR</c>.
/// </summary>
internal static class FirstStep
{
    private const int Batch = 16, Steps = 3;

    /// <summary>Runs <c>--first-step</c> on the processor with no other option than <c>--filter</c> and <c>--threads</c>; all else is the command's.</summary>
    public static bool TryRun(string[] args)
    {
        (bool isAsked, string filter, int threads) = (false, "*", 1);
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--first-step":
                    isAsked = true;
                    break;
                case "--filter" when i + 1 < args.Length:
                    filter = args[++i];
                    break;
                case "--threads" when i + 1 < args.Length && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out threads) && threads > 0:
                    i++;
                    break;
                case "--device" when i + 1 < args.Length && args[i + 1] == "cpu":
                    i++;
                    break;
                default:
                    return false;
            }
        }

        if (isAsked)
        {
            Print(() => Open(threads), filter.Split(','), TrainingPrecision.Full);
        }

        return isAsked;
    }

    private static Device Open(int threads)
    {
        Device device = Device.Default = Device.Cpu;
        device.Threads = threads;
        return device;
    }

    /// <summary>Prints two lines for each network whose name matches; only the first is without what the process knows by then.</summary>
    public static void Print(Func<Device> open, string[] patterns, TrainingPrecision precision)
    {
        Stopwatch clock = Stopwatch.StartNew();
        Device device = open();
        string found = Milliseconds(clock);
        foreach ((string name, int[] input) in NetworkWorkloads.Networks)
        {
            if (!patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)))
            {
                continue;
            }

            clock.Restart();
            Action step = NetworkWorkloads.TrainStep(name, new Shape(input).With(0, Batch), precision);
            string made = Milliseconds(clock);
            TimeSpan ready = SinceStart();
            string[] steps = new string[Steps];
            TimeSpan[] ends = new TimeSpan[Steps];
            for (int i = 0; i < Steps; i++)
            {
                clock.Restart();
                step();
                string issued = Milliseconds(clock);
                device.Synchronize();
                steps[i] = $"{Milliseconds(clock)} ({issued} until all work was issued)";
                ends[i] = SinceStart();
            }

            // The first line is in the words of the other sides' programs; nothing is written before the last step, since a console takes its time to open.
            long methods = JitInfo.GetCompiledMethodCount();
            TimeSpan compiling = JitInfo.GetCompilationTime();
            Console.WriteLine($"{name}, batch {Batch}: network made {Milliseconds(ready)} after the process's start; steps end at {string.Join(' ', ends.Select(Milliseconds))}");
            Console.WriteLine($"{name}, batch {Batch}: device found in {found}, network made in {made}; steps: {string.Join(", ", steps)}; the JIT has compiled {methods} methods in {Milliseconds(compiling)} on all threads");
        }
    }

    /// <summary>Linux tells the start of a process to 10 ms.</summary>
    private static TimeSpan SinceStart() => DateTime.Now - Process.GetCurrentProcess().StartTime;

    private static string Milliseconds(Stopwatch clock) => Milliseconds(clock.Elapsed);

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F0} ms");
}
