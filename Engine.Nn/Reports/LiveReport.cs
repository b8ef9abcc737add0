namespace Engine.Nn;

/// <summary>
/// The page of a run under way: the charts and tables of a <see cref="Report"/> without numbers, which a script fills as they arrive. A server that
/// sends them is beside the engine, in <c>integrations/Engine.Dashboard</c>.
/// </summary>
/// <remarks>
/// A chart's lines carry the keys <c>epoch.NAME</c>, <c>step.NAME</c>; the table of epochs is the element <c>live-epochs</c>, the figures of the
/// run are the elements <c>live-status</c>, <c>live-epoch</c>, <c>live-step</c>, <c>live-loss</c> and <c>live-speed</c>.
/// </remarks>
public static class LiveReport
{
    private const string Prefix = "val_", Rate = "learning_rate";

    /// <summary>The page.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="version">A number that the page carries as <c>data-version</c> of its element <c>live</c>.</param>
    /// <param name="names">The figures of an epoch, such as <c>loss</c> and <c>val_loss</c>; each has a chart and a column.</param>
    /// <param name="script">The script that fills it, which the page is told to run.</param>
    /// <exception cref="ArgumentException">The title or a name is empty.</exception>
    public static string Html(string title, int version, IReadOnlyList<string> names, string script)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(title);
        string[] figures = Guard.NoNulls(names);
        ArgumentNullException.ThrowIfNull(script);
        if (Array.Exists(figures, string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("LiveReport.Html: a figure has an empty name.", nameof(names));
        }

        List<ReportSection> sections = [new StatusSection(version)];
        foreach (string name in figures.Where(static n => n != Rate && !n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            List<(string Label, string Key, bool IsDashed, int Color)> lines = [("training", "epoch." + name, false, 0)];
            if (name == "loss")
            {
                lines.Insert(0, ("within epochs", "step.loss", false, 8));
            }

            if (figures.Contains(Prefix + name))
            {
                lines.Add(("validation", "epoch." + Prefix + name, true, 1));
            }

            sections.Add(Lines(Words(name), lines));
        }

        sections.Add(Lines("Learning rate", [("learning rate", "step." + Rate, false, 0)]));
        sections.Add(Lines("Samples per second", [("samples per second", "step.samples_per_second", false, 0)]));
        sections.Add(Lines("Gradient norm", [("gradient norm", "step.gradient_norm", false, 0)], logY: true));
        sections.Add(new EpochsSection(figures));
        return ReportPage.Html(title, sections, script);
    }

    private static LinesSection Lines(string title, IReadOnlyList<(string Label, string Key, bool IsDashed, int Color)> lines, bool logY = false) =>
        new(title, "epoch", null, SeriesPoints.Of(nameof(LiveReport), [.. lines.Select(static l => new ReportSeries(l.Label, [], []) { IsDashed = l.IsDashed, Color = l.Color })], isSorted: true), false, logY, null)
        {
            LiveKeys = [.. lines.Select(static l => l.Key)],
        };

    private static string Words(string name) => char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');

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
