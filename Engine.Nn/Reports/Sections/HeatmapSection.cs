using System.Globalization;
using System.Text.Json;

namespace Engine.Nn;

/// <summary>A matrix, its values as colors.</summary>
internal sealed class HeatmapSection : ReportSection
{
    /// <summary>More rows than a page has room for become means of blocks.</summary>
    private const int MostCells = 128;

    private readonly double[,] _values;
    private readonly string[] _rowNames, _columnNames;
    private readonly (string Row, string Column) _axes;
    private readonly string? _note;

    public HeatmapSection(string title, double[,] values, IReadOnlyList<string>? rowNames, IReadOnlyList<string>? columnNames, string rowAxis, string columnAxis, string? caption)
        : base(title, caption)
    {
        (int rows, int columns) = (values.GetLength(0), values.GetLength(1));
        _axes = (rowAxis, columnAxis);
        int rowBlock = ((rows - 1) / MostCells) + 1, columnBlock = ((columns - 1) / MostCells) + 1;
        _values = Means(values, rowBlock, columnBlock);
        _rowNames = Names(rowNames, _values.GetLength(0), rowBlock);
        _columnNames = Names(columnNames, _values.GetLength(1), columnBlock);
        _note = rowBlock * columnBlock == 1 ? null : string.Create(CultureInfo.InvariantCulture, $"Each cell is the mean of {rowBlock} × {columnBlock} of the {rows:N0} × {columns:N0} values.");
    }

    public override bool IsWide => _values.GetLength(1) > 12;

    public override string Kind => "heatmap";

    public override void WriteData(Utf8JsonWriter json)
    {
        json.WriteString("rowAxis", _axes.Row);
        json.WriteString("columnAxis", _axes.Column);
        json.WriteStrings("rows", _rowNames);
        json.WriteStrings("columns", _columnNames);
        json.WriteNumbers("values", [.. _values.Cast<double>()]);
    }

    protected override void WriteNumbers(HtmlText html)
    {
        if (_note is not null)
        {
            html.Raw("<p class=\"note\">").Text(_note).Raw("</p>");
        }

        html.Details("Numbers", () => html.Table(
            [$"{_axes.Row} \\ {_axes.Column}", .. _columnNames],
            _rowNames.Select((name, r) => (IReadOnlyList<object?>)[name, .. _columnNames.Select((_, c) => (object)_values[r, c])])));
    }

    private static string[] Names(IReadOnlyList<string>? names, int count, int block) =>
        [.. Enumerable.Range(0, count).Select(i => names?[i * block] ?? (i * block).ToString(CultureInfo.InvariantCulture))];

    private static double[,] Means(double[,] values, int rowBlock, int columnBlock)
    {
        (int rows, int columns) = (values.GetLength(0), values.GetLength(1));
        double[,] means = new double[(rows + rowBlock - 1) / rowBlock, (columns + columnBlock - 1) / columnBlock];
        for (int r = 0; r < means.GetLength(0); r++)
        {
            for (int c = 0; c < means.GetLength(1); c++)
            {
                (double sum, int count) = (0, 0);
                for (int i = r * rowBlock; i < Math.Min(rows, (r + 1) * rowBlock); i++)
                {
                    for (int j = c * columnBlock; j < Math.Min(columns, (c + 1) * columnBlock); j++)
                    {
                        (sum, count) = (sum + values[i, j], count + 1);
                    }
                }

                means[r, c] = sum / count;
            }
        }

        return means;
    }
}
