using System.Text.Json;

namespace Engine.Nn;

/// <summary>Histograms over one range of values, one below the other, so that they can be compared.</summary>
internal sealed class HistogramsSection : ReportSection
{
    private readonly double[] _edges;
    private readonly Histogram[] _histograms;

    public HistogramsSection(string title, IReadOnlyList<ReportSample> samples, int bins, string? caption)
        : base(title, caption)
    {
        (double least, double greatest) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (double value in samples.SelectMany(static s => s.Values).Where(double.IsFinite))
        {
            (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
        }

        (least, greatest) = least > greatest ? (0, 1) : least == greatest ? (least - 0.5, greatest + 0.5) : (least, greatest);

        // Halves, because the difference of two finite numbers may be infinite; a single huge value has no room of 0.5 around it.
        double half = Math.Max((greatest / 2) - (least / 2), Math.Abs(greatest) * 1e-9);
        _edges = [.. Enumerable.Range(0, bins + 1).Select(i => least + (half * i / bins) + (half * i / bins))];
        _histograms = [.. samples.Select(s => Histogram.Of(s, least, half, bins))];
    }

    public override bool IsWide => _histograms.Length > 4;

    public override string Kind => "histograms";

    public override void WriteData(Utf8JsonWriter json)
    {
        json.WriteNumbers("edges", _edges);
        json.WriteStartArray("samples");
        foreach (Histogram histogram in _histograms)
        {
            json.WriteStartObject();
            json.WriteString("name", histogram.Name);
            json.WriteString("note", histogram.Note);
            json.WriteNumbers("counts", [.. histogram.Counts.Select(static c => (double)c)]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    protected override void WriteNumbers(HtmlText html) => html.Details("Numbers", () =>
    {
        html.Table(
            ["", "values", "mean", "deviation", "least", "greatest", "zeros", "not finite"],
            _histograms.Select(static h => (IReadOnlyList<object?>)[h.Name, h.Count, h.Mean, h.Deviation, h.Least, h.Greatest, h.Zeros, h.NotFinite]));
        html.Table(
            ["from", "to", .. _histograms.Select(static h => h.Name)],
            Enumerable.Range(0, _edges.Length - 1).Select(i => (IReadOnlyList<object?>)[_edges[i], _edges[i + 1], .. _histograms.Select(h => (object)h.Counts[i])]));
    });

    private sealed record Histogram(string Name, long[] Counts, long Count, long NotFinite, long Zeros, double Mean, double Deviation, double Least, double Greatest)
    {
        public string Note => Count == 0
            ? "no finite values"
            : $"mean {CellText.Of(Rounded(Mean))}, deviation {CellText.Of(Rounded(Deviation))}" + (NotFinite == 0 ? string.Empty : $", {NotFinite} not finite");

        public static Histogram Of(ReportSample sample, double from, double half, int bins)
        {
            long[] counts = new long[bins];
            (long count, long zeros, double mean, double squares) = (0, 0, 0, 0);
            (double least, double greatest) = (double.PositiveInfinity, double.NegativeInfinity);
            foreach (double value in sample.Values.Where(double.IsFinite))
            {
                count++;
                zeros += value == 0 ? 1 : 0;
                double delta = value - mean;
                mean += delta / count;
                squares += delta * (value - mean);
                (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
                counts[Math.Clamp((int)(((value / 2) - (from / 2)) / half * bins), 0, bins - 1)]++;
            }

            return count == 0
                ? new Histogram(sample.Name, counts, 0, sample.Values.Count, 0, double.NaN, double.NaN, double.NaN, double.NaN)
                : new Histogram(sample.Name, counts, count, sample.Values.Count - count, zeros, mean, Math.Sqrt(squares / count), least, greatest);
        }

        private static double Rounded(double value) => double.Parse(value.ToString("G3", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);
    }
}
