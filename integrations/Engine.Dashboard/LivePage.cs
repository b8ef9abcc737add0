using System.Text;
using Engine.Nn;

namespace Engine.Dashboard;

/// <summary>The page: charts without points, which its script fills from the events.</summary>
internal sealed class LivePage(string title)
{
    private const string Prefix = "val_", Rate = "learning_rate";
    private static readonly string s_script = Script();
    private volatile string _html = Html(title, 0, ["loss"]);

    /// <summary>Grows with each run that begins: a page that was made for another one loads itself anew.</summary>
    public int Version { get; private set; }

    public string Current => _html;

    public void Begin(TrainingContext context)
    {
        Version++;
        _html = Html(title, Version, context.LogNames);
    }

    private static string Html(string title, int version, IReadOnlyList<string> names)
    {
        List<ReportSection> sections = [new StatusSection(version)];
        foreach (string name in names.Where(static n => n != Rate && !n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            List<(string Label, string Key, bool IsDashed, int Color)> lines = [("training", "epoch." + name, false, 0)];
            if (name == "loss")
            {
                lines.Insert(0, ("within epochs", "step.loss", false, 8));
            }

            if (names.Contains(Prefix + name))
            {
                lines.Add(("validation", "epoch." + Prefix + name, true, 1));
            }

            sections.Add(Lines(Words(name), lines));
        }

        sections.Add(Lines("Learning rate", [("learning rate", "step." + Rate, false, 0)]));
        sections.Add(Lines("Samples per second", [("samples per second", "step.samples_per_second", false, 0)]));
        sections.Add(Lines("Gradient norm", [("gradient norm", "step.gradient_norm", false, 0)], logY: true));
        sections.Add(new EpochsSection(names));
        return ReportPage.Html(title, sections, s_script);
    }

    private static LinesSection Lines(string title, IReadOnlyList<(string Label, string Key, bool IsDashed, int Color)> lines, bool logY = false) =>
        new(title, "epoch", null, SeriesPoints.Of(nameof(LivePage), [.. lines.Select(static l => new ReportSeries(l.Label, [], []) { IsDashed = l.IsDashed, Color = l.Color })], isSorted: true), false, logY, null)
        {
            LiveKeys = [.. lines.Select(static l => l.Key)],
        };

    private static string Words(string name) => char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');

    private static string Script()
    {
        using Stream stream = typeof(LivePage).Assembly.GetManifestResourceStream("Engine.Dashboard.live.js") ?? throw new InvalidOperationException("Dashboard: the assembly lacks its resource live.js.");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    /// <summary>Where the run stands.</summary>
    private sealed class StatusSection(int version) : ReportSection(null, null)
    {
        private static readonly (string Id, string Name)[] s_figures = [("status", "run"), ("epoch", "epoch"), ("step", "step"), ("loss", "loss"), ("speed", "samples/s")];

        public override bool IsCard => false;

        protected override void WriteBody(HtmlText html)
        {
            html.Raw("<dl class=\"figures\" id=\"live\" data-version=\"").Number(version).Raw("\">");
            foreach ((string id, string name) in s_figures)
            {
                html.Raw("<div>").Element("dt", name).Raw("<dd id=\"live-").Raw(id).Raw("\">–</dd></div>");
            }

            html.Raw("</dl>\n");
        }
    }

    /// <summary>The figures of each epoch; rows come with the events.</summary>
    private sealed class EpochsSection(IReadOnlyList<string> names) : ReportSection("Epochs", null)
    {
        protected override void WriteBody(HtmlText html)
        {
            html.Raw("<div class=\"scroll\"><table id=\"live-epochs\"><thead><tr>").Element("th", "epoch");
            foreach (string name in names)
            {
                html.Raw("<th scope=\"col\" data-name=\"").Text(name).Raw("\">").Text(name).Raw("</th>");
            }

            html.Raw("</tr></thead><tbody></tbody></table></div>");
        }
    }
}
