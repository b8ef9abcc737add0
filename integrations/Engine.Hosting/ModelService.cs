using Microsoft.Extensions.Hosting;

namespace Engine.Hosting;

/// <summary>Starts a model with the host and ends it after the samples that wait.</summary>
internal sealed class ModelService(Predictor predictor, ModelOptions options) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task _loop = Task.CompletedTask;
    private Task _watch = Task.CompletedTask;
    private Task? _stopping;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // A file that cannot be loaded ends the start; the warm-up, which may compile kernels for minutes, does not hold it up.
        await ComputingThread.Run(predictor.Load, cancellationToken).ConfigureAwait(false);
        _loop = ComputingThread.Run(() => predictor.Run(_stop.Token), CancellationToken.None);
        if (options.ReloadOnChange)
        {
            _watch = predictor.WatchAsync(_stop.Token);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        // A host may be stopped by a signal and by its owner, even at the same time: both wait for the same end.
        lock (_gate)
        {
            return _stopping ??= StopOnceAsync(cancellationToken);
        }
    }

    public void Dispose() => _stop.Dispose();

    private async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        predictor.BeginStop();

        // Those that wait are answered as long as the host gives time; then the loop refuses the rest.
        using (cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _stop))
        {
            await _loop.ConfigureAwait(false);
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await _watch.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The watcher's only end.
        }

        predictor.Unload();
    }
}
