using Microsoft.Playwright;
using NUnit.Framework;

namespace Engine.Reports.Tests.Browser;

/// <summary>The browser that all tests share: the system's Chromium, without a window.</summary>
[SetUpFixture]
internal sealed class Chromium
{
    private static readonly string[] s_places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private static IPlaywright? s_playwright;
    private static IBrowser? s_browser;

    private static string? Path => s_places.FirstOrDefault(File.Exists);

    /// <summary>The browser; the test is skipped where there is none.</summary>
    public static async Task<IBrowser> Get()
    {
        if (Path is null)
        {
            Assert.Ignore($"no Chromium: none of {string.Join(", ", s_places)} exists (apt-get install chromium)");
        }

        s_playwright ??= await Playwright.CreateAsync();

        // Within a container there is no sandbox for root, and nothing here comes from elsewhere.
        return s_browser ??= await s_playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Path,
            Args = ["--no-sandbox", "--disable-background-networking", "--disable-gpu", "--disable-dev-shm-usage"],
        });
    }

    [OneTimeTearDown]
    public async Task Close()
    {
        if (s_browser is not null)
        {
            await s_browser.CloseAsync();
        }

        s_playwright?.Dispose();
    }
}
