using System.Runtime.ExceptionServices;

namespace Engine.Nn;

/// <summary>Background threads that make batches ahead of their use, and the bounded queue between them and the consumer, who gets the batches in order.</summary>
/// <remarks>
/// The threads hold their own part of the queue only. So a consumer that drops its enumerator without disposing it is found by the garbage
/// collector, and the threads end then.
/// </remarks>
internal sealed class PrefetchQueue : IDisposable
{
    private readonly Producers _producers;
    private readonly CancellationToken _cancellationToken;
    private readonly Thread[] _threads;
    private readonly Lock _disposing = new();
    private bool _disposed;

    /// <summary>Starts making batches.</summary>
    /// <param name="jobs">What makes each batch, in order; enumerated by one thread at a time, until the token that it gets is cancelled.</param>
    /// <param name="capacity">How many batches may be ready.</param>
    /// <param name="workers">How many threads make them.</param>
    /// <param name="cancellationToken">Ends the making and the waiting.</param>
    public PrefetchQueue(Func<CancellationToken, IEnumerable<Func<Batch>>> jobs, int capacity, int workers, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        Producers producers = new(jobs, capacity + workers, workers, cancellationToken);
        _producers = producers;
        _threads = new Thread[workers];
        for (int i = 0; i < workers; i++)
        {
            _threads[i] = new Thread(producers.Run) { IsBackground = true, Name = "Engine.Nn prefetch" };
            _threads[i].Start();
        }
    }

    /// <summary>The queue is unreachable, so that its batches cannot be taken: the threads end and dispose them.</summary>
    ~PrefetchQueue() => _producers?.Abandon();

    /// <summary>Waits for the next batch; false after the last one.</summary>
    /// <exception cref="OperationCanceledException">The consumer's token was cancelled.</exception>
    public bool TryTake(out Batch batch)
    {
        bool any = _producers.TryTake(out batch, _cancellationToken);
        GC.KeepAlive(this);
        return any;
    }

    /// <summary>Stops the threads, waits for them, and disposes the remaining batches. May be called again, from any thread.</summary>
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
            _producers.Abandon();
            try
            {
                foreach (Thread thread in _threads)
                {
                    thread.Join();
                }
            }
            catch (ThreadInterruptedException)
            {
                // The threads end by themselves and clear up; the consumer need not wait for them.
                Thread.CurrentThread.Interrupt();
            }
        }
    }

    /// <summary>A batch, or why there is none.</summary>
    private readonly record struct Made(Batch Batch, ExceptionDispatchInfo? Failure);

    /// <summary>The state of the threads. It does not refer to the queue, so that the queue can become unreachable.</summary>
    private sealed class Producers
    {
        private readonly CancellationTokenSource _stop;
        private readonly IEnumerator<Func<Batch>> _jobs;
        private readonly int _window;

        // Held while a thread asks for the next job, so that jobs are handed out in order.
        private readonly Lock _reading = new();

        // Guards the fields below, and is pulsed when one changes.
        private readonly object _gate = new();
        private readonly Dictionary<long, Made> _made = [];
        private long _next;
        private long _taken;
        private long _end = long.MaxValue;
        private int _running;

        private readonly Lock _ending = new();
        private bool _isAbandoned;
        private bool _hasEnded;

        public Producers(Func<CancellationToken, IEnumerable<Func<Batch>>> jobs, int window, int workers, CancellationToken cancellationToken)
        {
            (_window, _running) = (window, workers);
            _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _stop.Token.UnsafeRegister(static self => ((Producers)self!).Wake(), this);
            _jobs = jobs(_stop.Token).GetEnumerator();
        }

        public bool TryTake(out Batch batch, CancellationToken cancellation)
        {
            lock (_gate)
            {
                while (true)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (_made.TryGetValue(_taken, out Made made))
                    {
                        // A failure stays where it is: whoever asks again hears of it again.
                        made.Failure?.Throw();
                        _made.Remove(_taken++);
                        Monitor.PulseAll(_gate);
                        batch = made.Batch;
                        return true;
                    }

                    if (_taken >= _end || _running == 0)
                    {
                        batch = default;
                        return false;
                    }

                    Monitor.Wait(_gate);
                }
            }
        }

        /// <summary>Stops the threads without waiting for them, so that a finalizer may call it. No more batches are taken.</summary>
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
            while (MakeNext())
            {
            }

            bool isLast;
            lock (_gate)
            {
                isLast = --_running == 0;
                Monitor.PulseAll(_gate);
            }

            if (isLast)
            {
                End();
            }
        }

        /// <summary>Makes one batch; false when there are no more to make.</summary>
        private bool MakeNext()
        {
            if (!TryGetJob(out long number, out Func<Batch>? job, out ExceptionDispatchInfo? failure))
            {
                return false;
            }

            Batch batch = default;
            try
            {
                batch = job is null ? default : job();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // The consumer left or was cancelled; there is no one to tell.
                return false;
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }

            bool isWanted;
            lock (_gate)
            {
                // Nothing is made after a failure.
                _end = failure is null ? _end : Math.Min(_end, number + 1);
                isWanted = number < _end;
                if (isWanted)
                {
                    _made[number] = new Made(batch, failure);
                }

                Monitor.PulseAll(_gate);
            }

            if (!isWanted)
            {
                batch.Dispose();
            }

            return true;
        }

        /// <summary>Waits until another batch may be made and asks for its job; false when there are no more.</summary>
        private bool TryGetJob(out long number, out Func<Batch>? job, out ExceptionDispatchInfo? failure)
        {
            (number, job, failure) = (0, null, null);
            lock (_reading)
            {
                lock (_gate)
                {
                    while (!_stop.IsCancellationRequested && _next < _end && _next >= _taken + _window)
                    {
                        Monitor.Wait(_gate);
                    }

                    if (_stop.IsCancellationRequested || _next >= _end)
                    {
                        return false;
                    }

                    number = _next++;
                }

                try
                {
                    job = _jobs.MoveNext() ? _jobs.Current : null;
                }
                catch (OperationCanceledException) when (_stop.IsCancellationRequested)
                {
                    return false;
                }
                catch (Exception error)
                {
                    failure = ExceptionDispatchInfo.Capture(error);
                }

                if (job is null)
                {
                    lock (_gate)
                    {
                        _end = Math.Min(_end, failure is null ? number : number + 1);
                        Monitor.PulseAll(_gate);
                    }
                }
            }

            return job is not null || failure is not null;
        }

        private void End()
        {
            try
            {
                _jobs.Dispose();
            }
#pragma warning disable CA1031 // What a stream's reader throws at its end has no batch that it belongs to, and would end the process here.
            catch (Exception)
#pragma warning restore CA1031
            {
            }

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

        private void Wake()
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }

        /// <summary>Disposes the remaining batches. The later one of the two calls it: the last thread that makes batches or the one that takes them.</summary>
        private void Clear()
        {
            lock (_gate)
            {
                foreach (Made made in _made.Values)
                {
                    made.Batch.Dispose();
                }

                _made.Clear();
            }
        }
    }
}
