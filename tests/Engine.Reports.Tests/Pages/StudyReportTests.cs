using Engine.Nn;
using Engine.Reports.Tests.Browser;
using NUnit.Framework;

namespace Engine.Reports.Tests.Pages;

/// <summary>Reports of hyper-parameter searches.</summary>
internal sealed class StudyReportTests
{
    [Test]
    public async Task SaveReport_ShowsProgressImportanceAndEveryTrial()
    {
        SearchSpace space = new();
        Dimension<double> rate = space.LogUniform("rate </b>", 1e-4, 1e-1);
        Dimension<string> optimizer = space.Choice("optimizer", "sgd", "adam");
        Study study = new(space, new RandomSearch(seed: 3), MonitorMode.Min);
        study.Optimize(
            trial =>
            {
                trial.Report(0, 10);
                trial.Report(1, 5);
                return trial.Number == 4 ? double.NaN : Math.Pow(Math.Log10(trial[rate]) + 2.5, 2) + (trial[optimizer] == "adam" ? 0 : 0.3);
            },
            trials: 40);
        using TemporaryFolder folder = new();
        study.SaveReport(folder.File("study.html"), "A study");
        await using OpenPage open = await OpenPage.Open(folder.Address("study.html"));
        await open.Picture("study");
        int[] colors = await open.ColorsOfCanvases();
        Assert.Multiple(() =>
        {
            Assert.That(open.Complaints, Is.Empty);
            Assert.That(colors, Has.Length.EqualTo(4));
            Assert.That(colors, Has.All.GreaterThan(3));
        });
        Assert.That(await open.Page.Locator("h2").AllTextContentsAsync(), Is.EqualTo(new[] { "Best trial", "Best so far", "Importance", "Completed trials", "Values on the way", "Trials" }));
        double[] soFar = await open.Page.EvaluateAsync<double[]>("() => page.charts[0].data.series[1].y");
        double[] values = [.. study.Trials.Where(static t => t.State == TrialState.Completed).Select(static t => t.Value)];
        Assert.That(soFar, Is.EqualTo(values.Select((_, i) => values[..(i + 1)].Min())).AsCollection.Within(1e-7));
        string[] names = await open.Page.EvaluateAsync<string[]>("() => page.charts[1].data.names");
        Assert.That(names[0], Is.EqualTo("rate </b>"));
        Assert.That(await open.Page.Locator("main > section:last-of-type tbody tr").CountAsync(), Is.EqualTo(40));
        Assert.That(await open.Page.Locator("main > section:last-of-type tbody tr").Nth(4).TextContentAsync(), Does.Contain("failed"));
    }

    [Test]
    public async Task SaveReport_OfAStudyWithoutTrials_IsAPage()
    {
        SearchSpace space = new();
        space.Uniform("x", 0, 1);
        using TemporaryFolder folder = new();
        new Study(space).SaveReport(folder.File("study.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("study.html"));
        Assert.That(open.Complaints, Is.Empty);
        Assert.That(await open.Page.Locator("h2").AllTextContentsAsync(), Is.EqualTo(new[] { "Best so far", "Trials" }));
    }
}
