using Engine.Reports.Tests.Browser;
using Microsoft.Playwright;
using NUnit.Framework;

namespace Engine.Reports.Tests.Site;

/// <summary>Pages of the site that docs/build made, as a reader sees them. The files come from the folder of the site, and nothing from the network.</summary>
[Category("Process")]
internal sealed class SiteTests
{
    private const string Origin = "http://site.invalid/";

    private static readonly string? s_site = FindSite();

    [TestCase("index.html", "Engine: documentation", false)]
    [TestCase("getting-started.html", "Getting started", true)]
    [TestCase("guides/training.html", "Training", true)]
    [TestCase("how-to/add-a-layer.html", "How to add a layer", true)]
    [TestCase("api/Engine.Tensor.html", "Class Tensor", true)]
    public async Task Page_HasHeadingCodeAndLinks_AndComplainsOfNothing(string path, string heading, bool hasCode)
    {
        List<string> complaints = [];
        await using IBrowserContext context = await Open(complaints);
        IPage page = await context.NewPageAsync();
        page.Console += (_, message) => complaints.AddRange(message.Type is "error" or "warning" ? [message.Text] : []);
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync(Origin + path);
        Assert.That(await page.Locator("article h1").First.InnerTextAsync(), Is.EqualTo(heading));
        await page.WaitForFunctionAsync("() => document.querySelectorAll('header a[href], nav a[href]').length > 5");
        if (hasCode)
        {
            await page.Locator("article pre code.hljs span").First.WaitForAsync();
        }

        string[] links = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('a[href]')].map(a => a.href)");
        string[] inside = [.. links.Where(static link => link.StartsWith(Origin, StringComparison.Ordinal)).Select(static link => link.Split('#', '?')[0]).Distinct()];
        Assert.That(inside, Has.Length.GreaterThan(5));
        Assert.That(inside.Where(static link => !File.Exists(FileOf(link))), Is.Empty, "links that lead nowhere");
        Assert.That(complaints, Is.Empty);
    }

    /// <summary>The text is hidden while docfx changes it; a link to a member leads there all the same.</summary>
    [Test]
    public async Task Page_WithAMemberInItsAddress_ShowsTheMember()
    {
        List<string> complaints = [];
        await using IBrowserContext context = await Open(complaints);
        IPage page = await context.NewPageAsync();
        await page.GotoAsync(Origin + "api/Engine.Tensor.html#Engine_Tensor_Shape");
        await page.WaitForFunctionAsync("() => window.docfx?.ready");
        await page.WaitForFunctionAsync("() => { const top = document.getElementById('Engine_Tensor_Shape').getBoundingClientRect().top; return top > -5 && top < innerHeight; }");
        Assert.That(await page.EvaluateAsync<double>("() => scrollY"), Is.GreaterThan(1000), "it stands far below the beginning");
        Assert.That(complaints, Is.Empty);
    }

    private static async Task<IBrowserContext> Open(List<string> complaints)
    {
        if (s_site is null)
        {
            Assert.Ignore("there is no artifacts/site; docs/build makes it");
        }

        IBrowser browser = await Chromium.Get();
        IBrowserContext context = await browser.NewContextAsync();
        await context.RouteAsync("**/*", route => Answer(route, complaints));
        return context;
    }

    /// <summary>A file of the site; whatever else is asked for is a complaint.</summary>
    private static async Task Answer(IRoute route, List<string> complaints)
    {
        string file = FileOf(route.Request.Url);
        if (route.Request.Url.StartsWith(Origin, StringComparison.Ordinal) && File.Exists(file))
        {
            await route.FulfillAsync(new RouteFulfillOptions { Path = file });
            return;
        }

        complaints.Add("asked for " + route.Request.Url);
        await route.AbortAsync();
    }

    private static string FileOf(string address)
    {
        string path = Uri.UnescapeDataString(new Uri(address).AbsolutePath.TrimStart('/'));
        return Path.Combine(s_site!, path.Length == 0 || path.EndsWith('/') ? path + "index.html" : path);
    }

    private static string? FindSite()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Engine.sln")))
        {
            folder = folder.Parent;
        }

        string? site = folder is null ? null : Path.Combine(folder.FullName, "artifacts", "site");
        return site is not null && File.Exists(Path.Combine(site, "index.html")) ? site : null;
    }
}
