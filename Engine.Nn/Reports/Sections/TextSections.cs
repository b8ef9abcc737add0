namespace Engine.Nn;

/// <summary>A heading of a part of the page.</summary>
internal sealed class HeadingSection(string text) : ReportSection(text, null)
{
    public override bool IsCard => false;
}

/// <summary>Paragraphs, separated by empty lines; or lines as they are.</summary>
internal sealed class TextSection(string? title, string text, bool isPreformatted) : ReportSection(title, null)
{
    public override bool IsCard => isPreformatted;

    protected override void WriteBody(HtmlText html)
    {
        if (isPreformatted)
        {
            html.Raw("<div class=\"scroll\">").Element("pre", text).Raw("</div>");
            return;
        }

        foreach (string paragraph in text.Replace("\r\n", "\n", StringComparison.Ordinal).Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            html.Element("p", paragraph).Raw("\n");
        }
    }
}

/// <summary>Numbers that are read first, each in a box of its own.</summary>
internal sealed class KeyFiguresSection(IReadOnlyList<(string Name, object? Value)> figures) : ReportSection(null, null)
{
    public override bool IsCard => false;

    protected override void WriteBody(HtmlText html)
    {
        html.Raw("<dl class=\"figures\">");
        foreach ((string name, object? value) in figures)
        {
            html.Raw("<div>").Element("dt", name).Element("dd", CellText.Of(value)).Raw("</div>");
        }

        html.Raw("</dl>\n");
    }
}

/// <summary>A table.</summary>
internal sealed class TableSection(string title, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<object?>> rows, string? caption, bool isWide = true) : ReportSection(title, caption)
{
    private const int MostRows = 2000;

    public override bool IsWide => isWide;

    protected override void WriteBody(HtmlText html) => html.Table(columns, rows, MostRows);
}
