using System.Globalization;

namespace Engine.Nn;

/// <summary>The numbers of series as a table, below a line that says which points are not drawn.</summary>
internal static class SeriesTable
{
    private const int MostRows = 1000, FewestOfSeries = 20, MostOfSeries = 250;

    /// <summary>One row for each x, one column for each series.</summary>
    public static void Joined(HtmlText html, string xAxis, IReadOnlyList<SeriesPoints> series)
    {
        if (series.Count == 0)
        {
            return;
        }

        WriteOmissions(html, series);
        int most = MostOf(series);
        SortedDictionary<double, object?[]> rows = [];
        for (int s = 0; s < series.Count; s++)
        {
            foreach (int i in Decimation.Even(series[s].Count, most))
            {
                if (!rows.TryGetValue(series[s].X[i], out object?[]? row))
                {
                    rows[series[s].X[i]] = row = new object?[series.Count + 1];
                    row.AsSpan().Fill(string.Empty);
                    row[0] = series[s].X[i];
                }

                row[s + 1] = series[s].Y[i];
            }
        }

        html.Details("Numbers", () =>
        {
            html.Table([xAxis, .. series.Select(static s => s.Name)], rows.Values);
            Note(html, series, most);
        });
    }

    /// <summary>One row for each point.</summary>
    public static void Listed(HtmlText html, string xAxis, string yAxis, IReadOnlyList<SeriesPoints> series)
    {
        if (series.Count == 0)
        {
            return;
        }

        WriteOmissions(html, series);
        int most = MostOf(series);
        html.Details("Numbers", () =>
        {
            html.Table(
                ["series", "point", xAxis, yAxis],
                series.SelectMany(s => Decimation.Even(s.Count, most).Select(i => (IReadOnlyList<object?>)[s.Name, i, s.X[i], s.Y[i]])));
            Note(html, series, most);
        });
    }

    private static void WriteOmissions(HtmlText html, IReadOnlyList<SeriesPoints> series)
    {
        if (SeriesPoints.Omissions(series) is { } omissions)
        {
            html.Raw("<p class=\"note\">").Text(omissions).Raw("</p>");
        }
    }

    private static int MostOf(IReadOnlyList<SeriesPoints> series) => Math.Clamp(MostRows / series.Count, FewestOfSeries, MostOfSeries);

    private static void Note(HtmlText html, IReadOnlyList<SeriesPoints> series, int most)
    {
        int longest = series.Max(static s => s.Count);
        if (longest > most)
        {
            html.Raw("<p class=\"note\">").Text(string.Create(CultureInfo.InvariantCulture, $"{most:N0} of up to {longest:N0} points of a series, evenly chosen.")).Raw("</p>");
        }
    }
}
