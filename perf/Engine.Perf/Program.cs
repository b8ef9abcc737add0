using System.CommandLine;
using System.IO.Enumeration;
using Engine;
using Engine.Perf;

Option<string> deviceOption = new("--device") { Description = "auto, cpu, cuda[:n] or opencl[:n]", DefaultValueFactory = static _ => "cpu" };
Option<int> threadsOption = new("--threads") { Description = "threads of the CPU kernels", DefaultValueFactory = static _ => 1 };
Option<string> filterOption = new("--filter") { Description = "shell patterns over workload names, separated by commas", DefaultValueFactory = static _ => "*" };
Option<double> secondsOption = new("--seconds") { Description = "time for each workload, after its warm-up", DefaultValueFactory = static _ => 1 };
Option<bool> listOption = new("--list") { Description = "print the names only" };
Option<bool> launchesOption = new("--launches") { Description = "print what one training step of each network launches, on a GPU backend" };
Option<bool> firstStepOption = new("--first-step") { Description = "print how long the first training steps of each network take in this process" };
Option<bool> markdownOption = new("--markdown") { Description = "with --launches: one table for all networks" };
RootCommand root = new("Times the engine's workloads, one JSON object a line.")
{
    deviceOption, threadsOption, filterOption, secondsOption, listOption, launchesOption, firstStepOption, markdownOption,
};
root.SetAction(result =>
{
    if (result.GetValue(firstStepOption))
    {
        FirstStep.Print(result.GetValue(deviceOption)!, result.GetValue(filterOption)!.Split(','));
        return;
    }

    if (result.GetValue(launchesOption))
    {
        Launches.Print(result.GetValue(deviceOption)!, result.GetValue(filterOption)!.Split(','), result.GetValue(markdownOption));
        return;
    }

    Run(result.GetValue(deviceOption)!, result.GetValue(threadsOption), result.GetValue(filterOption)!, result.GetValue(secondsOption), result.GetValue(listOption));
});

Argument<string> oursArgument = new("ours") { Description = "lines of the engine" };
Argument<string> peerArgument = new("peer") { Description = "lines of the peer" };
Command compare = new("compare", "Prints a table of ratios from two files of result lines.") { oursArgument, peerArgument };
compare.SetAction(result => Console.Write(Comparison.Table(result.GetValue(oursArgument)!, result.GetValue(peerArgument)!)));
root.Add(compare);
return root.Parse(args).Invoke();

static void Run(string deviceName, int threads, string filter, double seconds, bool list)
{
    Device device = Device.Get(deviceName);
    if (device.Kind == DeviceKind.Cpu)
    {
        device.Threads = threads;
    }

    Device.Default = device;
    string[] patterns = filter.Split(',');
    foreach (Workload workload in WorkloadList.For(device))
    {
        if (!patterns.Any(p => FileSystemName.MatchesSimpleExpression(p, workload.Name, ignoreCase: false)))
        {
            continue;
        }

        if (list)
        {
            Console.WriteLine(workload.Name);
            continue;
        }

        Measurement time = Measurement.Of(workload.Prepare(), device, seconds);
        string version = typeof(Device).Assembly.GetName().Version!.ToString(3);
        Console.WriteLine(new ResultLine(
            $"engine {version}", workload.Name, device.Name, threads, time.Median, time.Minimum, time.Runs, workload.Flop, workload.Bytes).ToJson());
        device.Pool.Trim();
    }
}
