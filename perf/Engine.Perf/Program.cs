using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO.Enumeration;
using Engine;
using Engine.Nn;
using Engine.Perf;

Option<string> deviceOption = new("--device") { Description = "auto, cpu, cuda[:n] or opencl[:n]", DefaultValueFactory = static _ => "cpu" };
Option<int> threadsOption = new("--threads") { Description = "threads of the CPU kernels", DefaultValueFactory = static _ => 1 };
Option<string> filterOption = new("--filter") { Description = "shell patterns over workload names, separated by commas", DefaultValueFactory = static _ => "*" };
Option<double> secondsOption = new("--seconds") { Description = "time for each workload, after its warm-up", DefaultValueFactory = static _ => 1 };
Option<bool> listOption = new("--list") { Description = "print the names only" };
Option<bool> launchesOption = new("--launches") { Description = "print what one training step of each network launches, on a GPU backend" };
Option<bool> firstStepOption = new("--first-step") { Description = "print how long the first training steps of each network take in this process" };
Option<bool> markdownOption = new("--markdown") { Description = "with --launches: one table for all networks" };
Option<MathMode> mathOption = new("--math")
{
    Description = "what float32 products may do on tensor cores: strict, tf32, bf16 or fp16",
    DefaultValueFactory = static _ => MathMode.Strict,
    CustomParser = Named(("strict", MathMode.Strict), ("tf32", MathMode.Tf32), ("bf16", MathMode.BFloat16), ("fp16", MathMode.Float16)),
};
Option<TrainingPrecision> precisionOption = new("--precision")
{
    Description = "types of train_step and infer: full, bf16 or fp16 (mixed)",
    DefaultValueFactory = static _ => TrainingPrecision.Full,
    CustomParser = Named(("full", TrainingPrecision.Full), ("bf16", TrainingPrecision.MixedBFloat16), ("fp16", TrainingPrecision.MixedFloat16)),
};
Option<bool> tf32Option = new("--tf32") { Description = "the same as --math tf32" };
Option<bool> graphsOption = new("--graphs") { Description = "capture training steps and time their replays" };
RootCommand root = new("Times the engine's workloads, one JSON object a line.")
{
    deviceOption, threadsOption, filterOption, secondsOption, listOption, launchesOption, firstStepOption, markdownOption, mathOption, tf32Option, precisionOption, graphsOption,
};
root.SetAction(result =>
{
    NetworkWorkloads.Precision = result.GetValue(precisionOption);
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

    MathMode math = result.GetValue(tf32Option) ? MathMode.Tf32 : result.GetValue(mathOption);
    Run(
        result.GetValue(deviceOption)!,
        result.GetValue(threadsOption),
        math,
        result.GetValue(graphsOption),
        result.GetValue(filterOption)!,
        result.GetValue(secondsOption),
        result.GetValue(listOption));
});

Argument<string> oursArgument = new("ours") { Description = "lines of the engine" };
Argument<string> peerArgument = new("peer") { Description = "lines of the peer" };
Command compare = new("compare", "Prints a table of ratios from two files of result lines.") { oursArgument, peerArgument };
compare.SetAction(result => Console.Write(Comparison.Table(result.GetValue(oursArgument)!, result.GetValue(peerArgument)!)));
root.Add(compare);
return root.Parse(args).Invoke();

static Func<ArgumentResult, T> Named<T>(params (string Name, T Value)[] choices) => argument =>
{
    foreach ((string name, T value) in choices)
    {
        if (name == argument.Tokens[0].Value)
        {
            return value;
        }
    }

    argument.AddError($"{argument.Tokens[0].Value} is not one of {string.Join(", ", choices.Select(static c => c.Name))}.");
    return choices[0].Value;
};

static void Run(string deviceName, int threads, MathMode math, bool graphs, string filter, double seconds, bool list)
{
    Device device = Device.Get(deviceName);
    if (device.Kind == DeviceKind.Cpu)
    {
        device.Threads = threads;
    }

    Device.Default = device;
    device.MathMode = math;
    string[] patterns = filter.Split(',');
    string version = typeof(Device).Assembly.GetName().Version!.ToString(3);
    string mode = math == MathMode.Strict || device.Kind != DeviceKind.Cuda ? string.Empty : $" {math.ToString().ToLowerInvariant()}";
    mode += NetworkWorkloads.Precision == TrainingPrecision.Full ? string.Empty : $" {NetworkWorkloads.Precision.ToString().ToLowerInvariant()}";
    string side = $"engine {version}{mode}{(graphs ? " graphs" : string.Empty)}";
    foreach (Workload workload in WorkloadList.For(device, graphs))
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
        Console.WriteLine(new ResultLine(
            side, workload.Name, device.Name, threads, time.Median, time.Minimum, time.Runs, workload.Flop, workload.Bytes).ToJson());
        device.Pool.Trim();
    }
}
