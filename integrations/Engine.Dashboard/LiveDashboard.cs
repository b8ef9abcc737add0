using System.Net.Sockets;
using Engine.Nn;

namespace Engine.Dashboard;

/// <summary>A page in the browser with the curves of a run while it goes on. Add it to <see cref="Trainer.Callbacks"/>.</summary>
/// <remarks>
/// <para>It listens on this computer alone (127.0.0.1) and answers no other. A page that is opened later, or again after it was away, gets what it
/// missed. The server ends with <see cref="Dispose"/>; until then the page shows how the run ended.</para>
/// <para>It is there to look at, so nothing that goes wrong with it ends or slows a run: a port that is taken, a browser that leaves,
/// an error of its own. <see cref="Failure"/> and the listener of warnings tell what it was.</para>
/// </remarks>
/// <example><code>
/// using LiveDashboard dashboard = LiveDashboard.Start(port: 6060, warn: Console.Error.WriteLine);
/// Trainer trainer = new(model, optimizer, Losses.CrossEntropy) { Callbacks = [dashboard] };
/// Console.WriteLine(dashboard.Url);                  // http://127.0.0.1:6060/
/// </code></example>
public sealed class LiveDashboard : Callback, IDisposable
{
    /// <summary>The port where none is asked for.</summary>
    public const int DefaultPort = 6060;

    private readonly Action<string> _warn;
    private readonly RunRecorder _recorder;
    private readonly EventLog _log = new();
    private readonly LivePage _page;
    private DashboardServer? _server;
    private long _step;

    private LiveDashboard(string title, TimeSpan? interval, Action<string>? warn)
    {
        _warn = warn ?? (static _ => { });
        _page = new LivePage(title);
        _recorder = new RunRecorder(interval) { Recorded = sample => _log.Add(LiveEvents.Step(sample)) };
    }

    /// <summary>Where the page is: <c>http://127.0.0.1:6060/</c>; null if there is none.</summary>
    public Uri? Url => _server?.Url;

    /// <summary>Why there is no page; null if there is one.</summary>
    public string? Failure { get; private set; }

    /// <summary>Opens the page. Where that fails, the callback does nothing; see <see cref="Failure"/>.</summary>
    /// <param name="port">The port to listen on; 0 for any that is free.</param>
    /// <param name="title">The heading.</param>
    /// <param name="interval">How often curves grow; four times a second where left out.</param>
    /// <param name="warn">Is told, in a line, what went wrong.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such port, or the interval is negative.</exception>
    public static LiveDashboard Start(int port = DefaultPort, string title = "Training", TimeSpan? interval = null, Action<string>? warn = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        ArgumentException.ThrowIfNullOrWhiteSpace(title);
        LiveDashboard dashboard = new(title, interval, warn);
        try
        {
            dashboard._server = DashboardServer.Start(port, dashboard._page, dashboard._log);
        }
        catch (Exception error) when (error is IOException or SocketException or UnauthorizedAccessException or InvalidOperationException)
        {
            // Port numbers below 1024 are the system's, those in use somebody else's.
            dashboard.Fail($"port {port} cannot be used: {error.Message} Training goes on without the page; choose another port, or 0 for any that is free.");
        }

        return dashboard;
    }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context) => Guarded(context, c =>
    {
        _page.Begin(c);
        _log.Add(LiveEvents.Begin(_page.Version, c.Epochs));
        foreach ((IReadOnlyDictionary<string, double> logs, int epoch) in c.Trainer.History.Epochs.Select(static (logs, epoch) => (logs, epoch)))
        {
            _log.Add(LiveEvents.Epoch(epoch + 1, logs));
        }
    });

    /// <inheritdoc/>
    public override void OnEpochBegin(TrainingContext context) => Guarded(context, _recorder.OnEpochBegin);

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context) => Guarded(context, c =>
    {
        _step = c.Step;
        _recorder.OnStepEnd(c);
    });

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context) => Guarded(context, static (c, log) => log.Add(LiveEvents.Epoch(c.Epoch + 1, c.Logs)));

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context) => Guarded(context, c =>
        _log.Add(LiveEvents.End(c.End switch
        {
            TrainingEnd.Stopped => $"stopped after step {_step}: {c.StopReason}",
            TrainingEnd.Cancelled => $"interrupted after step {_step}",
            _ => "finished",
        })));

    /// <summary>Ends the server.</summary>
    public void Dispose()
    {
        _log.Complete();
        DashboardServer? server = Interlocked.Exchange(ref _server, null);
        server?.Dispose();
    }

    private void Guarded(TrainingContext context, Action<TrainingContext, EventLog> act) => Guarded(context, c => act(c, _log));

    private void Guarded(TrainingContext context, Action<TrainingContext> act)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_server is null)
        {
            return;
        }

        try
        {
            act(context);
        }
        catch (Exception error)
        {
            // Whatever it was: hours of training are worth more than a picture of them.
            Fail($"{error.GetType().Name}: {error.Message} Training goes on without the page.");
            Dispose();
        }
    }

    private void Fail(string message)
    {
        Failure = "dashboard: " + message;
        try
        {
            _warn(Failure);
        }
        catch (Exception)
        {
            // The listener's own mistake is no reason to end a run either.
        }
    }
}
