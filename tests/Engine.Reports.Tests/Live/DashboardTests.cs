using System.Net;
using System.Net.Sockets;
using Engine.Dashboard;
using Engine.Nn;
using Engine.Reports.Tests.Browser;
using Microsoft.Playwright;
using NUnit.Framework;

namespace Engine.Reports.Tests.Live;

/// <summary>The page of a run that goes on.</summary>
internal sealed class DashboardTests
{
    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    public async Task Page_GetsEventsWhileTraining(ColorScheme scheme)
    {
        List<string> warnings = [];
        using LiveDashboard dashboard = LiveDashboard.Start(port: 0, "Live 训练", TimeSpan.Zero, warnings.Add);
        using SemaphoreSlim go = new(0);
        int steps = 0;

        // Stops after thirty steps until the page has been looked at.
        LambdaCallback pause = new() { StepEnd = _ => { if (++steps == 30) { go.Wait(TimeSpan.FromMinutes(2)); } } };
        (Trainer trainer, ImageDataset images) = SmallRun.Make(dashboard, pause);
        DataLoader loader = new(images, 4);
        Task<History> training = trainer.FitAsync(loader, loader, epochs: 4);
        try
        {
            await using OpenPage open = await OpenPage.Open(dashboard.Url!.AbsoluteUri, scheme);
            await open.Page.WaitForFunctionAsync("() => document.getElementById('live-step').textContent === '30'");
            Assert.That(await open.Page.Locator("#live-status").TextContentAsync(), Is.EqualTo("training"));
            Assert.That(await open.Page.Locator("#live-epochs tbody tr").CountAsync(), Is.EqualTo(1), "16 steps an epoch");
            go.Release();
            await training;
            await open.Page.WaitForFunctionAsync("() => document.getElementById('live-status').textContent === 'finished'");
            await open.Page.WaitForFunctionAsync("() => page.charts[0].plot.data[0].length >= 64");
            int[] colors = await open.ColorsOfCanvases();
            await open.Picture($"live-{scheme}");
            Assert.Multiple(() =>
            {
                Assert.That(open.Complaints, Is.Empty);
                Assert.That(colors, Has.Length.EqualTo(5));
                Assert.That(colors, Has.All.GreaterThan(3));
                Assert.That(warnings, Is.Empty);
            });
            Assert.That(await open.Page.Locator("#live-step").TextContentAsync(), Is.EqualTo("64"));
            Assert.That(await open.Page.Locator("#live-epochs tbody tr").CountAsync(), Is.EqualTo(4));
        }
        finally
        {
            go.Release();
        }
    }

    [Test]
    public async Task Stream_GoesOnAfterTheLastEventThatWasSeen()
    {
        using LiveDashboard dashboard = LiveDashboard.Start(port: 0, interval: TimeSpan.Zero);
        (Trainer trainer, ImageDataset images) = SmallRun.Make(dashboard);
        trainer.Fit(new DataLoader(images, 16), epochs: 2);

        // begin, 2 × (4 steps, 1 epoch), end.
        string all = await Read(dashboard, null, "event: end");
        Assert.That(Ids(all), Is.EqualTo(Enumerable.Range(1, 12)));
        Assert.That(Ids(await Read(dashboard, "7", "event: end")), Is.EqualTo(Enumerable.Range(8, 5)));
        Assert.That(Ids(await Read(dashboard, "no number", "event: end")), Is.EqualTo(Enumerable.Range(1, 12)));
    }

