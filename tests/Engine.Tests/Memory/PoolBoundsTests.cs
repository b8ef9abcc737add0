using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Memory;

/// <summary>What the pool may hold in all: living tensors and free blocks.</summary>
internal sealed class PoolBoundsTests
{
    private const long MiB = 1 << 20;

    [Test]
    public void Limit_FreeBlocks_Count()
    {
        var device = new MeasuredDevice();
        device.Pool.Limit = 64 * MiB;
        for (double size = 4; size < 60; size *= 1.125)
        {
            Tensor.Empty([(int)(size * MiB)], DType.UInt8, device).Dispose();
        }
        Assert.That(device.Most, Is.LessThanOrEqualTo(64 * MiB));
        Assert.That(device.Held, Is.EqualTo(device.Pool.Report.InUse + device.Pool.Report.Cached));
    }

    [Test]
    public void Limit_LoweredWithFreeBlocks_GivesThemBack()
    {
        var device = new MeasuredDevice();
        using Tensor kept = Bytes(device, 3 * MiB);
        for (int i = 1; i <= 4; i++)
        {
            Bytes(device, i * MiB).Dispose();
        }
        device.Pool.Limit = 5 * MiB;
        Assert.That(device.Held, Is.LessThanOrEqualTo(5 * MiB));
        Assert.That(device.Pool.Report.InUse, Is.EqualTo(3 * MiB));
    }

