using Microsoft.Playwright;
using NUnit.Framework;

namespace Engine.Reports.Tests.Browser;

/// <summary>A page in a window of its own, with everything that it complained about and asked for.</summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;

    private OpenPage(IBrowserContext context, IPage page) => (_context, Page) = (context, page);

    public IPage Page { get; }

    /// <summary>Errors and warnings of the console, exceptions, and dialogs that something opened.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>Every address that was asked for.</summary>
    public List<string> Requests { get; } = [];

    public static async Task<OpenPage> Open(string address, ColorScheme scheme = ColorScheme.Light, int width = 1280)
    {
        IBrowser browser = await Chromium.Get();
        IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions { ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = 900 } });
        OpenPage open = new(context, await context.NewPageAsync());
        open.Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                open.Complaints.Add($"{message.Type}: {message.Text}");
            }
        };
        open.Page.PageError += (_, error) => open.Complaints.Add(error);
        open.Page.Dialog += (_, dialog) =>
        {
            open.Complaints.Add("dialog: " + dialog.Message);
            _ = dialog.DismissAsync();
        };
        open.Page.Request += (_, request) => open.Requests.Add(request.Url);
        await open.Page.GotoAsync(address);
        await open.Page.WaitForSelectorAsync("html[data-ready='1']", new PageWaitForSelectorOptions { State = WaitForSelectorState.Attached });
        return open;
    }

    /// <summary>How many different colors each canvas of the page has; one or none is an empty canvas.</summary>
    public Task<int[]> ColorsOfCanvases() => Page.EvaluateAsync<int[]>(
        """
        () => [...document.querySelectorAll("main canvas")].map(c => {
          const pixels = new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer);
          return new Set(pixels).size;
        })
        """);

    /// <summary>Keeps a picture of the whole page where whoever runs the tests can look at it.</summary>
    public async Task Picture(string name)
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, "screenshots", name + ".png");
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = path, FullPage = true });
        TestContext.AddTestAttachment(path);
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
