using System.Diagnostics;
using System.Globalization;
using System.IO.Enumeration;
using Engine.Nn;

namespace Engine.Perf;

/// <summary>What a <see cref="LayerMonitor"/> costs a training step: steps that it looks at and others, by turns.</summary>
internal static class MonitorCost
{
    // The monitor's default.
    private const int EverySteps = 100;

    /// <summary>Prints the medians of both kinds of steps, and what the difference is of a step's time where one step in a hundred is looked at.</summary>
    public static void Print(Device device, string[] patterns, double seconds)
    {
        foreach ((string name, int[] input) in NetworkWorkloads.Networks.Where(network => patterns.Any(p => FileSystemName.MatchesSimpleExpression(p, network.Name, ignoreCase: false))))
        {
            Layer network = ModelZoo.Create(name, new Shape(input[1..]));
            Tensor x = Data.Randn(input), target = Data.Labels(input[0], 10);
            Adam optimizer = new(network.Parameters, 1e-3);
            using LayerMonitor monitor = new(EverySteps);
            List<double> plain = [], watched = [];
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < 6 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; i++)
            {
                device.Synchronize();
                long before = Stopwatch.GetTimestamp();
                bool looks = i % 2 == 1;
                if (looks)
                {
                    monitor.BeginStep(network);
                }

                using (TensorScope step = TensorScope.Begin())
                {
                    optimizer.ZeroGrad();
                    network.Call(x).CrossEntropy(target).Backward();
                    optimizer.Step();
                }

                if (looks)
                {
                    monitor.EndStep();
                    _ = monitor.Observations.Count;
                }

                device.Synchronize();
                if (i >= 4)
                {
                    (looks ? watched : plain).Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
                }
            }

            (double step0, double step1) = (Median(plain), Median(watched));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-20} step {step0,9:F3} ms, looked at {step1,9:F3} ms: {(step1 - step0) / step0 / EverySteps:P2} of a step's time at one step in {EverySteps}"));
        }
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
