using System.Text;
using Engine.Nn;

namespace Engine.Dashboard;

/// <summary>The page: charts without points, which its script fills from the events.</summary>
internal sealed class LivePage(string title)
{
    private static readonly string s_script = Script();
    private volatile string _html = LiveReport.Html(title, 0, ["loss"], s_script);

    /// <summary>Grows with each run that begins: a page that was made for another one loads itself anew.</summary>
    public int Version { get; private set; }

    public string Current => _html;

    public void Begin(TrainingContext context)
    {
        Version++;
        _html = LiveReport.Html(title, Version, context.LogNames, s_script);
    }

    private static string Script()
    {
        using Stream stream = typeof(LivePage).Assembly.GetManifestResourceStream("Engine.Dashboard.live.js") ?? throw new InvalidOperationException("Dashboard: the assembly lacks its resource live.js.");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }
}
