using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Engine.Cpu;

/// <summary>The body of a parallel loop. A struct, so that starting a loop allocates nothing.</summary>
internal interface IParallelBody
{
    /// <summary>Does part <paramref name="part"/> of the work.</summary>
    /// <param name="part">0 ≤ part &lt; parts of the loop.</param>
    /// <param name="worker">
    /// 0 ≤ worker &lt; <see cref="WorkerPool.Threads"/>; no two parts of one loop run at the same time with the same number.
    /// Results must not depend on it: which worker does a part is a matter of timing, and a loop that finds the pool busy runs all its parts as worker 0.
    /// </param>
    void Run(int part, int worker);
}

/// <summary>
/// Threads for data-parallel loops. Of <c>parts</c> parts, share <c>w</c> of <c>n</c> is <c>[parts·w/n, parts·(w+1)/n)</c>: worker w does its share in ascending order, and then,
/// from their ends, what others have not begun.
/// </summary>
/// <remarks>
/// <para>The caller does share 0, background threads the others. So parts stay with the thread that has their neighbours in its caches, and yet a thread that is
/// slower (half of a shared core, a processor taken away, one that was parked) does fewer of them, and none if it comes too late: nobody waits for more than the last part.</para>
/// <para>A call that comes while the pool is in use (from another thread, or from inside a part), and any call after
/// <see cref="Dispose"/>, runs all parts on the calling thread. Idle workers look out for the next loop for a while (<see cref="LookOut"/>), then park.</para>
/// </remarks>
internal sealed unsafe class WorkerPool : IDisposable
{
    /// <summary>Most threads a pool can have.</summary>
    public const int MaxThreads = 1024;

    [ThreadStatic] private static WorkerPool? t_running;

    /// <summary>Shares that a worker looks through for parts that are left: in a wide pool, more of them cost more than the last parts are worth. The caller looks through all.</summary>
    private const int MostVisited = 8;

    private readonly Worker[] _workers;                 // worker w of the loop is _workers[w - 1]
    private readonly PartRange[] _shares;
    private readonly object _join = new();
    private readonly LookOut _lookOut = new();
    private int _busy;                                  // 1 while a loop runs, and for ever after Dispose
    private int _disposed;
    private bool _stopping;
    private bool _callerParked;
    private PaddedInt _pending;                         // parts that have not been finished

    // The current loop. Written before its shares are, read after a part has been taken, which keeps the loop from ending.
    private delegate*<void*, int, int, void> _invoke;
    private void* _body;
    private int _active;
    private int _failedPart;                            // the lowest part that threw
    private Exception? _failure;

