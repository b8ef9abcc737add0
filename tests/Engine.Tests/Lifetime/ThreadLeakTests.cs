using System.Diagnostics;
using System.Runtime.CompilerServices;
using Engine.Cpu;
using Engine.Nn;
using Engine.Tests.Memory;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary>Threads and memory end with what they work for, also where nobody disposes it.</summary>
internal sealed class ThreadLeakTests
{
    private const int Count = 60;

    [Test]
    public void Loader_EnumeratorsDropped_EndTheirThreads()
    {
        int before = Threads();
        var device = new ReferenceDevice();
        Begin(device);
        Assert.That(Eventually(() => Threads() < before + (Count / 4)), $"{before} threads before, {Threads()} now");
        Assert.That(Eventually(() => device.Pool.Report.Blocks == 0), device.Pool.Report.ToString());

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Begin(Device device)
        {
            DataLoader loader = new(new TensorDataset(Tensor.Zeros([100, 4]), Tensor.Zeros([100])), 4) { Device = device };
            using CancellationTokenSource cancellation = new();
            for (int i = 0; i < Count; i++)
            {
                IEnumerator<Batch> batches = loader.Epoch(0, 0, cancellation.Token).GetEnumerator();
                Assert.That(batches.MoveNext());
            }
        }
    }

    [Test]
    public void CpuDevices_Dropped_EndTheirThreads()
    {
        int before = Threads();
        WeakReference first = Make();
        for (int i = 0; i < Count; i++)
        {
            Make();
        }
        Assert.That(Eventually(() => !first.IsAlive), "the threads hold the device");
        Assert.That(Eventually(() => Threads() < before + (Count / 4)), $"{before} threads before, {Threads()} now");

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Make()
        {
            CpuDevice device = new("dropped", 2);
            using Tensor x = Tensor.Ones([1 << 20], device: device);
            Assert.That(x.Sum().Item(), Is.EqualTo(1 << 20));
            return new WeakReference(device);
        }
    }

    [Test]
    public void HostDevices_Dropped_FreeTheirMemory()
    {
        for (int i = 0; i < Count; i++)
        {
            Make();
        }
        Assert.That(Eventually(() => CountedDevice.LivingBlocks == 0), $"{CountedDevice.LivingBlocks} blocks live");

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Make()
        {
            CountedDevice device = new();
            using Tensor disposed = Tensor.Ones([1000], device: device);
            Tensor forgotten = Tensor.Ones([2000], device: device);
            Assert.That(CountedDevice.LivingBlocks, Is.Positive);
            GC.KeepAlive(forgotten);
        }
    }

    [Test]
    public void Tensor_BroughtBackByAFinalizer_CountsAsDisposed()
    {
        var device = new ReferenceDevice();
        Make(device);
        ForgottenTensors.Collect();
        Tensor? back = Revenant.Found;
        Assert.That(back, Is.Not.Null);
        Assert.That(() => back!.ToArray<float>(), Throws.TypeOf<ObjectDisposedException>());
        back!.Dispose();
        using Tensor first = Tensor.Empty([1000], device: device), second = Tensor.Empty([1000], device: device);
        Assert.That(first.Storage.Handle, Is.Not.EqualTo(second.Storage.Handle), "one block, given back twice");

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Make(Device device) => _ = new Revenant(Tensor.Ones([1000], device: device));
    }

    private static int Threads()
    {
        using Process process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }

    private static bool Eventually(Func<bool> condition)
    {
        Stopwatch time = Stopwatch.StartNew();
        while (!condition())
        {
            if (time.Elapsed > TimeSpan.FromSeconds(20))
            {
                return false;
            }
            ForgottenTensors.Collect();
            Thread.Sleep(20);
        }

        return true;
    }

    private sealed class CountedDevice() : HostDevice("counted")
    {
        private static int s_livingBlocks;

        public static int LivingBlocks => Volatile.Read(ref s_livingBlocks);

        public override Backend Backend { get; } = new ReferenceBackend();

        protected internal override bool TryAllocateMemory(long bytes, out nint handle)
        {
            bool any = base.TryAllocateMemory(bytes, out handle);
            Interlocked.Add(ref s_livingBlocks, any ? 1 : 0);
            return any;
        }

        protected internal override void FreeMemory(nint handle)
        {
            Interlocked.Decrement(ref s_livingBlocks);
            base.FreeMemory(handle);
        }
    }

    private sealed class Revenant(Tensor tensor)
    {
        private readonly Tensor _tensor = tensor;

        public static Tensor? Found { get; private set; }

        ~Revenant() => Found = _tensor;
    }
}
