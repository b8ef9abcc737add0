using Engine.Nn;

namespace Engine.Perf;

/// <summary>The first second of this process with one network or block on the CPU.</summary>
internal static class Cold
{
    public static void Print(string name, int threads)
    {
        Device device = Device.Default = Device.Cpu;
        device.Threads = threads;
        Workload row = NetworkWorkloads.All(device, captured: false, TrainingPrecision.Full).Concat(BlockWorkloads.All(device, captured: false, TrainingPrecision.Full)).FirstOrDefault(row => row.Name == name)
            ?? throw new ArgumentException($"cold: {name} is no row of a network, as train_step/lenet5 and infer/lenet5 are.", nameof(name));
        Console.WriteLine(ColdStart.Of($"engine {typeof(Device).Assembly.GetName().Version!.ToString(3)}", row.Name, threads, row.Prepare).ToJson());
    }
}
