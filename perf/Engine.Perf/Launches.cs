using System.IO.Enumeration;
using Engine.Gpu;

namespace Engine.Perf;

/// <summary>What one training step of each network launches: launches cost time on small networks, whatever they compute.</summary>
internal static class Launches
{
    // Large enough that no kernel is chosen for being tiny, small enough for a processor behind OpenCL.
    private const int Batch = 16;

    /// <summary>Prints a table for each network whose name matches.</summary>
    public static void Print(string deviceName, string[] patterns)
    {
        if (Device.Get(deviceName) is not GpuDevice device)
        {
            throw new ArgumentException($"{deviceName} launches no kernels; --device opencl or --device cuda does.", nameof(deviceName));
        }

        Device.Default = device;
        foreach ((string name, int[] input) in NetworkWorkloads.Networks)
        {
            if (patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)))
            {
                Print(device, name, new Shape(input).With(0, Batch));
            }
        }
    }

    private static void Print(GpuDevice device, string name, Shape shape)
    {
        // The first step makes the optimizer's state and compiles.
        Action step = NetworkWorkloads.TrainStep(name, shape);
        step();
        using LaunchCount count = device.CountLaunches();
        step();
        device.Synchronize();
        IReadOnlyList<LaunchCount.Entry> kernels = count.Kernels;
        Console.WriteLine($"{name}, batch {shape[0]}: {kernels.Sum(static k => k.Launches)} launches, {kernels.Sum(static k => k.Bytes) / 1e6:F2} MB of operands");
        foreach (LaunchCount.Entry kernel in kernels)
        {
            Console.WriteLine($"  {kernel.Launches,5}  {kernel.Name,-32} {kernel.Bytes / 1e6,10:F3} MB  {kernel.Lines,5} lines");
        }

        Console.WriteLine();
    }
}
