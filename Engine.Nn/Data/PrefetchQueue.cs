using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Engine.Nn;

/// <summary>A background thread that makes batches ahead of their use, and the bounded queue between it and the consumer.</summary>
/// <remarks>
/// The thread holds its own part of the queue only. So a consumer that drops its enumerator without disposing it is found by the garbage
/// collector, and the thread ends then.
/// </remarks>
internal sealed class PrefetchQueue : IDisposable
{
    private readonly Producer _producer;
    private readonly CancellationToken _cancellationToken;
    private readonly Thread _thread;
    private readonly Lock _disposing = new();
    private bool _disposed;

    /// <summary>Starts making batches <paramref name="first"/> … <paramref name="end"/> − 1.</summary>
    public PrefetchQueue(Func<int, Batch> make, int first, int end, int capacity, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        Producer producer = new(make, first, end, capacity, cancellationToken);
        _producer = producer;
        _thread = new Thread(producer.Run) { IsBackground = true, Name = "Engine.Nn prefetch" };
        _thread.Start();
    }

    /// <summary>The queue is unreachable, so that its batches cannot be taken: the thread ends and disposes them.</summary>
    ~PrefetchQueue() => _producer?.Abandon();

    /// <summary>Waits for the next batch; false after the last one.</summary>
    /// <exception cref="OperationCanceledException">The consumer's token was cancelled.</exception>
    public bool TryTake(out Batch batch)
    {
        bool any = _producer.TryTake(out batch, _cancellationToken);
        GC.KeepAlive(this);
        return any;
    }

    /// <summary>Stops the thread, waits for it, and disposes the remaining batches. May be called again, from any thread.</summary>
    public void Dispose()
    {
        lock (_disposing)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            GC.SuppressFinalize(this);
            _producer.Abandon();
            try
            {
                _thread.Join();
            }
            catch (ThreadInterruptedException)
            {
                // The thread ends by itself and clears up; the consumer need not wait for it.
                Thread.CurrentThread.Interrupt();
            }
        }
    }

    /// <summary>The state of the thread. It does not refer to the queue, so that the queue can become unreachable.</summary>
    private sealed class Producer(Func<int, Batch> make, int first, int end, int capacity, CancellationToken cancellationToken)
    {
        private readonly BlockingCollection<Batch> _ready = new(capacity);
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        private ExceptionDispatchInfo? _failure;
        private readonly Lock _ending = new();
        private bool _isAbandoned;
        private bool _hasEnded;

        public bool TryTake(out Batch batch, CancellationToken cancellation)
        {
            if (_ready.TryTake(out batch, Timeout.Infinite, cancellation))
            {
                return true;
            }

            // Adding is completed, so the producer has ended and its failure, if any, is visible.
            _failure?.Throw();
            return false;
        }

        /// <summary>Stops the thread without waiting for it, so that a finalizer may call it. No more batches are taken.</summary>
        public void Abandon()
        {
            bool hasEnded;
            lock (_ending)
            {
                _isAbandoned = true;
                hasEnded = _hasEnded;
                if (!hasEnded)
                {
                    _stop.Cancel();
                }
            }

            if (hasEnded)
            {
                Clear();
            }
        }

        public void Run()
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
                bool isAbandoned;
                lock (_ending)
                {
                    _hasEnded = true;
                    isAbandoned = _isAbandoned;

                    // Its registration with the consumer's token would hold it as long as that lives.
                    _stop.Dispose();
                }

                if (isAbandoned)
                {
                    Clear();
                }
            }
        }

        /// <summary>Disposes the remaining batches. The later one of the two calls it: the thread that makes batches or the thread that takes them.</summary>
        private void Clear()
        {
            while (_ready.TryTake(out Batch batch))
            {
                batch.Dispose();
            }
        }
    }
}
