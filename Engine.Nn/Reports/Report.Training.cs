using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Engine.Nn;

/// <content>The record of a training run.</content>
public sealed partial class Report
{
    private const string Validation = "val_", LearningRate = "learning_rate";

    /// <summary>The curves of a run: loss and each other figure, of training and validation data, learning rate, speed and gradient norm; and a table of its epochs.</summary>
    /// <param name="history">The figures of each epoch.</param>
    /// <param name="recorder">The record within the epochs; without it there is one point an epoch, and no speed or gradient norm.</param>
    /// <param name="validationName">The name on the page for the validation data: "test" for a run that measured the test set after each epoch.</param>
    public Report AddHistory(History history, RunRecorder? recorder = null, string validationName = "validation")
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentException.ThrowIfNullOrWhiteSpace(validationName);
        string[] names = NamesOf(history);
        AddBest(history, names, validationName);
        foreach (string name in names.Where(static n => n != LearningRate && !n.StartsWith(Validation, StringComparison.Ordinal)))
        {
            List<ReportSeries> series = [];
            if (name == "loss" && recorder?.Samples.Count > 0)
            {
                series.Add(new ReportSeries("within epochs", [.. recorder.Samples.Select(static s => s.Epoch)], [.. recorder.Samples.Select(static s => s.Loss)]) { Color = 8 });
            }

            series.Add(OfEpochs("training", history, name) with { Color = 0 });
            if (names.Contains(Validation + name))
            {
                series.Add(OfEpochs(validationName, history, Validation + name) with { IsDashed = true, Color = 1 });
            }

            AddLines(Words(name), "epoch", series);
        }

        // Figures of validation data alone, such as those of a metric that is not measured while training.
        foreach (string name in names.Where(n => n.StartsWith(Validation, StringComparison.Ordinal) && !names.Contains(n[Validation.Length..])))
        {
            AddLines(Words(name[Validation.Length..]), "epoch", [OfEpochs(validationName, history, name) with { IsDashed = true, Color = 1 }]);
        }

        if (recorder?.Samples.Count > 0)
        {
            AddWithin("Learning rate", static s => s.LearningRate);
            AddWithin("Samples per second", static s => s.SamplesPerSecond);
            if (recorder.Samples.Any(static s => double.IsFinite(s.GradientNorm)))
            {
                AddWithin("Gradient norm", static s => s.GradientNorm, logY: true);
            }
        }
        else if (names.Contains(LearningRate))
        {
            AddLines("Learning rate", "epoch", [OfEpochs(LearningRate, history, LearningRate)]);
        }

        return AddTable("Epochs", ["epoch", .. names], [.. history.Epochs.Select((logs, i) => (IReadOnlyList<object?>)
            [i + 1, .. names.Select(n => logs.TryGetValue(n, out double value) ? (object)value : null)])]);

