using System.Globalization;
using System.Text.Json;

namespace Engine.Nn;

/// <summary>A series as a page holds it: so many points that the eye sees no fewer, and some of them for the table.</summary>
internal sealed class SeriesPoints
{
    /// <summary>A chart is at most a thousand pixels wide; two points a pixel draw all that can be seen of any number.</summary>
    public const int MostPoints = 2000;

    private readonly bool _isDashed, _isPoints;
    private readonly int _color;

    private SeriesPoints(ReportSeries series, int index, double[] x, double[] y, bool logX, bool logY)
    {
        (Name, X, Y, _isDashed, _isPoints, _color) = (series.Name, x, y, series.IsDashed, series.IsPoints, series.Color ?? index);
        Count = x.Length;
        for (int i = 0; i < x.Length; i++)
        {
            bool isFinite = double.IsFinite(x[i]) && double.IsFinite(y[i]);
            NotFinite += isFinite ? 0 : 1;
            NotPositive += isFinite && ((logX && x[i] <= 0) || (logY && y[i] <= 0)) ? 1 : 0;
        }
    }

    public string Name { get; }

    /// <summary>Every point that was given, in the order of the chart.</summary>
    public double[] X { get; }

    public double[] Y { get; }

    public int Count { get; }

    /// <summary>How many points are NaN or infinite.</summary>
    public int NotFinite { get; }

    /// <summary>The number of points that a logarithmic axis cannot show.</summary>
    public int NotPositive { get; }

    /// <summary>Copies series, so that the caller may go on with the lists.</summary>
    /// <param name="what">The name of the method, for errors.</param>
    /// <param name="series">The series.</param>
    /// <param name="isSorted">Whether points are put in the order of x, as the lines of a function need.</param>
    /// <param name="logX">Whether x is shown by its logarithm.</param>
    /// <param name="logY">Whether y is shown by its logarithm.</param>
    /// <param name="parameter">The name of the caller's parameter.</param>
    public static SeriesPoints[] Of(string what, IReadOnlyList<ReportSeries> series, bool isSorted, bool logX = false, bool logY = false, string parameter = "series")
    {
        return [.. Guard.NoNulls(series, parameter).Select((s, index) =>
        {
            ArgumentNullException.ThrowIfNull(s.Name, parameter);
            ArgumentNullException.ThrowIfNull(s.X, parameter);
            ArgumentNullException.ThrowIfNull(s.Y, parameter);
            if (s.X.Count != s.Y.Count)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"{what}: series '{s.Name}' has {s.X.Count} values of x and {s.Y.Count} of y; each point needs both."), parameter);
            }

            double[] x = [.. s.X], y = [.. s.Y];
            if (isSorted && !IsAscending(x))
            {
                // NaN sorts first. Sorting by pairs of (x, index) keeps points of one x in their order.
                int[] order = [.. Enumerable.Range(0, x.Length).OrderBy(i => x[i])];
                (x, y) = ([.. order.Select(i => s.X[i])], [.. order.Select(i => s.Y[i])]);
            }

            return new SeriesPoints(s, index, x, y, logX, logY);
        })];
    }

    /// <summary>A sentence on the points that are not drawn; null if all are.</summary>
    public static string? Omissions(IReadOnlyList<SeriesPoints> series)
    {
        int notFinite = series.Sum(static s => s.NotFinite), notPositive = series.Sum(static s => s.NotPositive);
        CultureInfo culture = CultureInfo.InvariantCulture;
        string text = (notFinite == 0 ? string.Empty : string.Create(culture, $"{notFinite:N0} {(notFinite == 1 ? "point is" : "points are")} NaN or infinite and not drawn. "))
            + (notPositive == 0 ? string.Empty : string.Create(culture, $"{notPositive:N0} {(notPositive == 1 ? "point has" : "points have")} no place on the logarithmic axis. "));
        return text.Length == 0 ? null : text.TrimEnd();
    }

    /// <summary>Writes the points to be drawn as x and y.</summary>
    /// <param name="json">The page's data.</param>
    /// <param name="keepsEnvelope">Whether the least and the greatest of each stretch are kept, so that no peak is lost; else every n-th point.</param>
    /// <param name="logX">Whether x is shown by its logarithm.</param>
    /// <param name="logY">Whether y is shown by its logarithm.</param>
    public void WriteData(Utf8JsonWriter json, bool keepsEnvelope, bool logX = false, bool logY = false)
    {
        double[] y = [.. Y.Select(v => logY && v <= 0 ? double.NaN : v)];
        int[] kept = [.. (keepsEnvelope ? Decimation.Envelope(y, MostPoints) : Decimation.Even(y.Length, MostPoints))
            .Where(i => double.IsFinite(X[i]) && (!logX || X[i] > 0))];
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteNumber("color", _color);
        json.WriteBoolean("dashed", _isDashed);
        json.WriteBoolean("points", _isPoints);
        json.WriteNumbers("x", [.. kept.Select(i => X[i])]);
        json.WriteNumbers("y", [.. kept.Select(i => y[i])]);
        json.WriteEndObject();
    }

    private static bool IsAscending(double[] x)
    {
        for (int i = 1; i < x.Length; i++)
        {
            if (!(x[i] >= x[i - 1]))
            {
                return false;
            }
        }

        return true;
    }
}
