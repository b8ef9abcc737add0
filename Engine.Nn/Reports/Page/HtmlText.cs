using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Engine.Nn;

/// <summary>HTML that is written from top to bottom: markup as it is, texts escaped.</summary>
internal sealed class HtmlText
{
    // Chinese stays readable in the file; characters of markup are escaped.
    private static readonly HtmlEncoder s_encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private readonly StringBuilder _text = new();

    /// <summary>Markup, which must not hold anything that came from outside.</summary>
    public HtmlText Raw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    /// <summary>A text, for between tags or within the quotes of an attribute.</summary>
    public HtmlText Text(string? text)
    {
        _text.Append(s_encoder.Encode(text ?? string.Empty));
        return this;
    }

    /// <summary>A number of the page's own.</summary>
    public HtmlText Number(long number)
    {
        _text.Append(number.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    /// <summary>&lt;tag&gt;text&lt;/tag&gt;.</summary>
    public HtmlText Element(string tag, string? text)
    {
        _text.Append('<').Append(tag).Append('>');
        return Text(text).Raw("</" + tag + ">");
    }

    /// <summary>A table. Numbers are aligned to the right; rows after <paramref name="mostRows"/> are only counted.</summary>
    public HtmlText Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<object?>> rows, int mostRows = int.MaxValue)
    {
        IReadOnlyList<object?>[] all = [.. rows];
        Raw("<div class=\"scroll\"><table><thead><tr>");
        bool[] isNumeric = [.. columns.Select((_, c) => all.Any(row => CellText.IsNumber(row[c])) && all.All(row => row[c] is null or "" || CellText.IsNumber(row[c])))];
        for (int c = 0; c < columns.Count; c++)
        {
            Raw(isNumeric[c] ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">").Text(columns[c]).Raw("</th>");
        }

        Raw("</tr></thead><tbody>");
        int count = 0;
        foreach (IReadOnlyList<object?> row in all)
        {
            if (++count <= mostRows)
            {
                Raw("<tr>");
                for (int c = 0; c < row.Count; c++)
                {
                    Raw(isNumeric[c] || CellText.IsNumber(row[c]) ? "<td class=\"n\">" : "<td>").Text(CellText.Of(row[c])).Raw("</td>");
                }

                Raw("</tr>\n");
            }
        }

        Raw("</tbody></table></div>");
        if (count > mostRows)
        {
            Raw("<p class=\"note\">").Text(string.Create(CultureInfo.InvariantCulture, $"The first {mostRows:N0} of {count:N0} rows.")).Raw("</p>");
        }

        return this;
    }

    /// <summary>The numbers of a picture, closed until the reader opens them.</summary>
    public HtmlText Details(string summary, Action content)
    {
        Raw("<details class=\"numbers\"><summary>").Text(summary).Raw("</summary>");
        content();
        return Raw("</details>");
    }

    public override string ToString() => _text.ToString();
}
