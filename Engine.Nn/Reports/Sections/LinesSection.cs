using System.Text.Json;

namespace Engine.Nn;

/// <summary>Lines over a common axis, drawn by uPlot.</summary>
internal sealed class LinesSection(string title, string xAxis, string? yAxis, SeriesPoints[] series, bool logX, bool logY, string? caption) : ReportSection(title, caption)
{
    /// <summary>For each series the event and its value that add points to it while a page is open: "step.loss"; null in a file.</summary>
    public IReadOnlyList<string>? LiveKeys { get; init; }

    public override bool IsWide => false;

    public override string Kind => "lines";

    public override void WriteData(Utf8JsonWriter json)
    {
        json.WriteString("xAxis", xAxis);
        json.WriteString("yAxis", yAxis);
        json.WriteBoolean("logX", logX);
        json.WriteBoolean("logY", logY);
        if (LiveKeys is not null)
        {
            json.WriteStrings("live", LiveKeys);
        }

        json.WriteStartArray("series");
        foreach (SeriesPoints points in series)
        {
            points.WriteData(json, keepsEnvelope: true, logX, logY);
        }

        json.WriteEndArray();
    }

    protected override void WriteNumbers(HtmlText html)
    {
        if (LiveKeys is null)
        {
            SeriesTable.Joined(html, xAxis, series);
        }
    }
}
