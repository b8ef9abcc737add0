using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO.Enumeration;
using Engine.Gpu;
using Engine.Nn;
using Engine.Perf.Comparing;
using Engine.Perf.Paper;

namespace Engine.Perf;

/// <summary>The command with all its options.</summary>
internal static class PerfCommand
{
    public static int Run(string[] args)
    {
        Option<string> deviceOption = new("--device") { Description = "auto, cpu, cuda[:n] or opencl[:n]", DefaultValueFactory = static _ => "cpu" };
        Option<int> threadsOption = new("--threads") { Description = "threads of the CPU kernels", DefaultValueFactory = static _ => 1 };
        Option<string> filterOption = new("--filter") { Description = "shell patterns over workload names, separated by commas", DefaultValueFactory = static _ => "*" };
        Option<double> secondsOption = new("--seconds") { Description = "time for each workload, after its warm-up", DefaultValueFactory = static _ => 1 };
        Option<bool> listOption = new("--list") { Description = "print the names only" };
        Option<bool> launchesOption = new("--launches") { Description = "print what one training step of each network launches, on a GPU backend" };
        Option<bool> predictOption = new("--predict") { Description = "with --device paper:h100 (a100, a6000, rtx4090, l4, t4; rx7900, arc770 behind OpenCL): how long the workloads would take on that card; docs/gpu-model.md" };
        Option<string?> beforeOption = new("--before") { Description = "with --predict: a file of results whose first table has earlier predictions; lines then tell both, and what the machine code takes" };
        Option<bool> replayCostOption = new("--replay-cost") { Description = "print what replays of captured training steps cost the host; --device paper:h100 has no card behind it" };
        Option<bool> firstStepOption = new("--first-step") { Description = "print how long the first training steps of each network take in this process" };
        Option<bool> memoryOption = new("--memory") { Description = "lines tell the peak memory of the process too; the filter must name one row" };
        Option<bool> launchCostOption = new("--launch-cost") { Description = "print what launches cost the host: of the engine's kernels and of C# methods; --device paper:90x132 has no card behind it" };
        Option<bool> monitorCostOption = new("--monitor-cost") { Description = "print what a monitor of layers costs a training step of each network" };
        Option<bool> markdownOption = new("--markdown") { Description = "with --launches: one table for all networks" };
        Option<MathMode> mathOption = new("--math")
        {
            Description = "what float32 products may do on tensor cores: strict, tf32, tf32conv (convolutions only, as PyTorch), bf16 or fp16",
            DefaultValueFactory = static _ => MathMode.Strict,
            CustomParser = Named(("strict", MathMode.Strict), ("tf32", MathMode.Tf32), ("tf32conv", MathMode.Tf32Convolutions), ("bf16", MathMode.BFloat16), ("fp16", MathMode.Float16)),
        };
        Option<TrainingPrecision> precisionOption = new("--precision")
        {
            Description = "types of train_step and infer: full, bf16 or fp16 (mixed)",
            DefaultValueFactory = static _ => TrainingPrecision.Full,
            CustomParser = Named(("full", TrainingPrecision.Full), ("bf16", TrainingPrecision.MixedBFloat16), ("fp16", TrainingPrecision.MixedFloat16)),
        };
        Option<KernelSet?> kernelsOption = new("--kernels")
        {
            Description = "whose kernels compute on CUDA and OpenCL: engine, or ilgpu for C# methods that ILGPU compiles",
            CustomParser = Named<KernelSet?>(("engine", KernelSet.Engine), ("ilgpu", KernelSet.Ilgpu)),
        };
        Option<bool> tf32Option = new("--tf32") { Description = "the same as --math tf32" };
        Option<bool> cuBlasOption = new("--cublas") { Description = "with --device cuda[:n]: large products go to cuBLAS, through an adopted accelerator of ILGPU's" };
        Option<bool> graphsOption = new("--graphs") { Description = "capture training steps and time, or with --predict predict, their replays" };
        RootCommand root = new("Times the engine's workloads, one JSON object a line.")
        {
            deviceOption, threadsOption, filterOption, secondsOption, listOption, launchesOption, predictOption, beforeOption, launchCostOption, replayCostOption, firstStepOption, memoryOption, monitorCostOption, markdownOption, mathOption, tf32Option, precisionOption, cuBlasOption, graphsOption,
            kernelsOption,
        };
        root.SetAction(result =>
        {
            string[] patterns = result.GetValue(filterOption)!.Split(',');
            TrainingPrecision precision = result.GetValue(precisionOption);
            if (result.GetValue(predictOption))
            {
                MathMode mode = result.GetValue(tf32Option) ? MathMode.Tf32 : result.GetValue(mathOption);
                EarlierTable? earlier = result.GetValue(beforeOption) is { } file ? EarlierTable.Read(File.ReadLines(file), mode) : null;
                Prediction.Print(Devices.PaperCard(result.GetValue(deviceOption)!), mode, patterns, precision, result.GetValue(graphsOption), details: !result.GetValue(markdownOption), earlier);
            }
            else if (result.GetValue(firstStepOption))
            {
                FirstStep.Print(() => Open(result), patterns, precision);
            }
            else if (result.GetValue(launchCostOption))
            {
                LaunchCost.Print(Open(result));
            }
            else if (result.GetValue(replayCostOption))
            {
                ReplayCost.Print(Open(result), patterns, precision);
            }
            else if (result.GetValue(monitorCostOption))
            {
                MonitorCost.Print(Open(result), patterns, result.GetValue(secondsOption));
            }
            else if (result.GetValue(launchesOption))
            {
                Launches.Print(Open(result), patterns, result.GetValue(markdownOption), precision);
            }
            else
            {
                Time(Open(result), precision, result.GetValue(graphsOption), patterns, result.GetValue(secondsOption), result.GetValue(listOption), result.GetValue(memoryOption));
            }
        });

        Argument<string> oursArgument = new("ours") { Description = "lines of the engine" };
        Argument<string[]> peersArgument = new("peer") { Description = "lines of the peer; several files, one for each of its settings, count with the best of them row by row", Arity = ArgumentArity.OneOrMore };
        Option<bool> groupsOption = new("--groups") { Description = "sum up by kinds of rows; several files of the peer are always summed up" };
        Command compare = new("compare", "Prints a table of ratios from two or more files of result lines.") { oursArgument, peersArgument, groupsOption };
        compare.SetAction(result =>
        {
            string[] peers = result.GetValue(peersArgument)!;
            Comparison comparison = new(result.GetValue(oursArgument)!, peers);
            Console.Write(comparison.Table() + (peers.Length > 1 || result.GetValue(groupsOption) ? GroupSummary.Of(comparison) : string.Empty) + comparison.MemoryTable());
        });
        root.Add(compare);

        Argument<string> oursColdArgument = new("ours") { Description = "lines of `Engine.Perf cold ROW THREADS`" };
        Argument<string> peerColdArgument = new("peer") { Description = "lines of the peer" };
        Command compareCold = new("compare-cold", "Prints a table of the first second of fresh processes.") { oursColdArgument, peerColdArgument };
        compareCold.SetAction(result => Console.Write(ColdComparison.Table(result.GetValue(oursColdArgument)!, result.GetValue(peerColdArgument)!)));
        root.Add(compareCold);

        Argument<string[]> buildsArgument = new("folder") { Description = "folders of an Engine.Perf.dll, copies of artifacts/bin/Engine.Perf/release", Arity = ArgumentArity.OneOrMore };
        Command compareBuilds = new("compare-builds", "Times the rows of builds of the engine in one process, in turns of milliseconds, on the CPU.") { buildsArgument, threadsOption, filterOption, secondsOption };
        compareBuilds.SetAction(result => BuildComparison.Print(
            Array.ConvertAll(result.GetValue(buildsArgument)!, folder => new LoadedBuild(folder, result.GetValue(threadsOption))), result.GetValue(filterOption)!.Split(','), result.GetValue(secondsOption)));
        root.Add(compareBuilds);
        return root.Parse(args).Invoke();

        Device Open(ParseResult result)
        {
            string name = result.GetValue(deviceOption)!;
            Device device = result.GetValue(cuBlasOption) ? Devices.GetWithCuBlas(name) : Devices.Get(name);
            if (device.Kind == DeviceKind.Cpu)
            {
                device.Threads = result.GetValue(threadsOption);
            }

            Devices.UseKernels(device, result.GetValue(kernelsOption));
            device.MathMode = result.GetValue(tf32Option) ? MathMode.Tf32 : result.GetValue(mathOption);
            return Device.Default = device;
        }
    }

