using System.Text;

namespace Engine.Nn;

/// <summary>The scripts and styles that lie in this assembly.</summary>
internal static class ReportAssets
{
    private const string Prefix = "Engine.Nn.Reports.";

    // In the order in which they build on each other.
    private static readonly string[] s_own = ["page.js", "plane.js", "lines.js", "scatter.js", "bars.js", "histograms.js", "contours.js", "heatmap.js", "parallel.js", "graph.js"];

    /// <summary>A file's text with plain line ends, as a browser sees it when it checks the hash.</summary>
    public static string Text(string name)
    {
        using Stream stream = typeof(ReportAssets).Assembly.GetManifestResourceStream(Prefix + name)
            ?? throw new InvalidOperationException($"Report: the assembly {typeof(ReportAssets).Assembly.GetName().Name} lacks its resource {name}.");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    /// <summary>A third-party script, without the line that makes developer tools request a file that is not there.</summary>
    public static string Library(string name)
    {
        string text = Text(name);
        int map = text.LastIndexOf("//# sourceMappingURL=", StringComparison.Ordinal);
        return (map < 0 ? text : text[..map]).TrimEnd() + "\n";
    }

    /// <summary>The page's own script.</summary>
    public static string Script() => string.Concat(s_own.Select(Text));
}
