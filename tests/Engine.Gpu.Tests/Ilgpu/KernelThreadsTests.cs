using ILGPU;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Kernels in C# from many threads: compiled once, never on foreign memory, and never lost half way.</summary>
[TestFixtureSource(typeof(KernelPlaces), nameof(KernelPlaces.All))]
internal sealed class KernelThreadsTests(string place)
{
    private Device _device = null!;

    [OneTimeSetUp]
    public void GetDevice() => _device = KernelPlaces.Get(place);

    [Test]
    public void Launch_NewKernelsFromManyThreads_AllCompute()
    {
        Action<Index1D, ArrayView<int>, int>[] methods = [Plus, Times, Minus];
        Exception?[] failures = InParallel(8, thread =>
        {
            using Tensor y = Tensor.Full([100], thread, DType.Int32, _device);
            int expected = thread;
            for (int k = 0; k < 6; k++)
            {
                int which = (thread + k) % 3;
                _device.Kernel(methods[which]).Launch(100, y.AsArrayView<int>(), k);
                expected = which == 0 ? expected + k : which == 1 ? expected * k : expected - k;
            }

            Assert.That(y.ToArray<int>(), Is.All.EqualTo(expected));
        });
        Assert.That(failures, Is.All.Null);
    }

    [Test]
    public void Launch_WhileTensorsAreDisposed_SeesTheirDataOrThatTheyAreGone()
    {
        const int Size = 256;
        using Tensor results = Tensor.Zeros([Size], DType.Int32, _device);
        _device.Kernel(Copy).Launch(1, results.AsArrayView<int>(), results.AsArrayView<int>());
        Tensor current = Tensor.Full([Size], 7, DType.Int32, _device);
        using CancellationTokenSource end = new();
        Thread disposer = new(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Tensor next = Tensor.Full([Size], 7, DType.Int32, _device);
                Interlocked.Exchange(ref current, next).Dispose();
                // Somebody else has the block now, and another value in it.
                using Tensor foreign = Tensor.Full([Size], -1, DType.Int32, _device);
                // PoCL queues without a limit: who only gives it work, faster than it works, fills the memory.
                _device.Synchronize();
            }
        });
        disposer.Start();
        int computed = 0, gone = 0;
        try
        {
            for (int k = 0; k < 300; k++)
            {
                try
                {
                    _device.Kernel(Copy).Launch(Size, Volatile.Read(ref current).AsArrayView<int>(), results.AsArrayView<int>());
                    computed++;
                }
                catch (ObjectDisposedException)
                {
                    gone++;
                    continue;
                }

                Assert.That(results.ToArray<int>(), Is.All.EqualTo(7), $"launch {k}");
            }
        }
        finally
        {
            end.Cancel();
            disposer.Join();
            current.Dispose();
        }

        Assert.That(computed, Is.Positive, $"{gone} were gone");
    }

    [Test]
    public void Launch_OfAnInterruptedThread_IsWholeOrNotAtAll()
    {
        using Tensor y = Tensor.Zeros([1000], DType.Int32, _device);
        int launched = 0;
        Exception? failure = null;
        Thread worker = new(() =>
        {
            try
            {
                for (int k = 0; k < 200; k++)
                {
                    try
                    {
                        _device.Kernel(PlusOne).Launch(1000, y.AsArrayView<int>());
                        launched++;
                    }
                    catch (ThreadInterruptedException)
                    {
                    }
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        worker.Start();
        while (!worker.Join(1))
        {
            worker.Interrupt();
        }

        Assert.That(failure, Is.Null);
        int[] values = y.ToArray<int>();
        Assert.That(values, Is.All.EqualTo(values[0]));
        Assert.That(values[0], Is.InRange(launched, 200));
    }

    [Test]
    public void Launch_WhileAnotherThreadCaptures_IsNotRecorded()
    {
        using Tensor x = Tensor.Full([64], 1, DType.Int32, _device), other = Tensor.Zeros([64], DType.Int32, _device);
        _device.Kernel(PlusOne).Launch(64, other.AsArrayView<int>());
        using CapturedStep step = _device.Capture(() =>
        {
            _device.Kernel(PlusOne).Launch(64, x.AsArrayView<int>());
            Exception?[] failures = InParallel(1, _ => _device.Kernel(PlusOne).Launch(64, other.AsArrayView<int>()));
            Assert.That(failures, Is.All.Null);
        });
        int[] before = other.ToArray<int>(), mine = x.ToArray<int>();
        step.Replay();
        Assert.Multiple(() =>
        {
            Assert.That(x.ToArray<int>(), Is.All.EqualTo(mine[0] + 1));
            Assert.That(other.ToArray<int>(), Is.All.EqualTo(before[0] + (step.IsRecorded ? 0 : 1)));
        });
    }

    private static Exception?[] InParallel(int count, Action<int> action)
    {
        Exception?[] failures = new Exception?[count];
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            try
            {
                action(i);
            }
            catch (Exception e)
            {
                failures[i] = e;
            }
        }))];
        Array.ForEach(threads, static t => t.Start());
        Array.ForEach(threads, static t => t.Join());
        return failures;
    }

    private static void Plus(Index1D i, ArrayView<int> y, int n) => y[i] += n;

    private static void Times(Index1D i, ArrayView<int> y, int n) => y[i] *= n;

    private static void Minus(Index1D i, ArrayView<int> y, int n) => y[i] -= n;

    private static void PlusOne(Index1D i, ArrayView<int> y) => y[i]++;

    private static void Copy(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = x[i];
}
