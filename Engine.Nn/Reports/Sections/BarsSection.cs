using System.Text.Json;

namespace Engine.Nn;

/// <summary>One horizontal bar for each name.</summary>
internal sealed class BarsSection(string title, IReadOnlyList<ReportBar> bars, string? caption) : ReportSection(title, caption)
{
    public override bool IsWide => false;

    public override string Kind => "bars";

    public override void WriteData(Utf8JsonWriter json)
    {
        json.WriteStrings("names", bars.Select(static b => b.Name));
        json.WriteStrings("texts", bars.Select(static b => CellText.Of(b.Value)));
        json.WriteNumbers("values", [.. bars.Select(static b => b.Value)]);
    }

    protected override void WriteNumbers(HtmlText html) =>
        html.Details("Numbers", () => html.Table(["name", "value"], bars.Select(static b => (IReadOnlyList<object?>)[b.Name, b.Value])));
}
