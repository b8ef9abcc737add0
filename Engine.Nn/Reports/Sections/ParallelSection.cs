using System.Text.Json;

namespace Engine.Nn;

/// <summary>One line for each row across parallel axes, one for each column.</summary>
internal sealed class ParallelSection(string title, IReadOnlyList<ReportAxis> axes, IReadOnlyList<IReadOnlyList<object?>> rows, int color, string? caption) : ReportSection(title, caption)
{
    private const int MostLines = 2000;

    public override string Kind => "parallel";

    public override void WriteData(Utf8JsonWriter json)
    {
        json.WriteNumber("color", color);
        int[] kept = Decimation.Even(rows.Count, MostLines);
        json.WriteStartArray("axes");
        for (int a = 0; a < axes.Count; a++)
        {
            json.WriteStartObject();
            json.WriteString("name", axes[a].Name);
            json.WriteBoolean("log", axes[a].IsLog);
            object?[] cells = [.. kept.Select(r => rows[r][a])];
            if (cells.All(static c => c is null || CellText.IsNumber(c)))
            {
                json.WriteNumbers("values", [.. cells.Select(c => c is null ? double.NaN : Convert.ToDouble(c, System.Globalization.CultureInfo.InvariantCulture)).Select(v => axes[a].IsLog && v <= 0 ? double.NaN : v)]);
            }
            else
            {
                string[] words = [.. cells.OfType<object>().Select(CellText.Of).Distinct()];
                json.WriteStrings("words", words);
                json.WriteNumbers("values", [.. cells.Select(c => c is null ? double.NaN : Array.IndexOf(words, CellText.Of(c)))]);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    protected override void WriteNumbers(HtmlText html) => html.Details("Numbers", () => html.Table([.. axes.Select(static a => a.Name)], rows, MostLines));
}
