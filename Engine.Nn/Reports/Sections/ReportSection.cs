using System.Text.Json;

namespace Engine.Nn;

/// <summary>One part of a report: a heading, a picture or text, a caption, and the picture's numbers.</summary>
internal abstract class ReportSection(string? title, string? caption)
{
    public string? Title { get; } = title;

    public string? Caption { get; } = caption;

    /// <summary>Whether it takes the whole width of the page.</summary>
    public virtual bool IsWide => true;

    /// <summary>Whether it stands on a card of its own.</summary>
    public virtual bool IsCard => true;

    /// <summary>Which part of the page's script draws it; null if it is text alone.</summary>
    public virtual string? Kind => null;

    public void Write(HtmlText html, int id)
    {
        html.Raw(IsCard ? "<section class=\"card\">\n" : "<section>\n");
        if (Title is not null)
        {
            html.Element("h2", Title).Raw("\n");
        }

        if (Kind is not null)
        {
            html.Raw("<div class=\"chart\" id=\"chart-").Number(id).Raw("\" data-kind=\"").Raw(Kind).Raw("\"></div>\n");
        }

        WriteBody(html);
        if (Caption is not null)
        {
            html.Raw("<p class=\"caption\">").Text(Caption).Raw("</p>");
        }

        WriteNumbers(html);
        html.Raw("</section>\n");
    }

    /// <summary>The data for the script of the page; within an object.</summary>
    public virtual void WriteData(Utf8JsonWriter json)
    {
    }

    protected virtual void WriteBody(HtmlText html)
    {
    }

    /// <summary>The numbers as tables that open.</summary>
    protected virtual void WriteNumbers(HtmlText html)
    {
    }
}
