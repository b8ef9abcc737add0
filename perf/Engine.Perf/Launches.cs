using System.IO.Enumeration;
using Engine.Gpu;
using Engine.Nn;

namespace Engine.Perf;

/// <summary>What one training step of each network launches: launches cost time on small networks, whatever they compute.</summary>
internal static class Launches
{
    // Large enough that no kernel is chosen for being tiny, small enough for a processor behind OpenCL.
    private const int Batch = 16;

    /// <summary>Prints what each network launches whose name matches: a list a network, or one table in Markdown.</summary>
    public static void Print(Device opened, string[] patterns, bool markdown, TrainingPrecision precision)
    {
        if (opened is not GpuDevice device)
        {
            throw new ArgumentException($"{opened.Name} launches no kernels; --device opencl or --device cuda does.", nameof(opened));
        }

        if (markdown)
        {
            Console.WriteLine("| network | launches | operands | kernels |");
            Console.WriteLine("|---|---|---|---|");
        }

        foreach ((string name, int[] input) in NetworkWorkloads.Networks)
        {
            if (patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)))
            {
                Print(device, name, new Shape(input).With(0, Batch), markdown, precision);
            }
        }
    }

    private static void Print(GpuDevice device, string name, Shape shape, bool markdown, TrainingPrecision precision)
    {
        // The first step makes the optimizer's state and compiles.
        Action step = NetworkWorkloads.TrainStep(name, shape, precision);
        step();
        using LaunchCount count = device.CountLaunches();
        step();
        device.Synchronize();
        IReadOnlyList<LaunchCount.Entry> kernels = count.Kernels;
        int launches = kernels.Sum(static k => k.Launches);
        double megabytes = kernels.Sum(static k => k.Bytes) / 1e6;
        if (markdown)
        {
            Console.WriteLine($"| {name} | {launches} | {megabytes:F1} MB | {string.Join(", ", kernels.Select(static k => $"{k.Launches} {k.Name}"))} |");
            return;
        }

        Console.WriteLine($"{name}, batch {shape[0]}: {launches} launches, {megabytes:F2} MB of operands");
        foreach (LaunchCount.Entry kernel in kernels)
        {
            Console.WriteLine($"  {kernel.Launches,5}  {kernel.Name,-32} {kernel.Bytes / 1e6,10:F3} MB  {kernel.Lines,5} lines{(kernel.Registers > 0 ? $"  {kernel.Registers,3} registers" : string.Empty)}");
        }

        Console.WriteLine();
    }
}
