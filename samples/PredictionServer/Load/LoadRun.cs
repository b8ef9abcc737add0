using System.Diagnostics;
using Engine;
using Engine.Nn;

namespace PredictionServerSample.Load;

/// <summary>Many clients of one model: what a queue that gathers batches is worth, how far from the hardware's bound it is, and whether memory stays as it is.</summary>
/// <param name="Model">A name of <see cref="ModelZoo"/>.</param>
/// <param name="Device">The device's name, or <c>auto</c>.</param>
/// <param name="Clients">How many ask at the same time; each waits for its answer before it asks again.</param>
/// <param name="Seconds">How long each figure is taken.</param>
/// <param name="IsHttp">Whether they ask a web server on this machine by HTTP, or the model's queue in this process.</param>
internal sealed record LoadRun(string Model, string Device, int Clients, double Seconds, bool IsHttp)
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_sample = TimeSpan.FromSeconds(10);

    /// <summary>Does what the arguments say; 1 if an answer was missing.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        IConfiguration options = new ConfigurationBuilder().AddCommandLine([.. args.Where(static a => a is not ("--load" or "--http" or "--memory" or "--listen"))]).Build();
        LoadRun run = new(
            options["model"] ?? "lenet5", options["device"] ?? "auto", options.GetValue("clients", 64), options.GetValue("seconds", 5.0), args.Contains("--http"));
        Console.WriteLine($"{run.Model}, {run.Clients} clients{(run.IsHttp ? " over HTTP" : string.Empty)}, {run.Seconds} s each");
        if (args.Contains("--listen"))
        {
            await run.ListenAsync(options.GetValue("batch", 64));
            return 0;
        }

        return await (args.Contains("--memory") ? run.WatchMemoryAsync() : run.CompareAsync());
    }

    /// <summary>The bound of the hardware, then the clients' answers in batches and one by one.</summary>
    private async Task<int> CompareAsync()
    {
        (double bound, int best) = Bound();
        Console.WriteLine($"no server, batches of {best}: {bound,8:F0} answers/s, the bound");
        double batched = await MeasureAsync(maxBatch: 64, bound);
        double single = await MeasureAsync(maxBatch: 1, bound);
        Console.WriteLine($"batches answer {batched / single:F2} times as many");
        return batched > 0 && single > 0 ? 0 : 1;
    }

    private async Task<double> MeasureAsync(int maxBatch, double bound)
    {
        await using LoadTarget target = await LoadTarget.StartAsync(Model, Device, Clients, maxBatch, IsHttp);
        Latencies latencies = new();
        using CancellationTokenSource end = new(s_warmUp + TimeSpan.FromSeconds(Seconds));
        Task clients = AskAsync(target, latencies, end.Token);
        await Task.Delay(s_warmUp);
        latencies.Clear();
        Stopwatch watch = Stopwatch.StartNew();
        await clients;
        target.Stopping.ThrowIfCancellationRequested();
        double rate = latencies.Count / watch.Elapsed.TotalSeconds;
        Console.WriteLine($"at most {maxBatch,2} at once:     {rate,8:F0} answers/s, {rate / bound:P0} of the bound; {latencies}");
        return rate;
    }

    /// <summary>A line every ten seconds: memory of the process, of the collector, of the device.</summary>
    private async Task<int> WatchMemoryAsync()
    {
        await using LoadTarget target = await LoadTarget.StartAsync(Model, Device, Clients, maxBatch: 64, IsHttp);
        Latencies latencies = new();
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(Seconds));
        Task clients = AskAsync(target, latencies, end.Token);
        Console.WriteLine("seconds  answers/s   p99 ms  working set MiB  heap MiB  pool in use MiB  pool kept MiB");
        Stopwatch watch = Stopwatch.StartNew();
        for (TimeSpan last = default; !clients.IsCompleted; last = watch.Elapsed)
        {
            await Task.WhenAny(clients, Task.Delay(s_sample));
            double seconds = (watch.Elapsed - last).TotalSeconds;
            using Process process = Process.GetCurrentProcess();
            MemoryReport pool = target.Device.Pool.Report;
            Console.WriteLine(
                $"{watch.Elapsed.TotalSeconds,7:F0} {latencies.Count / seconds,10:F0} {latencies.Percentile(0.99),8:F1} {process.WorkingSet64 / 1048576.0,16:F1} {GC.GetTotalMemory(false) / 1048576.0,9:F1} {pool.InUse / 1048576.0,16:F1} {pool.Cached / 1048576.0,14:F1}");
            latencies.Clear();
        }

        await clients;
        return 0;
    }

    /// <summary>Serves until Ctrl+C, for clients of another program.</summary>
    private async Task ListenAsync(int maxBatch)
    {
        await using LoadTarget target = await LoadTarget.StartAsync(Model, Device, Clients, maxBatch, isHttp: true);
        Console.WriteLine($"POST {target.Length} float32 numbers as bytes to {target.Url}");
        await target.EndAsync();
    }

    /// <summary>The most answers a second that the model makes without a queue, and the size of batch that makes them.</summary>
    private (double Rate, int Batch) Bound()
    {
        Device device = Device == "auto" ? Engine.Device.Best() : Engine.Device.Get(Device);
        int[] shape = LoadTarget.ShapeOf(Model);
        Layer model = ModelZoo.Create(Model, [.. shape]).To(device).Eval().Freeze();
        (double Rate, int Batch) best = default;
        for (int batch = 1; batch <= 64; batch *= 2)
        {
            float[] samples = [.. Enumerable.Repeat(LoadTarget.Sample(shape), batch).SelectMany(static s => s)];
            int rounds = 0;
            Predict();
            Stopwatch watch = Stopwatch.StartNew();
            for (; rounds == 0 || watch.Elapsed.TotalSeconds < Seconds / 8; rounds++)
            {
                Predict();
            }

            double rate = rounds * batch / watch.Elapsed.TotalSeconds;
            Console.WriteLine($"  no server, batches of {batch,2}: {rate:F0} answers/s");
            best = rate > best.Rate ? (rate, batch) : best;

            void Predict()
            {
                using TensorScope scope = TensorScope.Begin();
                _ = model.Predict(Tensor.From<float>(samples, new Shape([batch, .. shape]), device)).ToArray<float>();
            }
        }

        return best;
    }

    private Task AskAsync(LoadTarget target, Latencies latencies, CancellationToken end) =>
        Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(
            async () =>
            {
                while (!end.IsCancellationRequested && !target.Stopping.IsCancellationRequested)
                {
                    long began = Stopwatch.GetTimestamp();
                    await target.AskAsync();
                    latencies.Add(Stopwatch.GetElapsedTime(began));
                }
            },
            CancellationToken.None)));
}
