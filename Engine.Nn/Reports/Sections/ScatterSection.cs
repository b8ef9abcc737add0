using System.Text.Json;

namespace Engine.Nn;

/// <summary>Clouds of points.</summary>
internal sealed class ScatterSection(string title, string xAxis, string yAxis, SeriesPoints[] series, string? caption) : ReportSection(title, caption)
{
    public override bool IsWide => false;

    public override string Kind => "scatter";

    public override void WriteData(Utf8JsonWriter json)
    {
        json.WriteString("xAxis", xAxis);
        json.WriteString("yAxis", yAxis);
        json.WriteStartArray("series");
        foreach (SeriesPoints points in series)
        {
            points.WriteData(json, keepsEnvelope: false);
        }

        json.WriteEndArray();
    }

    protected override void WriteNumbers(HtmlText html)
    {
        SeriesTable.Listed(html, xAxis, yAxis, series);
    }
}
