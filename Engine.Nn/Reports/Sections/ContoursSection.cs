using System.Text.Json;

namespace Engine.Nn;

/// <summary>A function of two variables from above, with the ways of optimizers over it.</summary>
internal sealed class ContoursSection : ReportSection
{
    private const int Columns = 121, Rows = 97, TableStep = 12;

    private readonly (double Min, double Max) _x, _y;
    private readonly (string X, string Y) _axes;
    private readonly double[] _values;
    private readonly SeriesPoints[] _paths;
    private readonly bool _logLevels;

    public ContoursSection(
        string title, Func<double, double, double> function, (double Min, double Max) x, (double Min, double Max) y, SeriesPoints[] paths, bool logLevels, string xAxis, string yAxis, string? caption)
        : base(title, caption)
    {
        (_x, _y, _axes, _paths, _logLevels) = (x, y, (xAxis, yAxis), paths, logLevels);
        _values = new double[Rows * Columns];
        for (int i = 0; i < _values.Length; i++)
        {
            _values[i] = function(At(x, i % Columns, Columns), At(y, i / Columns, Rows));
        }
    }

    public override bool IsWide => false;

    public override string Kind => "contours";

    public override void WriteData(Utf8JsonWriter json)
    {
        json.WriteString("xAxis", _axes.X);
        json.WriteString("yAxis", _axes.Y);
        json.WriteNumbers("xRange", [_x.Min, _x.Max]);
        json.WriteNumbers("yRange", [_y.Min, _y.Max]);
        json.WriteNumber("columns", Columns);
        json.WriteNumber("rows", Rows);
        json.WriteBoolean("log", _logLevels);

        // Colors need no more digits than floats have, and there are ten thousand numbers.
        json.WriteNumbers("values", _values, "G6");
        json.WriteStartArray("paths");
        foreach (SeriesPoints path in _paths)
        {
            path.WriteData(json, keepsEnvelope: false);
        }

        json.WriteEndArray();
    }

    protected override void WriteNumbers(HtmlText html)
    {
        SeriesTable.Listed(html, _axes.X, _axes.Y, _paths);
        int[] columns = [.. Enumerable.Range(0, ((Columns - 1) / TableStep) + 1).Select(static i => i * TableStep)];
        html.Details("Values of the function", () => html.Table(
            [$"{_axes.Y} \\ {_axes.X}", .. columns.Select(c => CellText.Of(At(_x, c, Columns)))],
            Enumerable.Range(0, ((Rows - 1) / TableStep) + 1).Select(r => (IReadOnlyList<object?>)
                [At(_y, r * TableStep, Rows), .. columns.Select(c => (object)_values[(r * TableStep * Columns) + c])])));
    }

    private static double At((double Min, double Max) range, int i, int count) => range.Min + ((range.Max - range.Min) * i / (count - 1));
}
