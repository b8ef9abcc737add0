namespace Engine.Nn;

/// <summary>The report of a training run in one call.</summary>
public static class HistoryReports
{
    /// <summary>Writes a page with the curves of the run, its epochs, its model and its environment; see <see cref="Report.AddHistory"/> for the parts.</summary>
    /// <param name="history">The run.</param>
    /// <param name="path">The file, such as <c>run.html</c>.</param>
    /// <param name="title">The heading.</param>
    /// <param name="recorder">The record within the epochs: finer curves, speed and gradient norms.</param>
    /// <param name="summary">The model, from <see cref="SummaryExtensions.Summary(Layer, Shape, DType?)"/>.</param>
    /// <exception cref="IOException">The file cannot be written; the message says why.</exception>
    public static void SaveReport(this History history, string path, string title = "Training run", RunRecorder? recorder = null, ModelSummary? summary = null)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentException.ThrowIfNullOrEmpty(path);
        Report report = new(title);
        report.AddHistory(history, recorder);
        if (summary is not null)
        {
            report.AddSummary(summary);
        }

        report.AddEnvironment();
        report.Save(path);
    }
}
