using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Engine.Nn;

/// <summary>A background thread that makes batches ahead of their use, and the bounded queue between it and the consumer.</summary>
internal sealed class PrefetchQueue : IDisposable
{
    private readonly BlockingCollection<Batch> _ready;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _cancellationToken;
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;
    private readonly Lock _disposing = new();
    private bool _disposed;

    /// <summary>Starts making batches <paramref name="first"/> … <paramref name="end"/> − 1.</summary>
    public PrefetchQueue(Func<int, Batch> make, int first, int end, int capacity, CancellationToken cancellationToken)
    {
        _ready = new BlockingCollection<Batch>(capacity);
        _cancellationToken = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _thread = new Thread(() => Produce(make, first, end)) { IsBackground = true, Name = "Engine.Nn prefetch" };
        _thread.Start();
    }

    /// <summary>Waits for the next batch; false after the last one.</summary>
    /// <exception cref="OperationCanceledException">The consumer's token was cancelled.</exception>
    public bool TryTake(out Batch batch)
    {
        if (_ready.TryTake(out batch, Timeout.Infinite, _cancellationToken))
        {
            return true;
        }

        // Adding is completed, so the producer has ended and its failure, if any, is visible.
        _failure?.Throw();
        return false;
    }

    /// <summary>Stops the thread, waits for it, and disposes the batches that nobody took. May be called again, from any thread.</summary>
    public void Dispose()
    {
        lock (_disposing)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _stop.Cancel();
            _thread.Join();
            while (_ready.TryTake(out Batch batch))
            {
                batch.Dispose();
            }

            _stop.Dispose();
        }
    }

    private void Produce(Func<int, Batch> make, int first, int end)
    {
        try
        {
            for (int i = first; i < end && !_stop.IsCancellationRequested; i++)
            {
                Batch batch = make(i);
                try
                {
                    _ready.Add(batch, _stop.Token);
                }
                catch
                {
                    batch.Dispose();
                    throw;
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The consumer left or was cancelled; there is no one to tell.
        }
        catch (Exception error)
        {
            _failure = ExceptionDispatchInfo.Capture(error);
        }
        finally
        {
            _ready.CompleteAdding();
        }
    }
}
