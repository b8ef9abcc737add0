using Engine.Nn;
using Engine.Reports.Tests.Browser;
using Microsoft.Playwright;
using NUnit.Framework;

namespace Engine.Reports.Tests.Pages;

/// <summary>Reports as a browser shows them.</summary>
internal sealed class PageTests
{
    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    public async Task EveryKind_IsDrawnWithoutAComplaint(ColorScheme scheme)
    {
        using TemporaryFolder folder = new();
        EveryKind.Make().Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"), scheme);
        int[] colors = await open.ColorsOfCanvases();
        await open.Picture($"every-kind-{scheme}");
        Assert.Multiple(() =>
        {
            Assert.That(open.Complaints, Is.Empty);
            Assert.That(open.Requests, Has.Count.EqualTo(1), "a page asks for nothing but itself, its pictures apart");
            Assert.That(colors, Has.Length.EqualTo(EveryKind.Canvases));
            Assert.That(colors, Has.All.GreaterThan(3));
        });
        Assert.That(await open.Page.TitleAsync(), Is.EqualTo("Every kind 每种"));
        Assert.That(await open.Page.Locator(".graph svg g.node").CountAsync(), Is.EqualTo(5));
        Assert.That(await open.Page.Locator(".graph svg path.edge").CountAsync(), Is.EqualTo(4));
        Assert.That(await open.Page.EvaluateAsync<bool>("() => [...document.images].every(i => i.complete && i.naturalWidth > 0)"), Is.True);
        string background = await open.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
        int brightness = background.Split('(', ')')[1].Split(',').Take(3).Sum(int.Parse) / 3;
        Assert.That(brightness, scheme == ColorScheme.Dark ? Is.LessThan(60) : Is.GreaterThan(200));
    }

    [Test]
    public async Task Theme_ChangesWhileThePageIsOpen()
    {
        using TemporaryFolder folder = new();
        EveryKind.Make().Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"));
        const string FirstBar = "() => { const c = document.querySelector('[data-kind=bars] canvas'); return [...c.getContext('2d').getImageData(Math.round(c.width * .8), 18, 1, 1).data].join(); }";
        string light = await open.Page.EvaluateAsync<string>(FirstBar);
        await open.Page.EvaluateAsync("() => { document.querySelector('[data-kind=bars] canvas').dataset.old = 1; }");
        await open.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await open.Page.WaitForFunctionAsync("() => !document.querySelector('[data-kind=bars] canvas').dataset.old");
        Assert.That(await open.Page.EvaluateAsync<string>(FirstBar), Is.Not.EqualTo(light));
        Assert.That(open.Complaints, Is.Empty);
    }

    [Test]
    public async Task HostileTexts_AreTextsOnly()
    {
        using TemporaryFolder folder = new();
        string h = EveryKind.Hostile;
        Report report = new(h);
        report.AddHeading(h).AddText(h).AddPreformatted(h, h).AddKeyFigures((h, h));
        report.AddTable(h, [h], [[h]], h);
        report.AddLines(h, h, [new(h, [0, 1], [0, 1])], h, caption: h);
        report.AddScatter(h, h, h, [new(h, [0, 1], [0, 1])], h);
        report.AddBars(h, [new(h, 1)]);
        report.AddHistograms(h, [new(h, [1, 2])]);
        report.AddContours(h, static (x, y) => x * y, (0, 1), (0, 1), [new(h, [0, 1], [0, 1])], xAxis: h, yAxis: h);
        report.AddHeatmap(h, new double[,] { { 1 } }, [h], [h], h, h);
        report.AddImages(h, [new(1, 1, [0], h)], h);
        report.AddParallelCoordinates(h, [new(h), new("b")], [[h, h], [h, 1]]);
        report.AddGraph(h, new([new(h, h) { Details = h, Kind = h }, new("b", "b") { Group = h }], [new(h, "b", h) { BackLabel = h }]) { Steps = [new(h, [h], [0])] });
        report.Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"));
        int[] colors = await open.ColorsOfCanvases();
        Assert.That(open.Complaints, Is.Empty);
        Assert.That(await open.Page.TitleAsync(), Is.EqualTo(h));
        Assert.That(await open.Page.Locator("h1").TextContentAsync(), Is.EqualTo(h));
        Assert.That(await open.Page.Locator("img").CountAsync(), Is.EqualTo(1), "the picture, and none that a name made");
        Assert.That(await open.Page.Locator("table td").First.TextContentAsync(), Is.EqualTo(h));
        Assert.That(colors, Has.All.GreaterThan(1));
    }

