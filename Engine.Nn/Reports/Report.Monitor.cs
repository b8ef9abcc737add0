using System.Globalization;

namespace Engine.Nn;

/// <content>The inside of a network.</content>
public sealed partial class Report
{
    private const int TimeBins = 32;

    /// <summary>How a histogram changes: a column for each step, its colors the share of the values in each interval of one common range.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="histograms">The histograms and the steps at which they were taken, in order; each may have a range of its own.</param>
    /// <param name="caption">A line below it.</param>
    /// <remarks>The values of an interval are taken to be spread evenly over it where it lies across two of the common range.</remarks>
    /// <exception cref="ArgumentException">There are no histograms.</exception>
    public Report AddHistogramsOverTime(string title, IReadOnlyList<(long Step, Histogram Histogram)> histograms, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(histograms);
        (double low, double high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach ((_, Histogram histogram) in histograms)
        {
            ArgumentNullException.ThrowIfNull(histogram, nameof(histograms));
            (low, high) = (Math.Min(low, histogram.Low), Math.Max(high, histogram.High));
        }

        if (histograms.Count == 0)
        {
            throw new ArgumentException($"{nameof(AddHistogramsOverTime)}: there are no histograms; give one at least.", nameof(histograms));
        }

        (low, high) = low < high ? (low, high) : (low - 0.5, low + 0.5);
        double[,] shares = new double[TimeBins, histograms.Count];
        for (int column = 0; column < histograms.Count; column++)
        {
            Spread(histograms[column].Histogram, low, (high - low) / TimeBins, shares, column);
        }

        // Large values at the top, as on any vertical axis.
        string[] rows = [.. Enumerable.Range(0, TimeBins).Select(i => (high - ((i + 0.5) * (high - low) / TimeBins)).ToString("G3", CultureInfo.InvariantCulture))];
        return AddHeatmap(title, shares, rows, [.. histograms.Select(static h => h.Step.ToString(CultureInfo.InvariantCulture))], "value", "step", caption);
    }

    /// <summary>The observations of a monitor: its findings in words; standard deviations of activations and gradients, update ratios and shares of zeros of each layer; histograms over time.</summary>
    /// <param name="monitor">The monitor after the run.</param>
    /// <param name="histogramsOf">The names of the layers whose histograms are shown; of the first and the last where left out.</param>
    /// <exception cref="ArgumentException">There is no layer of such a name.</exception>
    public Report AddMonitor(LayerMonitor monitor, IReadOnlyList<string>? histogramsOf = null)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        IReadOnlyList<LayerObservation> observations = monitor.Observations;
        string[] layers = [.. observations.SelectMany(static o => o.Layers).Select(static l => l.Name).Distinct()];
        string[] chosen = histogramsOf is null ? [.. layers.Take(1), .. layers.Skip(1).TakeLast(1)] : Guard.NoNulls(histogramsOf);
        if (chosen.FirstOrDefault(name => !layers.Contains(name)) is { } unknown)
        {
            throw new ArgumentException($"{nameof(AddMonitor)}: {FigureNames.Unknown(unknown, layers)}", nameof(histogramsOf));
        }

        AddTable("Findings", ["step", "layer", "what"], [.. monitor.Findings.Select(static f => (IReadOnlyList<object?>)[f.Step, f.Layer, f.Message])], monitor.Findings.Count == 0 ? "Nothing stood out." : null);
        AddFigure("Activations, deviation", static l => l.Activation.Deviation, logY: true);
        AddFigure("Activations, share of zeros", static l => l.Activation.ZeroShare, logY: false);
        AddFigure("Gradients of activations, root mean square", static l => l.Gradient?.RootMeanSquare ?? double.NaN, logY: true);
        AddFigure("Update of weights, relative to them", static l => l.UpdateRatio, logY: true, "Some 0.001 is usual, 0.1 is much, 0.000001 hardly learns.");
        foreach (string name in chosen)
        {
            AddHistogramsOverTime($"Activations of {name} over time", [.. Of(name).Select(static o => (o.Step, o.Layer.Activation.Histogram))]);
        }

        return this;

        IEnumerable<(long Step, LayerFigures Layer)> Of(string name) => observations.SelectMany(o => o.Layers.Where(l => l.Name == name).Select(l => (o.Step, l)));

        void AddFigure(string title, Func<LayerFigures, double> value, bool logY, string? caption = null) => AddLines(
            title,
            "step",
            [.. layers.Select((name, color) => new ReportSeries(name, [.. Of(name).Select(static o => (double)o.Step)], [.. Of(name).Select(o => value(o.Layer))]) { Color = color }).Where(static s => s.Y.Any(double.IsFinite))],
            logY: logY,
            caption: caption);
    }

    /// <summary>Adds the share of a histogram's values to each interval of the common range, the highest interval in row 0.</summary>
    private static void Spread(Histogram histogram, double low, double width, double[,] shares, int column)
    {
        double total = histogram.Counts.Sum(static count => (double)count);
        double own = (histogram.High - histogram.Low) / histogram.Counts.Count;
        for (int i = 0; i < histogram.Counts.Count && total > 0; i++)
        {
            double from = (histogram.Low + (i * own) - low) / width, to = (histogram.Low + ((i + 1) * own) - low) / width;
            for (int bin = Math.Clamp((int)from, 0, TimeBins - 1); bin < TimeBins && (bin == Math.Clamp((int)from, 0, TimeBins - 1) || bin < to); bin++)
            {
                double part = to > from ? Math.Max(0, Math.Min(to, bin + 1) - Math.Max(from, bin)) / (to - from) : 1;
                shares[TimeBins - 1 - bin, column] += part * histogram.Counts[i] / total;
                if (to <= from)
                {
                    break;
                }
            }
        }
    }
}
