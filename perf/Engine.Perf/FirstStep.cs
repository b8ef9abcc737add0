using System.Diagnostics;
using System.Globalization;
using System.IO.Enumeration;
using Engine.Nn;

namespace Engine.Perf;

/// <summary>
/// How long the first training step of a network takes in a fresh process: kernels are compiled, or loaded from the cache, and the runtime
/// compiles the engine itself. <c>ENGINE_KERNEL_CACHE</c> names the cache; PoCL has one of its own in <c>POCL_CACHE_DIR</c>.
/// </summary>
internal static class FirstStep
{
    private const int Batch = 16, Steps = 3;

    /// <summary>Prints a line for each network whose name matches; only the first is without what the process knows by then.</summary>
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
            string[] steps = new string[Steps];
            for (int i = 0; i < Steps; i++)
            {
                clock.Restart();
                step();
                string issued = Milliseconds(clock);
                device.Synchronize();
                steps[i] = $"{Milliseconds(clock)} ({issued} until all work was issued)";
            }

            Console.WriteLine($"{name}, batch {Batch}: device found in {found}, network made in {made}; steps: {string.Join(", ", steps)}");
        }
    }

    private static string Milliseconds(Stopwatch clock) => string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalMilliseconds:F0} ms");
}