    /// <summary>Starts <paramref name="threads"/> - 1 background threads; the caller of a loop is the remaining one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">threads is outside [1, <see cref="MaxThreads"/>].</exception>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads);
        Threads = threads;
        _shares = new PartRange[threads];
        _workers = new Worker[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Worker(this, i + 1);
        }
    }

    /// <summary>Number of threads, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Runs <c>body.Run(0..parts-1)</c> and returns when all parts have ended.</summary>
    /// <remarks>
    /// When a part throws, later ones are left out as far as they have not begun, and earlier ones are done. Then the exception of the lowest part is
    /// rethrown, so that it does not depend on timing which one the caller sees.
    /// </remarks>
    public void Run<TBody>(int parts, ref TBody body) where TBody : struct, IParallelBody
    {
        if (parts <= 1 || _workers.Length == 0 || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            for (int part = 0; part < parts; part++)
            {
                body.Run(part, 0);
            }
            return;
        }

        WorkerPool? outer = t_running;
        t_running = this;
        try
        {
            // On the stack, where the other threads can reach it by address: `body` may be a field of an object that moves.
            TBody shared = body;
            try
            {
                Fork(&Invoke<TBody>, Unsafe.AsPointer(ref shared), parts);
            }
            finally
            {
                body = shared;
            }
        }
        finally
        {
            t_running = outer;
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>Waits for a running loop, then ends the threads. Later loops run on their callers' threads.</summary>
    /// <exception cref="InvalidOperationException">Called from inside a loop of this pool, which would wait for itself.</exception>
    public void Dispose()
    {
        if (t_running == this)
        {
            throw new InvalidOperationException("A worker pool cannot be disposed from inside one of its loops.");
        }
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        SpinWait spin = default;
        while (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            spin.SpinOnce();
        }
        Volatile.Write(ref _stopping, true);
        bool interrupted = false;
        foreach (Worker worker in _workers)
        {
            interrupted |= worker.Start();
        }
        if (interrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
        foreach (Worker worker in _workers)
        {
            worker.Join();
        }
    }

    /// <summary>Lets the threads end without waiting for them, as a finalizer must. The pool is unreachable, so that no loop begins any more.</summary>
    public void Abandon()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        Volatile.Write(ref _stopping, true);
        foreach (Worker worker in _workers)
        {
            _ = worker.Start();
        }
    }

    private static void Invoke<TBody>(void* body, int part, int worker) where TBody : struct, IParallelBody
        => Unsafe.AsRef<TBody>(body).Run(part, worker);

    private void Fork(delegate*<void*, int, int, void> invoke, void* body, int parts)
    {
        _invoke = invoke;
        _body = body;
        _failedPart = int.MaxValue;
        _failure = null;
        _pending.Value = parts;
        int active = Math.Min(parts, Threads);
        _active = active;
        for (int w = 0; w < active; w++)
        {
            _shares[w].Fill((int)((long)parts * w / active), (int)((long)parts * (w + 1) / active));
        }

        bool interrupted = false;
        for (int w = 1; w < active; w++)
        {
            interrupted |= _workers[w - 1].Start();
        }

        RunParts(0);
        interrupted |= WaitForWorkers();
        if (_failure is { } failure)
        {
            _failure = null;
            // The next wait of this thread hears of it.
            if (interrupted)
            {
                Thread.CurrentThread.Interrupt();
            }
            ExceptionDispatchInfo.Throw(failure);
        }

        if (interrupted)
        {
            throw new ThreadInterruptedException("The thread was interrupted while it waited for the other threads of a kernel. They have finished; the result is complete.");
        }
    }

    /// <summary>Does the parts of a worker's own share, then what its neighbours have left.</summary>
    /// <remarks>A worker that comes late finds nothing, or parts of the next loop: either is right, because what belongs to a loop is read after one of its parts was taken.</remarks>
    private void RunParts(int worker)
    {
        int done = 0;
        while (_shares[worker].TryTakeFirst(out int part))
        {
            RunPart(part, worker);
            done++;
        }

        int active = Volatile.Read(ref _active), visited = worker == 0 ? active : Math.Min(active, MostVisited);
        for (int i = 1, victim = worker; i < visited; i++)
        {
            victim = victim + 1 < active ? victim + 1 : 0;
            while (_shares[victim].TryTakeLast(out int part))
            {
                RunPart(part, worker);
                done++;
            }
        }

        if (done > 0)
        {
            Finish(done);
        }
    }

    private void RunPart(int part, int worker)
    {
        if (part > Volatile.Read(ref _failedPart))
        {
            return;
        }
        try
        {
            _invoke(_body, part, worker);
        }
        catch (Exception e)
        {
            lock (_shares)
            {
                if (part < _failedPart)
                {
                    (_failedPart, _failure) = (part, e);
                }
            }
        }
    }

    /// <summary>
    /// Waits until no other thread works on the loop: they use this thread's stack and write the operands, so nothing may cut it short.
    /// </summary>
    /// <returns>Whether <see cref="Thread.Interrupt"/> was called meanwhile.</returns>
    private bool WaitForWorkers()
    {
        bool interrupted = false;
        long start = Stopwatch.GetTimestamp(), last = start;
        while (Volatile.Read(ref _pending.Value) != 0)
        {
            if (_lookOut.Turn(start, ref last))
            {
                continue;
            }

            interrupted |= Uninterrupted.Enter(_join);
            try
            {
                Volatile.Write(ref _callerParked, true);
                Interlocked.MemoryBarrier();            // pairs with the subtraction in Finish: one of the two sees the other
                while (Volatile.Read(ref _pending.Value) != 0)
                {
                    interrupted |= Uninterrupted.Wait(_join);
                }
                _callerParked = false;
            }
            finally
            {
                Monitor.Exit(_join);
            }
        }

        return interrupted;
    }

    private void Finish(int parts)
    {
        if (Interlocked.Add(ref _pending.Value, -parts) != 0 || !Volatile.Read(ref _callerParked))
        {
            return;
        }
        lock (_join)
        {
            Monitor.Pulse(_join);
        }
    }

    /// <summary>
    /// One background thread. A new ticket means a new loop; the thread looks for it by spinning, then parks. Both sides write,
    /// then fence, then read the other's word (ticket and parked), so that a ticket cannot be overlooked.
    /// </summary>
    private sealed class Worker
    {
        private readonly WorkerPool _pool;
        private readonly int _index;
        private readonly Thread _thread;
        private readonly object _park = new();
        private PaddedInt _ticket;                      // number of loops that this worker had a share in
        private PaddedInt _parked;

        public Worker(WorkerPool pool, int index)
        {
            _pool = pool;
            _index = index;
            _thread = new Thread(Loop) { IsBackground = true, Name = $"Engine.Cpu worker {index}" };
            _thread.Start();
        }

        /// <returns>Whether the caller's thread was interrupted meanwhile, which does not keep the worker from starting.</returns>
        public bool Start()
        {
            Interlocked.Increment(ref _ticket.Value);
            if (Volatile.Read(ref _parked.Value) == 0)
            {
                return false;
            }
            bool interrupted = Uninterrupted.Enter(_park);
            Monitor.Pulse(_park);
            Monitor.Exit(_park);
            return interrupted;
        }

        public void Join() => _thread.Join();

        private void Loop()
        {
            t_running = _pool;
            int seen = 0;
            while (true)
            {
                seen = WaitForTicket(seen);
                if (Volatile.Read(ref _pool._stopping))
                {
                    return;
                }
                _pool.RunParts(_index);
            }
        }

        private int WaitForTicket(int seen)
        {
            long start = Stopwatch.GetTimestamp(), last = start;
            int ticket;
            while ((ticket = Volatile.Read(ref _ticket.Value)) == seen)
            {
                if (_pool._lookOut.Turn(start, ref last))
                {
                    continue;
                }

                lock (_park)
                {
                    Interlocked.Exchange(ref _parked.Value, 1);
                    while (Volatile.Read(ref _ticket.Value) == seen)
                    {
                        Monitor.Wait(_park);
                    }
                    Volatile.Write(ref _parked.Value, 0);
                }
            }

            return ticket;
        }
    }
}
