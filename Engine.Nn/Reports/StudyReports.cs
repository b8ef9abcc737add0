using System.Globalization;

namespace Engine.Nn;

/// <summary>The report of a search for hyper-parameters.</summary>
public static class StudyReports
{
    private const int MostCurves = 60;

    /// <summary>Writes a page about the study; see <see cref="ToReport"/> for its parts.</summary>
    /// <param name="study">The study.</param>
    /// <param name="path">The file, such as <c>study.html</c>.</param>
    /// <param name="title">The heading.</param>
    /// <exception cref="IOException">The file cannot be written; the message says why.</exception>
    /// <exception cref="StudyFileException">The study's storage cannot be read.</exception>
    public static void SaveReport(this Study study, string path, string title = "Hyper-parameter search")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ToReport(study, title).Save(path);
    }

    /// <summary>A page about the study: the best trial so far, importance, parallel coordinates, the values on the way, and every trial in a table.</summary>
    /// <param name="study">The study; trials that still run are shown as such.</param>
    /// <param name="title">The heading.</param>
    /// <exception cref="StudyFileException">The study's storage cannot be read.</exception>
    public static Report ToReport(this Study study, string title = "Hyper-parameter search")
    {
        ArgumentNullException.ThrowIfNull(study);
        Report report = new(title);
        IReadOnlyList<Trial> trials = study.Trials;
        Trial[] completed = [.. trials.Where(static t => t.State == TrialState.Completed && double.IsFinite(t.Value))];
        Trial? best = completed.Length == 0 ? null : study.Mode == MonitorMode.Min ? completed.MinBy(static t => t.Value) : completed.MaxBy(static t => t.Value);
        report.AddKeyFigures(
            ("trials", trials.Count),
            ("pruned", trials.Count(static t => t.State == TrialState.Pruned)),
            ("failed", trials.Count(static t => t.State == TrialState.Failed)),
            (best is null ? "best value" : $"best value, trial {best.Number}", best?.Value));
        if (best is not null)
        {
            report.AddTable("Best trial", ["hyper-parameter", "value"], [.. best.Values.Select(static v => (IReadOnlyList<object?>)[v.Key, v.Value])]);
        }

        AddProgress(report, completed, study.Mode);
        if (completed.Select(static t => t.Value).Distinct().Count() > 1)
        {
            report.AddBars("Importance", [.. study.Importance().Select(static i => new ReportBar(i.Dimension.Name, i.Share))], "How much of the objective's variance each hyper-parameter explains by itself.");
        }

        if (completed.Length > 0)
        {
            report.AddParallelCoordinates(
                "Completed trials",
                [.. study.Space.Dimensions.Select(static d => new ReportAxis(d.Name, d.IsLog)), new ReportAxis("objective")],
                [.. completed.Select(t => (IReadOnlyList<object?>)[.. study.Space.Dimensions.Select(d => Cell(t, d)), t.Value])],
                caption: $"A line for each trial, blue where the objective is large, red where it is small; {(study.Mode == MonitorMode.Min ? "smaller" : "larger")} is better.");
        }

        Trial[] curves = [.. trials.Where(static t => t.Reports.Count > 0)];
        if (curves.Length > 0)
        {
            report.AddLines(
                "Values on the way",
                "step",
                [.. curves.TakeLast(MostCurves).Select(static t => new ReportSeries($"{t.Number}{(t.State == TrialState.Pruned ? " (pruned)" : string.Empty)}", [.. t.Reports.Select(static r => (double)r.Step)], [.. t.Reports.Select(static r => r.Value)]) { IsDashed = t.State == TrialState.Pruned })],
                caption: curves.Length > MostCurves ? $"The last {MostCurves} of {curves.Length} trials." : null);
        }

        return report.AddTable(
            "Trials",
            ["trial", "state", "value", .. study.Space.Dimensions.Select(static d => d.Name), "seconds", "error"],
            [.. trials.Select(t => (IReadOnlyList<object?>)
            [
                t.Number,
                t.State.ToString().ToLowerInvariant(),
                double.IsNaN(t.Value) ? null : t.Value,
                .. study.Space.Dimensions.Select(d => Cell(t, d)),
                t.Finished is { } end ? Math.Round((end - t.Started).TotalSeconds, 1) : null,
                t.Error,
            ])]);
    }

    private static void AddProgress(Report report, Trial[] completed, MonitorMode mode)
    {
        double best = double.NaN;
        List<double> soFar = [];
        foreach (Trial trial in completed)
        {
            best = double.IsNaN(best) ? trial.Value : mode == MonitorMode.Min ? Math.Min(best, trial.Value) : Math.Max(best, trial.Value);
            soFar.Add(best);
        }

        double[] numbers = [.. completed.Select(static t => (double)t.Number)];
        report.AddLines(
            "Best so far",
            "trial",
            [new ReportSeries("each trial", numbers, [.. completed.Select(static t => t.Value)]) { Color = 8, IsPoints = true }, new ReportSeries("best so far", numbers, soFar) { Color = 0 }],
            "objective");
    }

    /// <summary>A number, the word of a choice, or null where the trial does not have it.</summary>
    private static object? Cell(Trial trial, Dimension dimension)
    {
        double coordinate = trial.Coordinate(dimension);
        return double.IsNaN(coordinate) ? null
            : dimension.Kind == DimensionKind.Choice ? Choice(dimension, (int)coordinate)
            : coordinate;
    }

    /// <summary>Choices of numbers stay numbers, so that their axis has their order.</summary>
    private static object Choice(Dimension dimension, int index) =>
        dimension.Choices.All(static c => double.TryParse(c, CultureInfo.InvariantCulture, out _)) ? double.Parse(dimension.Choices[index], CultureInfo.InvariantCulture) : dimension.Choices[index];
}
