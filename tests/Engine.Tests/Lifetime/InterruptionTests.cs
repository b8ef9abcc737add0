using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary><see cref="Thread.Interrupt"/> on a thread inside a kernel: the other threads finish first.</summary>
internal sealed class InterruptionTests
{
    [Test]
    public void Run_InterruptedWhileItWaits_ThrowsWhenAllPartsHaveEnded()
    {
        using var pool = new WorkerPool(3);
        int thrown = 0;
        for (int round = 0; round < 20; round++)
        {
            Counts counts = new();
            bool complete = false;
            Exception? failure = null;
            Thread caller = new(() =>
            {
                var body = new Slow(counts);
                try
                {
                    pool.Run(3, ref body);
                    complete = counts.Ended == 3;
                    Thread.Sleep(Timeout.Infinite);
                }
                catch (ThreadInterruptedException)
                {
                    complete = counts.Ended == 3;
                }
                catch (Exception e)
                {
                    failure = e;
                }
            });
            caller.Start();
            SpinWait.SpinUntil(() => counts.Begun == 3);
            caller.Interrupt();
            caller.Join();
            Assert.That(failure, Is.Null);
            Assert.That(complete, $"round {round}: {counts.Ended} of 3 parts had ended");
            thrown++;
        }

        Assert.That(thrown, Is.EqualTo(20));
        Counter again = default;
        pool.Run(100, ref again);
        Assert.That(again.Total, Is.EqualTo(100), "the pool works on");
    }

    private sealed class Counts
    {
        private int _begun, _ended;

        public int Begun => Volatile.Read(ref _begun);

        public int Ended => Volatile.Read(ref _ended);

        public void Begin() => Interlocked.Increment(ref _begun);

        public void End() => Interlocked.Increment(ref _ended);
    }

    private readonly struct Slow(Counts counts) : IParallelBody
    {
        public void Run(int part, int worker)
        {
            counts.Begin();
            if (part == 0)
            {
                // The others have begun, so that the caller has to wait for them.
                while (counts.Begun < 3)
                {
                    Thread.SpinWait(10);
                }
            }
            else
            {
                Thread.Sleep(30);
            }

            counts.End();
        }
    }

    private struct Counter : IParallelBody
    {
        public int Total;

        public void Run(int part, int worker) => Interlocked.Increment(ref Total);
    }
}
