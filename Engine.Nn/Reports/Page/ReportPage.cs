using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Engine.Nn;

/// <summary>A report as one HTML file: nothing in it asks for another file, and the browser is told to allow none.</summary>
internal static class ReportPage
{
    /// <summary>Chinese stays readable; &lt; and &amp; are escaped, so that no text can end the script that contains it.</summary>
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    /// <param name="title">The heading.</param>
    /// <param name="sections">The sections below it.</param>
    /// <param name="liveScript">A further script, which may talk to the server that the page came from; null for a file.</param>
    public static string Html(string title, IReadOnlyList<ReportSection> sections, string? liveScript = null)
    {
        bool hasLines = sections.Any(static s => s.Kind == "lines"), hasGraph = sections.Any(static s => s.Kind == "graph");
        List<string> scripts = [];
        if (hasLines)
        {
            scripts.Add(ReportAssets.Library("uPlot.iife.min.js"));
        }

        if (hasGraph)
        {
            scripts.Add(ReportAssets.Library("dagre.min.js"));
        }

        scripts.Add(ReportAssets.Script());
        if (liveScript is not null)
        {
            scripts.Add(liveScript);
        }

        string style = (hasLines ? ReportAssets.Library("uPlot.min.css") : string.Empty) + ReportAssets.Text("report.css");
        string policy = $"default-src 'none'; img-src data:; style-src {Hash(style)}; script-src {string.Join(' ', scripts.Select(Hash))}; base-uri 'none'; form-action 'none'"
            + (liveScript is null ? string.Empty : "; connect-src 'self'");

        HtmlText html = new();
        html.Raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Raw("<meta http-equiv=\"Content-Security-Policy\" content=\"").Raw(policy).Raw("\">\n");
        html.Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n");
        html.Element("title", title).Raw("\n<style>").Raw(style).Raw("</style>\n</head>\n<body>\n<main>\n");
        html.Element("h1", title).Raw("\n<noscript><p class=\"note\">Charts need JavaScript; their numbers stand in the tables below them.</p></noscript>\n");
        WriteSections(html, sections);
        html.Raw("</main>\n");
        WriteFooter(html, hasLines, hasGraph);
        html.Raw("<script type=\"application/json\" id=\"report-data\">").Raw(Json(sections)).Raw("</script>\n");
        foreach (string script in scripts)
        {
            html.Raw("<script>").Raw(script).Raw("</script>\n");
        }

        return html.Raw("</body>\n</html>\n").ToString();
    }

    private static string Hash(string text) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";

    /// <summary>Narrow sections that follow each other stand side by side where the window is wide enough.</summary>
    private static void WriteSections(HtmlText html, IReadOnlyList<ReportSection> sections)
    {
        for (int i = 0; i < sections.Count; i++)
        {
            bool isNarrow = !sections[i].IsWide;
            if (isNarrow && (i == 0 || sections[i - 1].IsWide))
            {
                html.Raw("<div class=\"row\">\n");
            }

            sections[i].Write(html, i);
            if (isNarrow && (i == sections.Count - 1 || sections[i + 1].IsWide))
            {
                html.Raw("</div>\n");
            }
        }
    }

    private static void WriteFooter(HtmlText html, bool hasLines, bool hasGraph)
    {
        if (!hasLines && !hasGraph)
        {
            return;
        }

        html.Raw("<footer><details><summary>Licences of the scripts in this page</summary>\n");
        if (hasLines)
        {
            html.Element("h3", "uPlot 1.6.32 (github.com/leeoniya/uPlot)").Element("pre", ReportAssets.Text("uPlot.LICENSE.txt")).Raw("\n");
        }

        if (hasGraph)
        {
            html.Element("h3", "dagre 3.1.3 (github.com/dagrejs/dagre)").Element("pre", ReportAssets.Text("dagre.LICENSE.txt")).Raw("\n");
        }

        html.Raw("</details></footer>\n");
    }

    private static string Json(IReadOnlyList<ReportSection> sections)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, s_json))
        {
            json.WriteStartArray();
            for (int i = 0; i < sections.Count; i++)
            {
                if (sections[i].Kind is { } kind)
                {
                    json.WriteStartObject();
                    json.WriteNumber("id", i);
                    json.WriteString("kind", kind);
                    json.WriteString("title", sections[i].Title);
                    sections[i].WriteData(json);
                    json.WriteEndObject();
                }
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
