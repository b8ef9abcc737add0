using Engine.Cpu;
using ILGPU;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Ilgpu;

/// <summary>Kernels over an extent, on the CPU's threads.</summary>
internal sealed class HostLoopTests
{
    [Test]
    public void Run_OneDimension_CallsEachIndexOnce([Values(0, 1, 2, 3, 1000, 1 << 20)] int extent, [Values(1, 3)] int threads)
    {
        using CpuDevice device = new("kernels", threads);
        HostBuffer<int> y = new(new int[extent]);
        HostLoop.Run(device, new Index1D(extent), i => CountIndex(i, y.View), nameof(CountIndex));
        for (int i = 0; i < extent; i++)
        {
            if (y.Values[i] != i + 1)
            {
                Assert.Fail($"{i}: {y.Values[i]}");
            }
        }

        Assert.That(y.IsIntactAround);
    }

    [TestCase(1, 1), TestCase(7, 300), TestCase(300, 7), TestCase(0, 5), TestCase(5, 0)]
    public void Run_TwoDimensions_CallsEachIndexOnce(int x, int y)
    {
        using CpuDevice device = new("kernels", 3);
        int[] calls = new int[x * y], longCalls = new int[x * y];
        HostLoop.Run(device, new Index2D(x, y), i => Interlocked.Increment(ref calls[i.X + (x * i.Y)]), "Count");
        HostLoop.Run(device, new LongIndex2D(x, y), i => Interlocked.Increment(ref longCalls[i.X + (x * i.Y)]), "Count");
        Assert.That(calls, Is.All.EqualTo(1));
        Assert.That(longCalls, Is.All.EqualTo(1));
    }

    [TestCase(1, 1, 1), TestCase(5, 9, 40), TestCase(40, 5, 9), TestCase(3, 0, 2)]
    public void Run_ThreeDimensions_CallsEachIndexOnce(int x, int y, int z)
    {
        using CpuDevice device = new("kernels", 3);
        int[] calls = new int[x * y * z], longCalls = new int[x * y * z];
        HostLoop.Run(device, new Index3D(x, y, z), i => Interlocked.Increment(ref calls[i.X + (x * (i.Y + (y * i.Z)))]), "Count");
        HostLoop.Run(device, new LongIndex3D(x, y, z), i => Interlocked.Increment(ref longCalls[i.X + (x * (i.Y + (y * i.Z)))]), "Count");
        Assert.That(calls, Is.All.EqualTo(1));
        Assert.That(longCalls, Is.All.EqualTo(1));
    }

    [Test]
    public void Run_LongExtent_CallsEachIndexOnce()
    {
        using CpuDevice device = new("kernels", 2);
        int[] calls = new int[5000];
        HostLoop.Run(device, new LongIndex1D(calls.Length), i => Interlocked.Increment(ref calls[i.X]), "Count");
        Assert.That(calls, Is.All.EqualTo(1));
    }

    [Test]
    public void Run_SlowIndices_AreSharedByTheThreads()
    {
        using CpuDevice device = new("kernels", 2);
        using CountdownEvent together = new(2);
        HostLoop.Run(
            device,
            new Index1D(3),
            i =>
            {
                if (i == 0)
                {
                    Thread.Sleep(1);
                    return;
                }

                // Each of the two waits for the other, which one thread alone could not do.
                _ = together.Signal();
                Assert.That(together.Wait(60_000));
            },
            "Meet");
        Assert.That(together.IsSet);
    }

    [Test]
    public void Run_FewCheapIndices_StaysOnTheCallingThread()
    {
        using CpuDevice device = new("kernels", 4);
        int caller = Environment.CurrentManagedThreadId, others = int.MaxValue;
        Action<Index1D> kernel = _ => others += Environment.CurrentManagedThreadId == caller ? 0 : 1;

        // A machine that is busy may take the thread away for longer than a kernel may stay alone.
        for (int attempt = 0; attempt < 20 && others != 0; attempt++)
        {
            others = 0;
            HostLoop.Run(device, new Index1D(16), kernel, "Stay");
        }

        Assert.That(others, Is.Zero);
    }

    [TestCase(3), TestCase(-1), TestCase(int.MaxValue), TestCase(int.MinValue)]
    public void Run_IndexOutsideTheView_IsAnErrorForReadsAndWrites(int index)
    {
        using CpuDevice device = new("kernels", 2);
        HostBuffer<float> x = new(1, 2, 3), y = new(4, 5, 6);
        KernelExecutionException write = Assert.Throws<KernelExecutionException>(() => HostLoop.Run(device, new Index1D(3), i => y.View[index] = i, "Write"))!;
        KernelExecutionException read = Assert.Throws<KernelExecutionException>(() => HostLoop.Run(device, new Index1D(3), i => y.View[i] = x.View[index], "Read"))!;
        Assert.That(write.Message, Does.StartWith("Kernel Write failed at index 0: Index out of range."));
        Assert.That(read.Message, Does.StartWith("Kernel Read failed at index 0: Index out of range."));
        Assert.That(y.Values.ToArray(), Is.EqualTo((float[])[4, 5, 6]));
        Assert.That(y.IsIntactAround);
    }

