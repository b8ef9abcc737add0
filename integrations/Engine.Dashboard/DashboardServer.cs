using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Engine.Dashboard;

/// <summary>A web server on this computer alone, with two addresses: the page, and the stream of its events.</summary>
internal sealed class DashboardServer : IDisposable
{
    /// <summary>How long requests that still run are waited for at the end.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly WebApplication _app;
    private readonly LivePage _page;
    private readonly EventLog _log;
    private readonly CancellationTokenSource _stop = new();

    private DashboardServer(int port, LivePage page, EventLog log)
    {
        (_page, _log) = (page, log);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Loopback, port);
        });
        _app = builder.Build();
        _app.Run(Answer);
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1/");

    /// <exception cref="IOException">The port is in use or not allowed.</exception>
    public static DashboardServer Start(int port, LivePage page, EventLog log)
    {
        DashboardServer server = new(port, page, log);
        try
        {
            server._app.StartAsync().GetAwaiter().GetResult();
            string address = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            server.Url = new Uri(address + "/");
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        // The log has ended: streams write their last event and end too, those of browsers that still read.
        using CancellationTokenSource patience = new(s_patience);
        try
        {
            _app.StopAsync(patience.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // A browser that does not let go is cut off.
        }

        _stop.Cancel();
        ((IDisposable)_app).Dispose();
    }

    private Task Answer(HttpContext context)
    {
        // A page of another site may make the browser ask here under that site's name.
        if (context.Request.Host.Host is not ("127.0.0.1" or "localhost"))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }

        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        switch (context.Request.Path.Value)
        {
            case "/":
                context.Response.ContentType = "text/html; charset=utf-8";
                return context.Response.WriteAsync(_page.Current, context.RequestAborted);
            case "/events":
                return Stream(context);
            case "/favicon.ico":
                // Browsers ask for it by themselves, and tell the user where there is none.
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
        }
    }

    /// <summary>Server-sent events (HTML standard, 9.2): from the first, or from the one after that which the browser saw last.</summary>
    private async Task Stream(HttpContext context)
    {
        _ = long.TryParse(context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out long seen);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        context.Response.ContentType = "text/event-stream";
        StringBuilder text = new("retry: 1000\n\n");
        try
        {
            // Sent before there is an event, so that the browser knows that it is connected.
            await Flush().ConfigureAwait(false);
            await foreach ((long id, LiveEvent e) in _log.After(seen, ended.Token).ConfigureAwait(false))
            {
                text.Append(CultureInfo.InvariantCulture, $"id: {id}\nevent: {e.Type}\ndata: {e.Json}\n\n");
                await Flush().ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // The browser has gone.
        }

        async Task Flush()
        {
            await context.Response.WriteAsync(text.ToString(), ended.Token).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(ended.Token).ConfigureAwait(false);
            text.Clear();
        }
    }
}
