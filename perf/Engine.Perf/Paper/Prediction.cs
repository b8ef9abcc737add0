using System.IO.Enumeration;
using Engine.Gpu;
using Engine.Nn;
using Engine.PtxInterpreter;

namespace Engine.Perf.Paper;

/// <summary>Predicts how long workloads take on a card that is not there: see docs/gpu-model.md for the model and how far it can be trusted.</summary>
internal sealed class Prediction
{
    private const string TrainStep = "train_step/";

    private readonly PaperCard _card;
    private readonly LaunchSampler _sampler = new();
    private readonly Engine.Gpu.CudaDevice _device;
    private readonly Dictionary<string, MachineCode?> _code = [];
    private readonly EarlierTable? _earlier;

    private Prediction(PaperCard card, MathMode mode, EarlierTable? earlier)
    {
        (_card, _earlier) = (card, earlier);
        _device = PaperDevice.Create(card, _sampler);
        _device.MathMode = mode;
        Device.Default = _device;
    }

    /// <summary>
    /// Prints a line for each workload and, with <paramref name="details"/>, one for each of its kernels. Where there is an earlier table, the line has its figures, and what the machine
    /// code of the workload's kernels takes.
    /// </summary>
    public static void Print(PaperCard card, MathMode mode, string[] patterns, TrainingPrecision precision, bool captured, bool details, EarlierTable? earlier = null)
    {
        Prediction prediction = new(card, mode, earlier);
        Console.WriteLine($"{card.Name}, {mode}, {precision}{(card.OpenClSums > 0 ? "; a card behind OpenCL: instructions are those of the text in PTX" : Ptxas.IsThere ? string.Empty : "; no assembler (ENGINE_PTXAS): registers and machine instructions are guessed from the text")}");
        Console.WriteLine(earlier is null
            ? "| workload | launches | predicted ms | of the roof | operands MB | limits (share of the time) |"
            : "| workload | launches before → now | ms before → now | of the roof | operands MB | limits (share of the time) | of the inner loop | registers | spilled bytes |");
        Console.WriteLine(earlier is null ? "|---|---|---|---|---|---|" : "|---|---|---|---|---|---|---|---|---|");
        foreach ((string name, Func<Action> prepare) in Workloads(prediction._device, precision))
        {
            if (Array.Exists(patterns, pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)))
            {
                prediction.Print(name, prepare(), captured && name.StartsWith(TrainStep, StringComparison.Ordinal), details);
            }
        }
    }

    private static IEnumerable<(string Name, Func<Action> Prepare)> Workloads(Device device, TrainingPrecision precision)
    {
        foreach ((string name, int[] input) in NetworkWorkloads.Networks)
        {
            yield return ($"{TrainStep}{name}", () => NetworkWorkloads.TrainStep(name, new Shape(input), precision));
        }

        foreach (Workload workload in WorkloadList.For(device, captured: false, precision))
        {
            if (!workload.Name.StartsWith(TrainStep, StringComparison.Ordinal) && !workload.Name.StartsWith("infer/", StringComparison.Ordinal))
            {
                yield return (workload.Name, workload.Prepare);
            }
        }
    }

    private void Print(string name, Action step, bool captured, bool details)
    {
        (string Name, long Bytes, int Registers)[] launches = captured ? Replay(step) : Run(step);

        IReadOnlyList<LaunchSample> samples = _sampler.Samples;
        if (samples.Count != launches.Length)
        {
            throw new InvalidOperationException($"{name}: {launches.Length} launches were counted, {samples.Count} sampled.");
        }

        List<(LaunchSample Sample, LaunchTime Time, MachineCode? Code, int Registers)> timed = [];
        for (int i = 0; i < launches.Length; i++)
        {
            MachineCode? code = CodeOf(samples[i]);
            timed.Add((samples[i], TimeOf(samples[i], code, launches[i].Bytes, launches[i].Registers), code, launches[i].Registers));
        }

        double seconds = timed.Sum(static t => t.Time.Seconds), roof = timed.Sum(static t => t.Time.Roof);
        string limits = string.Join(", ", timed.GroupBy(static t => t.Time.Binding).Select(g => (Limit: g.Key, Share: g.Sum(static t => t.Time.Seconds) / seconds)).OrderByDescending(static g => g.Share).Take(4)
            .Select(static g => $"{g.Limit.ToString().ToLowerInvariant()} {g.Share:P0}"));
        string sizes = $"{roof / seconds:P0} | {launches.Sum(static l => l.Bytes) / 1e6:F1} | {limits} |";
        if (_earlier?.Of(name) is { } before)
        {
            // The kernel that multiplies the longest speaks for the workload, but the hungriest for its registers.
            MachineLoop multiplying = timed.Where(static t => t.Code?.Hottest.ProductShare > 0).GroupBy(static t => t.Sample.Text).OrderByDescending(static g => g.Sum(static t => t.Time.Seconds))
                .Select(static g => g.First().Code!.Hottest).FirstOrDefault();
            string share = multiplying.Instructions == 0 ? "–" : $"{multiplying.ProductShare:P0} {(multiplying.TensorProducts > 0 ? "HMMA" : "FFMA")}";
            KernelResources[] resources = [.. timed.Select(t => ResourcesOf(t.Sample)).OfType<KernelResources>()];
            string code = resources.Length == 0 ? "– | –" : $"{resources.Max(static r => r.Registers)} | {resources.Max(static r => r.LocalBytes)}";
            Console.WriteLine($"| {name} | {before.Launches} → {launches.Length} | {before.Milliseconds} → {seconds * 1e3:F3} | {sizes} {share} | {code} |");
        }
        else
        {
            Console.WriteLine($"| {name} | {launches.Length} | {seconds * 1e3:F3} | {sizes}");
        }

        if (!details)
        {
            return;
        }

        foreach (var kernel in timed.GroupBy(static t => (t.Sample.Kernel, t.Registers)).OrderByDescending(static g => g.Sum(static t => t.Time.Seconds)))
        {
            double share = kernel.Sum(static t => t.Time.Seconds) / seconds;
            MachineLoop loop = kernel.First().Code?.Hottest ?? default;
            string products = loop.Instructions == 0 ? string.Empty : $", {loop.ProductShare:P0} of the inner loop's {loop.Instructions} instructions multiply";
            Console.WriteLine($"|   {kernel.Key.Kernel} | {kernel.Count()} | {kernel.Sum(static t => t.Time.Seconds) * 1e3:F3} ({share:P0}) | {kernel.Sum(static t => t.Time.Roof) / kernel.Sum(static t => t.Time.Seconds):P0} | | {kernel.First().Time.Binding.ToString().ToLowerInvariant()}{products}{(kernel.Key.Registers > 0 ? $", {kernel.Key.Registers} registers" : string.Empty)}{(ResourcesOf(kernel.First().Sample) is { LocalBytes: > 0 } kept ? $", {kept.LocalBytes} bytes of them in memory" : string.Empty)} |");
        }
    }

    /// <summary>What the assembler gives a kernel for the card itself; null where there is none, or it does not know the card.</summary>
    private KernelResources? ResourcesOf(LaunchSample sample)
    {
        bool isSpecific = sample.Text.Contains(".target sm_90a", StringComparison.Ordinal);
        return _card.OpenClSums == 0 && Ptxas.Knows(isSpecific) && Ptxas.Assemble(sample.Text, sample.Architecture, isSpecific).TryGetValue(sample.Kernel, out KernelResources found) ? found : null;
    }

    /// <summary>The launches of a step, which are sampled meanwhile.</summary>
    private (string Name, long Bytes, int Registers)[] Run(Action step)
    {
        // The first step makes the optimizer's state and compiles.
        step();
        _device.Synchronize();
        _sampler.Clear();
        using LaunchCount count = _device.CountLaunches();
        step();
        _device.Synchronize();
        return [.. count.Launches];
    }

    /// <summary>The same for a replay of the step, whose launches are those of its recording.</summary>
    private (string Name, long Bytes, int Registers)[] Replay(Action step)
    {
        using LaunchCount count = _device.CountLaunches();
        using CapturedStep captured = _device.Capture(step);
        _sampler.Clear();
        captured.Replay();
        _device.Synchronize();
        return [.. count.Launches.TakeLast(captured.Launches)];
    }

    private LaunchTime TimeOf(LaunchSample sample, MachineCode? code, long operandBytes, int registers)
    {
        if (InstructionCounts.Of(sample) is not { } counts)
        {
            // Its addresses come from numbers that nothing has computed: what is left is the memory.
            counts = new InstructionCounts(0, 0, 0, 0, 0, operandBytes / Math.Max(1, sample.Blocks), 0);
        }

        LaunchTime time = LaunchTime.Of(_card, sample.Blocks, sample.Threads, registers, sample.SharedBytes, counts, IssuesForOne(sample, counts, code), operandBytes);
        return sample.Text.Contains("ld.acquire", StringComparison.Ordinal) ? time with { Seconds = time.Seconds + PaperCard.MeetingSeconds } : time;
    }

    /// <summary>Machine instructions for one of the text: by the products of the inner loop where the kernel lives in it, else by the lengths of the two.</summary>
    private static double IssuesForOne(LaunchSample sample, InstructionCounts counts, MachineCode? code)
    {
        if (code is null || counts.Issued == 0)
        {
            return 1;
        }

        int products = code.Hottest.Float32Products + code.Hottest.TensorProducts;
        return products > 0 && counts.Products * 4 > counts.Issued
            ? (double)counts.Products / products * code.Hottest.Instructions / counts.Issued
            : (double)code.Instructions / Math.Max(1, sample.Lines!.Count);
    }

    private MachineCode? CodeOf(LaunchSample sample)
    {
        if (!_code.TryGetValue(sample.Text, out MachineCode? code))
        {
            string? listing = _card.OpenClSums > 0 ? null : Ptxas.Disassemble(sample.Text, sample.Architecture);
            _code[sample.Text] = code = listing is null ? null : MachineCode.Parse(listing);
        }

        return code;
    }
}