    [Test]
    public async Task OddValues_GiveAnEmptyChartAndNoError()
    {
        using TemporaryFolder folder = new();
        Report report = new("Odd");
        report.AddLines("no series", "x", []);
        report.AddLines("no points", "x", [new("empty", [], [])]);
        report.AddLines("nothing finite", "x", [new("nan", [0, 1], [double.NaN, double.PositiveInfinity])]);
        report.AddLines("nothing positive", "x", [new("negative", [0, 1], [-1, 0])], logY: true);
        report.AddScatter("no series", "x", "y", []);
        report.AddBars("no bars", []);
        report.AddHistograms("no samples", []);
        report.AddParallelCoordinates("no rows", [new("a"), new("b")], []);
        report.AddGraph("no nodes", new([], []));
        report.AddImages("no pictures", []);
        int empty = 9;
        report.AddLines("constant", "x", [new("c", [0, 1, 2], [5, 5, 5])]);
        report.AddLines("gap", "x", [new("g", [0, 1, 2, 3], [1, double.NaN, 2, 3])]);
        report.AddLines("huge", "x", [new("h", [0, 1], [-1e308, 1e308])]);
        report.AddHistograms("one value", [new("v", [3, 3, 3]), new("none", [double.NaN])]);
        report.AddContours("flat", static (_, _) => 1, (0, 1), (0, 1));
        report.AddContours("hole", static (x, y) => Math.Log(x - 0.5) + y, (0, 1), (0, 1));
        report.AddHeatmap("nan", new double[,] { { double.NaN, 1 } });
        report.Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"));
        Assert.That(open.Complaints, Is.Empty);
        Assert.That(await open.Page.Locator(".empty").CountAsync(), Is.EqualTo(empty));
        Assert.That(await open.Page.Locator("main canvas").CountAsync(), Is.EqualTo(7));
    }

    [Test]
    public async Task Graph_GoesThroughItsStepsAndClosesItsBoxes()
    {
        using TemporaryFolder folder = new();
        new Report("Graph").AddGraph("Graph", EveryKind.Graph()).Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"));
        ILocator labels = open.Page.Locator(".graph text.forward"), back = open.Page.Locator(".graph text.backward"), on = open.Page.Locator(".graph g.node.on");
        Assert.That((await labels.CountAsync(), await back.CountAsync(), await on.CountAsync()), Is.EqualTo((4, 2, 0)));
        await open.Page.GetByTitle("before the first step").ClickAsync();
        Assert.That((await labels.CountAsync(), await back.CountAsync()), Is.EqualTo((0, 0)));
        await open.Page.GetByTitle("a step on").ClickAsync();
        Assert.That((await labels.CountAsync(), await back.CountAsync(), await on.TextContentAsync()), Is.EqualTo((2, 0, "c = w·x = 6c = w·x = 6\nnet")));
        await open.Page.GetByTitle("a step on").ClickAsync();
        await open.Page.GetByTitle("a step on").ClickAsync();
        Assert.That((await labels.CountAsync(), await back.CountAsync(), await on.CountAsync()), Is.EqualTo((4, 2, 2)));

        await open.Page.GetByTitle("close every box").ClickAsync();
        Assert.That(await open.Page.Locator(".graph g.node").CountAsync(), Is.EqualTo(2), "x, and the box of the rest");
        await open.Page.Locator(".graph g.node.folded").ClickAsync();
        Assert.That(await open.Page.Locator(".graph g.node").CountAsync(), Is.EqualTo(5));
        Assert.That(open.Complaints, Is.Empty);
    }

    [Test]
    public async Task WideGraph_OpensLargeEnoughToRead_AndFitsWhenAsked()
    {
        using TemporaryFolder folder = new();
        ReportNode[] nodes = [.. Enumerable.Range(0, 40).Select(static i => new ReportNode($"{i}", $"node {i}"))];
        ReportEdge[] edges = [.. Enumerable.Range(1, 39).Select(static i => new ReportEdge($"{i - 1}", $"{i}"))];
        new Report("Wide").AddGraph("Wide", new(nodes, edges) { IsHorizontal = true }).Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"));
        const string Scale = "() => { const svg = document.querySelector('.graph svg'); return svg.getBoundingClientRect().width / svg.viewBox.baseVal.width; }";
        const string Overflow = "() => { const frame = document.querySelector('.graph'); return frame.scrollWidth - frame.clientWidth; }";
        Assert.That(await open.Page.EvaluateAsync<double>(Scale), Is.EqualTo(0.75).Within(0.01));
        Assert.That(await open.Page.EvaluateAsync<int>(Overflow), Is.GreaterThan(1000), "the rest is reached by scrolling");
        await open.Page.GetByTitle("as wide as the page").ClickAsync();
        Assert.That(await open.Page.EvaluateAsync<double>(Scale), Is.LessThan(0.4));
        Assert.That(await open.Page.EvaluateAsync<int>(Overflow), Is.LessThanOrEqualTo(1));
        Assert.That(open.Complaints, Is.Empty);
    }

    [Test]
    public async Task ManyPoints_KeepTheirPeak()
    {
        using TemporaryFolder folder = new();
        double[] x = [.. Enumerable.Range(0, 100_000).Select(static i => (double)i)];
        new Report("Many").AddLines("Many", "x", [new("noise", x, [.. x.Select(static v => v == 77_777 ? 3 : Math.Sin(v / 5000))])]).Save(folder.File("page.html"));
        Assert.That(new FileInfo(folder.File("page.html")).Length, Is.LessThan(300_000));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"));
        double[] seen = await open.Page.EvaluateAsync<double[]>("() => { const d = page.charts[0].plot.data; return [d[0].length, Math.max(...d[1]), d[0][d[1].indexOf(3)]]; }");
        Assert.That(seen[0], Is.LessThanOrEqualTo(2002));
        Assert.That(seen[1..], Is.EqualTo(new double[] { 3, 77_777 }));
        Assert.That(open.Complaints, Is.Empty);
    }

    [Test]
    public async Task Narrow_HasNoSidewaysScrolling()
    {
        using TemporaryFolder folder = new();
        EveryKind.Make().Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"), width: 420);
        await open.Picture("every-kind-narrow");
        Assert.That(await open.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"), Is.LessThanOrEqualTo(420));
        Assert.That(open.Complaints, Is.Empty);
    }
}