    [Test]
    public void Limit_BelowWhatIsInUse_IsReachedAsTensorsGo()
    {
        var device = new MeasuredDevice();
        Tensor[] tensors = [.. Enumerable.Range(1, 4).Select(i => Bytes(device, i * MiB))];
        device.Pool.Limit = 2 * MiB;
        Assert.Throws<OutOfDeviceMemoryException>(() => Bytes(device, 64));
        foreach (Tensor tensor in tensors)
        {
            tensor.Dispose();
        }
        Assert.That(device.Held, Is.LessThanOrEqualTo(2 * MiB));
        using Tensor again = Bytes(device, 2 * MiB);
        Assert.That(device.Most, Is.EqualTo(10 * MiB), "what was there before the limit");
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Pool.Limit = -1);
    }

    [Test]
    public void Held_LengthsThatVary_StaysNearThePeak()
    {
        var device = new MeasuredDevice();
        var random = new Random(1);
        for (int step = 0; step < 500; step++)
        {
            using TensorScope scope = TensorScope.Begin();
            int length = random.Next(1, 1024);
            for (int i = 0; i < 4; i++)
            {
                _ = Tensor.Empty([length, 16 << 10], DType.UInt8, device);
            }
        }

        MemoryReport report = device.Pool.Report;
        Assert.That(report.Peak, Is.GreaterThan(55 * MiB));
        Assert.That(device.Most, Is.LessThanOrEqualTo(report.Peak * 3 / 2));
        Assert.That(report.Allocations, Is.LessThan(500 * 3), "many a request is served by a block that is a little larger");
    }

    /// <summary>
    /// A prediction frees each layer's input as it goes, so that its peak is two or three layers and all sizes together are several times that: no reason to give blocks back in each pass.
    /// </summary>
    [TestCase("halving", 13.6, 13.6, 3.4, 6.8, 6.8, 1.7, 3.4, 3.4)]
    [TestCase("growing", 2.1, 3.3, 4.6, 5.8, 7.2, 8.3, 9.7, 11.1, 12.4, 13.9, 15.2)]
    [TestCase("growing, with small ones between", 4.1, 2.1, 6.3, 2.1, 8.6, 2.1, 10.8, 2.1, 13.2, 2.1, 15.3, 2.1)]
    [TestCase("falling", 30, 24, 19, 15, 12, 9.5, 7.5, 6, 4.7, 3.7)]
    [TestCase("up and down", 3, 12, 3, 12, 6, 24, 6, 24, 12, 6, 12)]
    public void Held_LayersOfOneAfterTheOther_AskForNothingAfterAFewPasses(string what, params double[] sizes)
    {
        const int Passes = 30, First = 10;
        MeasuredDevice device = new();
        long before = 0;
        for (int pass = 0; pass < Passes; pass++)
        {
            before = pass == First ? device.Pool.Report.Allocations : before;
            Tensor x = Bytes(device, 12 * MiB);
            foreach (double size in sizes)
            {
                Tensor y = Bytes(device, (long)(size * MiB));
                x.Dispose();
                x = y;
            }

            x.Dispose();
        }

        Assert.That(device.Pool.Report.Allocations, Is.EqualTo(before), what);
        Assert.That(device.Most, Is.LessThanOrEqualTo(device.Pool.Report.Peak * 3 / 2), what);
    }

    [Test]
    public void Held_SmallPrograms_GiveNothingBack()
    {
        var device = new MeasuredDevice();
        for (int round = 0; round < 3; round++)
        {
            for (int i = 1; i <= 16; i++)
            {
                Bytes(device, i * 100_000).Dispose();
            }
        }

        Assert.That(device.Frees, Is.Zero);
    }

    [Test]
    public void Held_AfterALargePhase_FallsWithTheRecentPeak()
    {
        var device = new MeasuredDevice();
        using (TensorScope.Begin())
        {
            for (int i = 0; i < 10; i++)
            {
                _ = Bytes(device, 20 * MiB);
            }
        }

        Assert.That(device.Held, Is.EqualTo(200 * MiB));
        for (int i = 0; i < 140_000; i++)
        {
            Bytes(device, 4 * MiB).Dispose();
        }
        Assert.That(device.Held, Is.LessThanOrEqualTo(16 * MiB));
    }

    [Test]
    public void Request_ByABlockALittleLarger_OnlyWhereABoundIsMet()
    {
        var device = new MeasuredDevice();
        Bytes(device, 30 * MiB).Dispose();
        using (Tensor smaller = Bytes(device, 12 * MiB))
        {
            Assert.That(smaller.Storage.BlockBytes, Is.EqualTo(12 * MiB), "there is room");
        }
        device.Pool.Limit = 45 * MiB;
        using (Tensor smaller = Bytes(device, 24 * MiB))
        {
            Assert.That(smaller.Storage.BlockBytes, Is.EqualTo(30 * MiB));
        }
        Assert.That(device.Held, Is.EqualTo(42 * MiB));
        using Tensor small = Bytes(device, 10 * MiB);
        Assert.That(small.Storage.BlockBytes, Is.EqualTo(12 * MiB));
    }

    [Test]
    public void Memory_OfTheDevice_IsALimit()
    {
        var device = new MeasuredDevice { Memory = 100 * MiB };
        var tensors = new List<Tensor>();
        OutOfDeviceMemoryException error = Assert.Throws<OutOfDeviceMemoryException>(() =>
        {
            while (true)
            {
                tensors.Add(Bytes(device, 8 * MiB));
            }
        })!;
        Assert.That(tensors, Has.Count.EqualTo(12));
        Assert.That(error.Message, Does.Contain("100 MiB altogether"));
        Assert.That(error.Report.InUse, Is.EqualTo(96 * MiB));
        tensors[0].Dispose();
        using Tensor again = Bytes(device, 6 * MiB);
        Assert.That(device.Most, Is.LessThanOrEqualTo(100 * MiB));
    }

    [Test]
    public void Memory_OneRequestBeyondIt_IsRefusedAtOnce()
    {
        var device = new MeasuredDevice { Memory = 100 * MiB };
        int collections = GC.CollectionCount(2);
        foreach (int rows in (int[])[100, 1 << 20, int.MaxValue])
        {
            Assert.Throws<OutOfDeviceMemoryException>(() => Tensor.Empty([rows, int.MaxValue], DType.UInt8, device));
        }
        Assert.That(GC.CollectionCount(2), Is.EqualTo(collections), "no search for what can never be enough");
        Assert.That(device.Most, Is.Zero);
    }

    [Test]
    public void Memory_OfTheMachine_IsALimitOfTheProcessor()
    {
        var device = new ReferenceDevice();
        Assert.That(device.TotalMemory, Is.GreaterThan(1L << 30).And.LessThan(1L << 50));
        // Blocks that nobody touches take no real memory.
        int rows = (int)Math.Min(int.MaxValue, (device.TotalMemory / 16) >> 20);
        var tensors = new List<Tensor>();
        Assert.Throws<OutOfDeviceMemoryException>(() =>
        {
            for (int i = 0; i < 32; i++)
            {
                tensors.Add(Tensor.Empty([rows, 1 << 20], DType.UInt8, device));
            }
        });
        Assert.That(tensors, Has.Count.InRange(8, 16));
        foreach (Tensor tensor in tensors)
        {
            tensor.Dispose();
        }
        device.Pool.Trim();
        Assert.That((Tensor.Ones([3], device: device) + 1).ToArray<float>(), Is.EqualTo(new float[] { 2, 2, 2 }));
    }

    [Test]
    public void HostMemory_KernelsFiles_AreUnderstood()
    {
        string memory = "MemTotal:       24683520 kB\nMemFree:         100 kB\nSwapTotal:       2048 kB\n";
        Assert.That(HostMemory.FieldOf(memory, "MemTotal"), Is.EqualTo(24683520L << 10));
        Assert.That(HostMemory.FieldOf(memory, "SwapTotal"), Is.EqualTo(2 << 20));
        Assert.That(HostMemory.FieldOf(memory, "Total"), Is.Zero);
        Assert.That(
            HostMemory.LimitFiles("0::/a.slice/b.scope\n"),
            Is.EqualTo(new[] { "/sys/fs/cgroup/a.slice/b.scope/memory.max", "/sys/fs/cgroup/a.slice/memory.max", "/sys/fs/cgroup/memory.max" }));
        Assert.That(
            HostMemory.LimitFiles("3:cpu:/\n4:memory,hugetlb:/docker/x\n"),
            Is.EqualTo(new[] { "/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes" }));
    }

    private static Tensor Bytes(Device device, long bytes) => Tensor.Empty([(int)bytes], DType.UInt8, device);

    /// <summary>Host memory that counts what it has given.</summary>
    private sealed class MeasuredDevice() : HostDevice("measured")
    {
        private readonly Dictionary<nint, long> _blocks = [];

        public long Memory { get; init; } = 1L << 40;

        public long Held { get; private set; }

        public long Most { get; private set; }

        public int Frees { get; private set; }

        public override long TotalMemory => Memory;

        public override Backend Backend => ReferenceDevice.Shared.Backend;

        protected internal override bool TryAllocateMemory(long bytes, out nint handle)
        {
            if (!base.TryAllocateMemory(bytes, out handle))
            {
                return false;
            }
            _blocks[handle] = bytes;
            Held += bytes;
            Most = Math.Max(Most, Held);
            return true;
        }

        protected internal override void FreeMemory(nint handle)
        {
            Held -= _blocks[handle];
            _ = _blocks.Remove(handle);
            Frees++;
            base.FreeMemory(handle);
        }
    }
}
