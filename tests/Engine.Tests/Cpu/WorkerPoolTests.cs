using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

internal sealed class WorkerPoolTests
{
    private static readonly int[] s_threadCounts = [1, 2, 3, 5];

    private readonly struct RecordWorker(int[] workerOfPart, int[] runsOfPart) : IParallelBody
    {
        public void Run(int part, int worker)
        {
            workerOfPart[part] = worker;
            Interlocked.Increment(ref runsOfPart[part]);
        }
    }

    private struct Counter : IParallelBody
    {
        public int Total;

        public void Run(int part, int worker) => Interlocked.Add(ref Total, part + 1);
    }

    private readonly struct ThrowAt(Func<int, bool> throws, int[] ran) : IParallelBody
    {
        public void Run(int part, int worker)
        {
            if (throws(part))
            {
                throw new InvalidOperationException($"part {part}");
            }
            Interlocked.Increment(ref ran[part]);
        }
    }

    private readonly struct Nested(WorkerPool pool, int[] runs, int inner) : IParallelBody
    {
        public void Run(int part, int worker)
        {
            var body = new RecordWorker(new int[inner], new int[inner]);
            pool.Run(inner, ref body);
            Interlocked.Increment(ref runs[part]);
        }
    }

    private readonly struct DisposePool(WorkerPool pool) : IParallelBody
    {
        public void Run(int part, int worker) => pool.Dispose();
    }

    /// <summary>Longer on the workers than on the caller, and longer than anybody spins.</summary>
    private readonly struct SleepLongerLater(int[] runs) : IParallelBody
    {
        public void Run(int part, int worker)
        {
            Thread.Sleep(2 * part);
            Interlocked.Increment(ref runs[part]);
        }
    }

    /// <summary>Part 0 ends only after all others have ended.</summary>
    private readonly struct WaitForOthers(CountdownEvent others, bool[] ended) : IParallelBody
    {
        public void Run(int part, int worker)
        {
            if (part > 0)
            {
                others.Signal();
            }

            ended[part] = part > 0 || others.Wait(TimeSpan.FromMinutes(1));
        }
    }

    [Test]
    public void Run_EveryPart_RunsOnceOnAWorkerOfThePool([ValueSource(nameof(s_threadCounts))] int threads, [Values(0, 1, 2, 3, 4, 7, 64, 101)] int parts)
    {
        using var pool = new WorkerPool(threads);
        for (int repeat = 0; repeat < 20; repeat++)
        {
            int[] workers = new int[parts], runs = new int[parts];
            var body = new RecordWorker(workers, runs);
            pool.Run(parts, ref body);
            Assert.That(runs, Is.All.EqualTo(1));
            Assert.That(workers, Is.All.InRange(0, threads - 1));
        }
    }

    /// <summary>Who begins part 0 cannot go on with the other parts of that share: other threads do them, or part 0 would wait for ever.</summary>
    [Test]
    public void Run_AWorkerIsHeldUp_OthersDoItsLaterParts([Values(2, 3, 5)] int threads, [Values(5, 40)] int parts)
    {
        using var pool = new WorkerPool(threads);
        using var others = new CountdownEvent(parts - 1);
        bool[] ended = new bool[parts];
        var body = new WaitForOthers(others, ended);
        pool.Run(parts, ref body);
        Assert.That(ended, Is.All.True);
    }

    /// <summary>Of a wide pool's shares a thread visits only some; what is left then is done by those that began it.</summary>
    [Test]
    public void Run_ManyThreads_RunEveryPartOnce()
    {
        using var pool = new WorkerPool(32);
        for (int repeat = 0; repeat < 50; repeat++)
        {
            int[] workers = new int[500], runs = new int[500];
            var body = new RecordWorker(workers, runs);
            pool.Run(runs.Length, ref body);
            Assert.That(runs, Is.All.EqualTo(1));
        }
    }

    [Test]
    public void Run_StateOfTheBody_ComesBackToTheCaller([ValueSource(nameof(s_threadCounts))] int threads)
    {
        using var pool = new WorkerPool(threads);
        Counter body = default;
        pool.Run(100, ref body);
        Assert.That(body.Total, Is.EqualTo(5050));
    }