    private static Func<ArgumentResult, T> Named<T>(params (string Name, T Value)[] choices) => argument =>
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

    private static void Time(Device device, TrainingPrecision precision, bool graphs, string[] patterns, double seconds, bool list, bool memory)
    {
        string version = typeof(Device).Assembly.GetName().Version!.ToString(3);
        string mode = device.MathMode == MathMode.Strict || device.Kind != DeviceKind.Cuda ? string.Empty : $" {device.MathMode.ToString().ToLowerInvariant()}";
        mode += precision == TrainingPrecision.Full ? string.Empty : $" {precision.ToString().ToLowerInvariant()}";
        mode += device is GpuDevice { Kernels: KernelSet.Ilgpu } ? " ilgpu" : string.Empty;
        mode += device is Engine.Gpu.CudaDevice { UseCuBlas: true } ? " cublas" : string.Empty;
        string side = $"engine {version}{mode}{(graphs ? " graphs" : string.Empty)}";
        Workload[] rows = [.. WorkloadList.For(device, graphs, precision).Where(row => patterns.Any(p => FileSystemName.MatchesSimpleExpression(p, row.Name, ignoreCase: false)))];
        if (memory)
        {
            PeakMemory.CheckAlone(rows.Length);
        }

        foreach (Workload row in rows)
        {
            if (list)
            {
                Console.WriteLine(row.Name);
                continue;
            }

            Measurement time = Measurement.Of(row.Prepare(), device, seconds);
            int threads = device.Kind == DeviceKind.Cpu ? device.Threads : 1;
            Console.WriteLine(new ResultLine(
                side, row.Name, device.Name, threads, time.Median, time.Minimum, time.Runs, row.Flop, row.Bytes, memory ? PeakMemory.Bytes() : 0).ToJson());
            device.Pool.Trim();
        }
    }
}
