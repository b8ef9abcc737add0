using System.Diagnostics;
using System.Globalization;
using Engine.Hosting;
using Engine.Nn;

namespace PredictionServerSample;

/// <summary>Many clients of one model in this process: what a queue that gathers batches is worth, and whether memory stays as it is.</summary>
internal static class LoadRun
{
    /// <summary>Asks in batches and one by one, and prints a line for each; 1 if an answer was missing.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        int clients = int.Parse(Option(args, "--clients", "64"), CultureInfo.InvariantCulture);
        double seconds = double.Parse(Option(args, "--seconds", "5"), CultureInfo.InvariantCulture);
        string model = Option(args, "--model", "lenet5");
        string device = Option(args, "--device", "auto");
        Console.WriteLine($"{model}, {clients} clients, {seconds} s each");
        double batched = await MeasureAsync(model, device, clients, seconds, maxBatch: 64);
        double single = await MeasureAsync(model, device, clients, seconds, maxBatch: 1);
        Console.WriteLine($"batches answer {batched / single:F2} times as many");
        return batched > 0 && single > 0 ? 0 : 1;
    }

    private static async Task<double> MeasureAsync(string model, string device, int clients, double seconds, int maxBatch)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        int[] shape = model == "lenet5" ? [1, 28, 28] : [3, 32, 32];
        builder.Services.AddEngine(o => o.Device = device).AddModel(model, _ => ModelZoo.Create(model, [.. shape]), o => (o.InputShape, o.MaxBatch) = (shape, maxBatch));
        using IHost host = builder.Build();
        await host.StartAsync();
        IPredictor predictor = host.Services.GetRequiredService<IPredictor>();
        float[] sample = [.. Enumerable.Range(0, shape.Aggregate(static (a, b) => a * b)).Select(static i => (i % 17) / 17f)];
        while (predictor.State == PredictorState.Starting)
        {
            await Task.Delay(10);
        }

        using CancellationTokenSource end = new(TimeSpan.FromSeconds(seconds));
        Stopwatch watch = Stopwatch.StartNew();
        Task<List<double>>[] running = [.. Enumerable.Range(0, clients).Select(_ => AskAsync(predictor, sample, end.Token))];
        List<double> latencies = [.. (await Task.WhenAll(running)).SelectMany(static l => l).Order()];
        double rate = latencies.Count / watch.Elapsed.TotalSeconds;
        Console.WriteLine(
            $"at most {maxBatch,2} at once: {rate,8:F0} answers/s, median {Percentile(latencies, 0.5):F1} ms, p99 {Percentile(latencies, 0.99):F1} ms, {Environment.WorkingSet >> 20} MiB");
        await host.StopAsync();
        return rate;
    }

    private static async Task<List<double>> AskAsync(IPredictor predictor, float[] sample, CancellationToken end)
    {
        await Task.Yield();
        List<double> latencies = [];
        while (!end.IsCancellationRequested)
        {
            long began = Stopwatch.GetTimestamp();
            await predictor.PredictAsync(sample, CancellationToken.None);
            latencies.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return latencies;
    }

    private static double Percentile(List<double> sorted, double share) => sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];

    private static string Option(string[] args, string name, string otherwise)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : otherwise;
    }
}