    [Test]
    public void Run_AfterTheWorkersParked_StillRunsAllParts()
    {
        using var pool = new WorkerPool(3);
        for (int repeat = 0; repeat < 20; repeat++)
        {
            Counter body = default;
            pool.Run(10, ref body);
            Assert.That(body.Total, Is.EqualTo(55));
            Thread.Sleep(2);
        }
    }

    [Test]
    public void Run_LongParts_CallerParksAndReturns()
    {
        using var pool = new WorkerPool(3);
        for (int repeat = 0; repeat < 10; repeat++)
        {
            int[] runs = new int[5];
            var body = new SleepLongerLater(runs);
            pool.Run(runs.Length, ref body);
            Assert.That(runs, Is.All.EqualTo(1));
        }
    }

    [Test]
    public void Run_FromManyThreads_EachLoopIsWhole()
    {
        using var pool = new WorkerPool(2);
        int[] wrong = new int[1];
        var threads = new Thread[6];
        for (int t = 0; t < threads.Length; t++)
        {
            threads[t] = new Thread(() =>
            {
                for (int i = 0; i < 2000; i++)
                {
                    Counter body = default;
                    pool.Run(9, ref body);
                    if (body.Total != 45)
                    {
                        Interlocked.Increment(ref wrong[0]);
                    }
                }
            });
            threads[t].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.That(wrong[0], Is.Zero);
    }

    [Test]
    public void Run_Nested_RunsInline()
    {
        using var pool = new WorkerPool(2);
        int[] runs = new int[8];
        var body = new Nested(pool, runs, inner: 5);
        pool.Run(runs.Length, ref body);
        Assert.That(runs, Is.All.EqualTo(1));
    }

    [Test]
    public void Run_PartsThrow_LowestPartsExceptionAfterAllEnded([ValueSource(nameof(s_threadCounts))] int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int repeat = 0; repeat < 20; repeat++)
        {
            int[] ran = new int[12];
            var body = new ThrowAt(static part => part is 5 or 11, ran);
            InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => pool.Run(12, ref body))!;
            Assert.That(e.Message, Is.EqualTo("part 5"));
            Assert.That(ran[..5], Is.All.EqualTo(1));
        }
    }

    [Test]
    public void Run_AfterAnException_Works()
    {
        using var pool = new WorkerPool(2);
        var throwing = new ThrowAt(static part => true, new int[4]);
        Assert.Throws<InvalidOperationException>(() => pool.Run(4, ref throwing));
        Counter body = default;
        pool.Run(4, ref body);
        Assert.That(body.Total, Is.EqualTo(10));
    }

    [Test]
    public void Run_SteadyState_AllocatesNothing()
    {
        using var pool = new WorkerPool(2);
        Counter body = default;
        for (int i = 0; i < 200; i++)
        {
            pool.Run(8, ref body);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++)
        {
            pool.Run(8, ref body);
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Dispose_Twice_ThenRun_RunsInline()
    {
        var pool = new WorkerPool(3);
        pool.Dispose();
        pool.Dispose();
        int[] workers = new int[6], runs = new int[6];
        var body = new RecordWorker(workers, runs);
        pool.Run(6, ref body);
        Assert.That(runs, Is.All.EqualTo(1));
        Assert.That(workers, Is.All.Zero);
    }

    [Test]
    public void Dispose_WhileOthersRun_LosesNoPart()
    {
        for (int repeat = 0; repeat < 20; repeat++)
        {
            var pool = new WorkerPool(2);
            int wrong = 0;
            using var started = new ManualResetEventSlim();
            var thread = new Thread(() =>
            {
                for (int i = 0; i < 300; i++)
                {
                    Counter body = default;
                    pool.Run(6, ref body);
                    started.Set();
                    if (body.Total != 21)
                    {
                        wrong++;
                    }
                }
            });
            thread.Start();
            started.Wait();
            pool.Dispose();
            thread.Join();
            Assert.That(wrong, Is.Zero);
        }
    }

    [Test]
    public void Dispose_FromInsideALoop_Throws([Values(1, 2)] int workerParts)
    {
        using var pool = new WorkerPool(2);
        var body = new DisposePool(pool);
        Assert.Throws<InvalidOperationException>(() => pool.Run(2 * workerParts, ref body));
    }

    [Test]
    public void Constructor_ThreadsOutOfRange_Throws([Values(-1, 0, WorkerPool.MaxThreads + 1)] int threads)
        => Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(threads).Dispose());
}
