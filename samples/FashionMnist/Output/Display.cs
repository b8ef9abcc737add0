using System.Diagnostics;
using Engine.Nn;
using Spectre.Console;

namespace FashionMnistSample;

/// <summary>Shows how a run comes along: a live bar on a terminal, plain lines where the output goes into a file or a pipe.</summary>
internal static class Display
{
    /// <summary>Room for the texts beside the bar, so that it fits on 80 columns.</summary>
    private const int TextWidth = 70;

    /// <summary>Calls <paramref name="work"/> with something to report to, which it does from its own thread.</summary>
    public static void Run(Action<IProgress<TrainingProgress>> work)
    {
        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi)
        {
            work(new PlainLines());
            return;
        }

        LiveBar bar = new();
        AnsiConsole.Progress()
            .Columns(new TextColumn(bar.Position), new ProgressBarColumn { Width = Math.Clamp(AnsiConsole.Profile.Width - TextWidth, 10, 40) }, new PercentageColumn(), new TextColumn(bar.Figures))
            .AutoClear(true)
            .Start(context =>
            {
                bar.Attach(context.AddTask("training"));
                work(bar);
            });
    }

    /// <summary>A line an epoch, and between them one every ten seconds, so that a slow run shows that it is alive.</summary>
    private sealed class PlainLines : IProgress<TrainingProgress>
    {
        private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

        private long _last = Stopwatch.GetTimestamp();

        public void Report(TrainingProgress progress)
        {
            if (progress.IsEpochEnd)
            {
                Console.WriteLine(EpochTable.Row(progress));
            }
            else if (Stopwatch.GetElapsedTime(_last) > s_interval)
            {
                Console.WriteLine($"        {100.0 * progress.Batch / progress.BatchesPerEpoch:F0}% of epoch {progress.Epoch + 1}: {Describe(progress)}");
            }
            else
            {
                return;
            }

            _last = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>The bar of the present epoch. Lines of finished epochs are written above it.</summary>
    private sealed class LiveBar : IProgress<TrainingProgress>
    {
        private ProgressTask? _task;
        private TrainingProgress? _latest;

        public void Attach(ProgressTask task) => _task = task;

        public void Report(TrainingProgress progress)
        {
            _latest = progress;
            _task!.MaxValue = progress.BatchesPerEpoch;
            _task.Value = progress.IsEpochEnd ? 0 : progress.Batch;
            if (progress.IsEpochEnd)
            {
                AnsiConsole.Console.WriteLine(EpochTable.Row(progress));
            }
        }

        public string Position() => _latest is { } p ? $"epoch {Math.Min(p.Epochs, p.Epoch + (p.IsEpochEnd ? 2 : 1))}/{p.Epochs}" : "first step …";

        public string Figures() => _latest is { } p ? Describe(p) : string.Empty;
    }

    private static string Describe(in TrainingProgress progress)
    {
        string eta = progress.Eta is { } left ? $"  {left:h\\:mm\\:ss}" : string.Empty;
        return $"loss {progress.Loss:F3}  acc {progress.Logs["accuracy"]:F3}  {progress.SamplesPerSecond:N0} images/s{eta}";
    }
}