    [Test]
    public void Run_SubViewOutsideTheView_IsAnError()
    {
        using CpuDevice device = new("kernels", 2);
        HostBuffer<float> y = new(4, 5, 6);
        _ = Assert.Throws<KernelExecutionException>(() => HostLoop.Run(device, new Index1D(1), _ => y.View.SubView(2, 5)[4] = 1, "Write"));
        Assert.That(y.IsIntactAround);
    }

    [Test]
    public void Run_EmptyView_IsAnErrorWhenItIsUsed()
    {
        using CpuDevice device = new("kernels", 2);
        ArrayView<float> none = ArrayView<float>.Empty;
        KernelExecutionException error = Assert.Throws<KernelExecutionException>(() => HostLoop.Run(device, new Index1D(1), i => none[i] = 1, "Write"))!;
        Assert.That(error.Message, Does.Contain("out of range"));
    }

    [Test]
    public void Run_KernelThrows_ReportsTheLowestIndex([Values(1, 2, 5)] int threads)
    {
        using CpuDevice device = new("kernels", threads);
        HostBuffer<int> x = new(new int[200_000]), y = new(new int[200_000]);
        x.Values.Fill(1);
        foreach (int zero in (int[])[77_777, 77_778, 120_000, 199_999])
        {
            x.Values[zero] = 0;
        }

        for (int attempt = 0; attempt < 5; attempt++)
        {
            KernelExecutionException error = Assert.Throws<KernelExecutionException>(() => HostLoop.Run(device, new Index1D(200_000), i => Divide(i, x.View, y.View), nameof(Divide)))!;
            Assert.That(error.InnerException, Is.InstanceOf<DivideByZeroException>());
            Assert.That(error.Message, Does.StartWith("Kernel Divide failed at index 77777: "));
        }

        Assert.That(y.Values[77_776], Is.EqualTo(7));
    }

    [Test]
    public void Run_KernelThrowsItsOwnException_KeepsIt()
    {
        using CpuDevice device = new("kernels", 2);
        TimeoutException own = new("mine");
        Assert.That(
            () => HostLoop.Run(device, new Index3D(2, 3, 4), i => Throw(i.X == 1 && i.Y == 2 && i.Z == 3, own), "Own"),
            Throws.InstanceOf<KernelExecutionException>().With.InnerException.SameAs(own).And.Message.EqualTo("Kernel Own failed at index (1, 2, 3): mine"));
        Assert.That(
            () => HostLoop.Run(device, new Index2D(2, 3), i => Throw(i.X == 1 && i.Y == 2, own), "Own"),
            Throws.InstanceOf<KernelExecutionException>().With.Message.EqualTo("Kernel Own failed at index (1, 2): mine"));
    }

    [Test]
    public void Run_AfterAFailure_RunsAgain()
    {
        using CpuDevice device = new("kernels", 2);
        HostBuffer<int> y = new(new int[5000]);
        for (int i = 0; i < 3; i++)
        {
            _ = Assert.Throws<KernelExecutionException>(() => HostLoop.Run(device, new Index1D(5001), i => CountIndex(i, y.View), nameof(CountIndex)));
            y.Values.Clear();
            HostLoop.Run(device, new Index1D(5000), i => CountIndex(i, y.View), nameof(CountIndex));
            Assert.That(y.Values[4999], Is.EqualTo(5000));
        }
    }

    [Test]
    public void Run_DeviceDisposed_RunsOnTheCallingThread()
    {
        CpuDevice device = new("kernels", 2);
        device.Dispose();
        HostBuffer<int> y = new(new int[100_000]);
        HostLoop.Run(device, new Index1D(100_000), i => CountIndex(i, y.View), nameof(CountIndex));
        Assert.That(y.Values[99_999], Is.EqualTo(100_000));
    }

    [Test]
    public void Run_OnADeviceWithoutThreads_Runs()
    {
        Engine.Tests.Reference.ReferenceDevice device = new();
        HostBuffer<int> y = new(new int[10_000]);
        HostLoop.Run(device, new Index1D(10_000), i => CountIndex(i, y.View), nameof(CountIndex));
        Assert.That(y.Values[9999], Is.EqualTo(10_000));
    }

