using System.Diagnostics;
using System.Globalization;
using System.IO.Enumeration;
using Engine.Nn;

namespace Engine.Perf;

/// <summary>What a replay of a captured training step costs the host, with a new batch each time; on a card on paper, whose launches do nothing, that is all there is.</summary>
internal static class ReplayCost
{
    private const int Rounds = 40, Replays = 200, WarmUps = 10;

    /// <summary>Prints for each network whose name matches: launches, microseconds and bytes of managed memory of a replay, medians over rounds.</summary>
    public static void Print(Device device, string[] patterns, TrainingPrecision precision)
    {
        Console.WriteLine("| network | launches | replay, us | with a batch on the device | managed bytes |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach ((string name, int[] input) in NetworkWorkloads.Networks)
        {
            if (patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)))
            {
                Print(device, name, new Shape(input), precision);
            }
        }
    }

    private static void Print(Device device, string name, Shape shape, TrainingPrecision precision)
    {
        Tensor x = Data.Randn(shape.ToArray()), target = Data.Labels(shape[0], 10), next = x.Clone(), nextTarget = target.Clone();
        using CapturedStep step = device.Capture(NetworkWorkloads.TrainStep(name, x, target, precision), [x, target]);
        (double alone, long bytes) = Time(() => step.Replay());
        (double fed, _) = Time(() => step.Replay(next, nextTarget));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {step.Launches} | {alone:F1} | {fed:F1} | {bytes} |"));
    }

    private static (double Microseconds, long Bytes) Time(Action replay)
    {
        double[] times = new double[Rounds];
        long bytes = 0;
        for (int round = -WarmUps; round < Rounds; round++)
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Replays; i++)
            {
                replay();
            }

            if (round >= 0)
            {
                times[round] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Replays;
                bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / Replays;
            }
        }

        Array.Sort(times);
        return (times[Rounds / 2], bytes);
    }
}