    [Test]
    public void PortInUse_IsToldAndTrainingGoesOn()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        List<string> warnings = [];
        using LiveDashboard dashboard = LiveDashboard.Start(port, warn: warnings.Add);
        Assert.That(dashboard.Url, Is.Null);
        Assert.That(warnings, Has.One.Items);
        Assert.That(warnings[0], Does.StartWith($"dashboard: port {port} cannot be used: ").And.Contains("Training goes on without the page"));
        Assert.That(dashboard.Failure, Is.EqualTo(warnings[0]));
        Assert.That(Trains(dashboard), Is.EqualTo(TrainingEnd.Completed));
    }

    [Test]
    public async Task BrowserThatLeaves_DoesNotEndTheRun()
    {
        using LiveDashboard dashboard = LiveDashboard.Start(port: 0, interval: TimeSpan.Zero);
        using SemaphoreSlim connected = new(0);
        int steps = 0;
        LambdaCallback pause = new() { StepEnd = _ => { if (++steps == 5) { connected.Wait(TimeSpan.FromMinutes(2)); } } };
        (Trainer trainer, ImageDataset images) = SmallRun.Make(dashboard, pause);
        Task<History> training = trainer.FitAsync(new DataLoader(images, 4), epochs: 20);
        try
        {
            // Reads a little and is gone without a word.
            await Read(dashboard, null, "event: step");
        }
        finally
        {
            connected.Release();
        }

        Assert.That((await training).End, Is.EqualTo(TrainingEnd.Completed));
        Assert.That(dashboard.Failure, Is.Null);
        Assert.That(Ids(await Read(dashboard, "300", "event: end")), Has.Count.GreaterThan(20), "the next browser is served");
    }

    [Test]
    public void FailingDashboard_IsToldAndTrainingGoesOn()
    {
        List<string> warnings = [];
        using LiveDashboard dashboard = LiveDashboard.Start(port: 0, warn: message =>
        {
            warnings.Add(message);
            throw new InvalidOperationException("the listener's own mistake");
        });

        (Trainer trainer, ImageDataset images) = SmallRun.Make(new BrokenClock(), dashboard);
        trainer.Fit(new DataLoader(images, 16), epochs: 2);
        Assert.That(trainer.History.End, Is.EqualTo(TrainingEnd.Completed));
        Assert.That(warnings, Has.One.Contains("Training goes on without the page"));
        Assert.That(dashboard.Url, Is.Null);
    }

    [Test]
    public async Task OtherNames_AreRefused()
    {
        using LiveDashboard dashboard = LiveDashboard.Start(port: 0);
        Assert.That(dashboard.Url!.Host, Is.EqualTo("127.0.0.1"));
        using HttpClient client = new();
        using HttpRequestMessage rebound = new(HttpMethod.Get, dashboard.Url) { Headers = { Host = "evil.example" } };
        Assert.That((await client.SendAsync(rebound)).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((await client.GetAsync(new Uri(dashboard.Url, "other"))).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await client.PostAsync(dashboard.Url, null)).StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That(await client.GetStringAsync(dashboard.Url), Does.Contain("connect-src 'self'").And.Contain("<h1>Training</h1>"));
    }

    [Test]
    public void Start_RefusesWhatIsNoPort()
    {
        Assert.That(static () => LiveDashboard.Start(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(static () => LiveDashboard.Start(65_536), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task Log_OfALongRunKeepsEpochsAndTheNewest()
    {
        EventLog log = new();
        for (int i = 0; i < 50_000; i++)
        {
            log.Add(new LiveEvent(i % 1000 == 0 ? "epoch" : "step", "{}"));
        }

        log.Complete();
        List<(long Id, LiveEvent Event)> seen = [];
        await foreach ((long, LiveEvent) e in log.After(0, CancellationToken.None))
        {
            seen.Add(e);
        }

        Assert.That(seen, Has.Count.LessThanOrEqualTo(20_000));
        Assert.That(seen.Count(static e => e.Event.Type == "epoch"), Is.EqualTo(50));
        Assert.That(seen.Select(static e => e.Id), Is.Ordered.And.Unique);
        Assert.That(seen[^1].Id, Is.EqualTo(50_000));
    }

    /// <summary>Only the dashboard asks it for the time.</summary>
    private sealed class BrokenClock : TimeProvider
    {
        public override long GetTimestamp() => throw new NotSupportedException("no clock");
    }

    private static TrainingEnd Trains(Callback callback)
    {
        (Trainer trainer, ImageDataset images) = SmallRun.Make(callback);
        return trainer.Fit(new DataLoader(images, 16), epochs: 2).End;
    }

    private static List<int> Ids(string stream) => [.. stream.Split('\n').Where(static line => line.StartsWith("id: ", StringComparison.Ordinal)).Select(static line => int.Parse(line[4..]))];

    /// <summary>Reads the stream to the end of the first event with these words in it.</summary>
    private static async Task<string> Read(LiveDashboard dashboard, string? lastId, string until)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
        using HttpClient client = new();
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(dashboard.Url!, "events"));
        if (lastId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        }

        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(patience.Token));
        System.Text.StringBuilder text = new();
        bool isLast = false;
        while (await reader.ReadLineAsync(patience.Token) is { } line)
        {
            text.Append(line).Append('\n');
            isLast |= line == until;
            if (isLast && line.Length == 0)
            {
                break;
            }
        }

        return text.ToString();
    }
}