    [Test]
    public void Run_FromSeveralThreads_EachGetsItsResult()
    {
        using CpuDevice device = new("kernels", 2);
        HostBuffer<int>[] results = [.. Enumerable.Range(0, 4).Select(_ => new HostBuffer<int>(new int[50_000]))];
        bool[] failed = new bool[results.Length];
        Thread[] threads = [.. results.Select((y, t) => new Thread(() =>
        {
            for (int repeat = 0; repeat < 10; repeat++)
            {
                y.Values.Clear();
                HostLoop.Run(device, new Index1D(50_000), i => CountIndex(i, y.View), nameof(CountIndex));
                failed[t] |= y.Values[49_999] != 50_000;
                try
                {
                    HostLoop.Run(device, new Index1D(50_001), i => CountIndex(i, y.View), nameof(CountIndex));
                    failed[t] = true;
                }
                catch (KernelExecutionException)
                {
                }
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.That(failed, Is.All.False);
        Assert.That(results.All(y => y.IsIntactAround));
    }

    [Test]
    public void Run_LocalMemory_IsThereOnTheHostToo([Values(0, 1, 7, 5000)] int extent)
    {
        using CpuDevice device = new("kernels", 3);
        Action<Index1D, ArrayView<int>> method = ReverseLocally;
        HostBuffer<int> y = new(new int[extent]);
        HostLoop.Run(device, new Index1D(extent), i => method(i, y.View), nameof(ReverseLocally), LocalMemoryUse.In(method.Method));
        Assert.That(y.Values.ToArray(), Is.EqualTo(Enumerable.Range(0, extent).Select(i => (i * 1000) + 3210)));
        KernelExecutionException error = Assert.Throws<KernelExecutionException>(() => HostLoop.Run(device, new Index1D(extent + 1), i => method(i, y.View), nameof(ReverseLocally), LocalMemoryUse.In(method.Method)))!;
        Assert.That(error.Message, Does.StartWith($"Kernel ReverseLocally failed at index {extent}: Index out of range."));
    }

    [Test]
    public void LocalMemoryUse_FindsItInCalledMethodsOnly()
    {
        Assert.That(LocalMemoryUse.In(((Action<Index1D, ArrayView<int>>)ReverseLocally).Method));
        Assert.That(LocalMemoryUse.In(((Action<Index1D, ArrayView<float>>)CallsGeneric<float>).Method));
        Assert.That(LocalMemoryUse.In(((Action<Index1D, ArrayView<int>>)((i, y) => y[i] = LocalMemory.Allocate<int>(1)[0])).Method));
        Assert.That(LocalMemoryUse.In(((Action<Index1D, ArrayView<int>>)CountIndex).Method), Is.False);
        Assert.That(LocalMemoryUse.In(((Action<Index1D, ArrayView<int>>)EveryOperand).Method), Is.False);
        Assert.That(LocalMemoryUse.In(((Action<Index1D, ArrayView<int>>)UsesGroupsToo).Method), Is.False, "that is no kernel over an extent");
    }

    [Test]
    public void Run_BadExtent_IsRefused()
    {
        using CpuDevice device = new("kernels", 2);
        Assert.That(() => HostLoop.Run(device, new Index1D(-1), _ => { }, "K"), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("-1"));
        Assert.That(() => HostLoop.Run(device, new Index2D(3, -2), _ => { }, "K"), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("(3, -2)"));
        Assert.That(() => HostLoop.Run(device, new LongIndex2D(long.MaxValue, 2), _ => { }, "K"), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => HostLoop.Run(device, new LongIndex3D(1L << 31, 1L << 31, 2), _ => { }, "K"), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => HostLoop.Run(device, 5, _ => { }, "K"), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("Index1D"));
    }

    private static void CountIndex(Index1D i, ArrayView<int> y) => y[i] += i + 1;

    private static void ReverseLocally(Index1D i, ArrayView<int> y)
    {
        ArrayView<int> digits = Digits(4);
        int sum = 0;
        for (int k = 3; k >= 0; k--)
        {
            sum = (sum * 10) + digits[k];
        }

        y[i] = (i * 1000) + sum;
    }

    private static ArrayView<int> Digits(int count)
    {
        ArrayView<int> digits = LocalMemory.Allocate<int>(4);
        for (int k = 0; k < count; k++)
        {
            digits[k] = k;
        }

        return digits;
    }

    private static void CallsGeneric<T>(Index1D i, ArrayView<T> y) where T : unmanaged => y[i] = Holder<T>.First(2);

    private static void UsesGroupsToo(Index1D i, ArrayView<int> y) => y[i] = LocalMemory.Allocate<int>(1)[0] + Group.IdxX;

    /// <summary>Instructions with operands of every length lie before and behind the calls.</summary>
    private static void EveryOperand(Index1D i, ArrayView<int> y)
    {
        long big = 0x0123456789abcdef;
        double real = 0.1;
        float small = 0.1f;
        switch (i.X)
        {
            case 0: y[i] = (int)big; break;
            case 1: y[i] = (int)real; break;
            case 2: y[i] = (int)small; break;
            case 3: y[i] = 1_000_000; break;
            default: y[i] = i > 100 ? int.MaxValue : MathF.Sqrt(i) > 3 ? 100 : 0; break;
        }
    }

    /// <summary>Throws where x is 0.</summary>
    /// <remarks>In decimals: PoCL, which other tests load, keeps the processor's trap for integers from the whole process.</remarks>
    private static void Divide(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = (int)(7m / x[i]);

    private static void Throw(bool now, Exception exception)
    {
        if (now)
        {
            throw exception;
        }
    }

    private static class Holder<T> where T : unmanaged
    {
        public static T First(int count) => LocalMemory.Allocate<T>(count)[0];
    }
}