        void AddWithin(string title, Func<RunSample, double> value, bool logY = false) =>
            AddLines(title, "epoch", [new ReportSeries(title.ToLowerInvariant(), [.. recorder.Samples.Select(static s => s.Epoch)], [.. recorder.Samples.Select(value)])], logY: logY);
    }

    /// <summary>The table of a model's modules.</summary>
    public Report AddSummary(ModelSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        const char Space = '\u00A0';
        return AddTable(
            "Model",
            ["layer", "output", "parameters", "FLOPs"],
            [.. summary.Rows.Select(static row => (IReadOnlyList<object?>)
            [
                new string(Space, 4 * row.Depth) + (row.Name.Length == 0 ? string.Empty : row.Name[(row.Name.LastIndexOf('.') + 1)..] + ": ") + row.Description,
                row.OutputShape?.ToString(),
                row.Parameters == 0 ? null : row.Parameters,
                row.Flops == 0 ? null : row.Flops,
            ])],
            string.Create(CultureInfo.InvariantCulture, $"{summary.ParameterCount:N0} parameters, {summary.TrainableParameterCount:N0} of them trained; {summary.Flops:N0} floating-point operations, a multiply-add counted as two."));
    }

    /// <summary>The environment of a run: this engine, .NET, the system, the device; and further rows.</summary>
    /// <param name="device">The device; <see cref="Device.Default"/> where left out.</param>
    /// <param name="more">Further rows: settings, data, seeds.</param>
    public Report AddEnvironment(Device? device = null, params IReadOnlyList<(string Name, object? Value)> more)
    {
        ArgumentNullException.ThrowIfNull(more);
        device ??= Device.Default;
        Assembly engine = typeof(Report).Assembly;
        string version = engine.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? engine.GetName().Version?.ToString() ?? "unknown";
        return AddTable("Environment", ["what", "value"], [
            .. more.Select(static row => (IReadOnlyList<object?>)[row.Name, CellText.Of(row.Value)]),
            ["device", $"{device.Name}: {device.Description}"],
            ["engine", version],
            [".NET", RuntimeInformation.FrameworkDescription],
            ["system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"],
            ["processors", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)],
            ["written", DateTimeOffset.Now.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture)]]);
    }

    /// <summary>Several runs beside each other: a table of their results, and one chart for each figure with a line for each run.</summary>
    /// <param name="title">The heading of the page.</param>
    /// <param name="runs">The runs with their names.</param>
    /// <exception cref="ArgumentException">There are no runs, or two have the same name.</exception>
    public static Report Compare(string title, IReadOnlyList<(string Name, History History)> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        foreach ((string name, History history) in runs)
        {
            ArgumentNullException.ThrowIfNull(name, nameof(runs));
            ArgumentNullException.ThrowIfNull(history, nameof(runs));
        }

        if (runs.Count == 0 || runs.DistinctBy(static r => r.Name).Count() < runs.Count)
        {
            throw new ArgumentException($"{nameof(Compare)}: there are {runs.Count} runs{(runs.Count == 0 ? string.Empty : ", and two of them have the same name")}; give each run a name of its own.", nameof(runs));
        }

        Report report = new(title);
        string[] names = [.. runs.SelectMany(static r => NamesOf(r.History)).Distinct()];
        report.AddTable("Runs", ["run", "epochs", .. names.Select(static n => Words(n) + (ModeOf(n) is null ? ", last" : ", best"))], [.. runs.Select(r => (IReadOnlyList<object?>)
            [r.Name, r.History.Epochs.Count, .. names.Select(n => (object?)Reached(r.History, n))])]);
        foreach (string name in names)
        {
            report.AddLines(
                name.StartsWith(Validation, StringComparison.Ordinal) ? $"{Words(name[Validation.Length..])}, validation" : Words(name),
                "epoch",
                [.. runs.Select((r, i) => (Run: r, Color: i)).Where(r => NamesOf(r.Run.History).Contains(name)).Select(r => OfEpochs(r.Run.Name, r.Run.History, name) with { Color = r.Color })]);
        }

        return report;
    }

    private static string[] NamesOf(History history) => [.. history.Epochs.SelectMany(static e => e.Keys).Distinct()];

    private static ReportSeries OfEpochs(string label, History history, string name) => new(label, [.. Enumerable.Range(1, history.Epochs.Count).Select(static i => (double)i)], history[name]);

    /// <summary>"Top 5 accuracy" of "top_5_accuracy", "Validation loss" of "val_loss".</summary>
    private static string Words(string name, string validationName = "validation")
    {
        string words = (name.StartsWith(Validation, StringComparison.Ordinal) ? $"{validationName} " + name[Validation.Length..] : name).Replace('_', ' ');
        return words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..];
    }

    private static MonitorMode? ModeOf(string name) => name.Length == 0 ? null : MetricMonitor.ModeOf(name);

    private static double? Reached(History history, string name) =>
        !NamesOf(history).Contains(name) ? null : ModeOf(name) is { } mode ? history.Best(name, mode).Value : history[name][^1];

    private void AddBest(History history, string[] names, string validationName)
    {
        List<(string Name, object? Value)> figures = [("epochs", history.Epochs.Count)];
        foreach (string name in names.Where(n => ModeOf(n) is not null && (n.StartsWith(Validation, StringComparison.Ordinal) || !names.Contains(Validation + n))))
        {
            (int epoch, double best) = history.Best(name);
            string text = Words(name, validationName).ToLowerInvariant();
            figures.Add(($"best {text}" + (epoch < 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $", epoch {epoch + 1}")), best));
        }

        AddKeyFigures(figures);
    }
}
