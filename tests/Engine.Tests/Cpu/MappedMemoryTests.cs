using System.Globalization;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>Large blocks that are the operating system's again when they are freed.</summary>
internal sealed unsafe class MappedMemoryTests
{
    [TestCase(4096, 4096)]
    [TestCase(3 << 20, 4096)]
    [TestCase(2 << 20, 2 << 20)]
    [TestCase(6 << 20, 2 << 20)]
    public void Allocate_IsAlignedZeroAndWritableToItsEnd(int bytes, int alignment)
    {
        RequireMapping();
        byte* memory = MappedMemory.TryAllocate(bytes, alignment);
        Assert.That(memory != null);
        Assert.That((long)memory % alignment, Is.Zero);
        Assert.That((memory[0], memory[bytes - 1]), Is.EqualTo(((byte)0, (byte)0)));
        new Span<byte>(memory, bytes).Fill(1);
        MappedMemory.Free(memory, bytes);
    }

    [Test]
    public void Allocate_MoreThanThereIs_IsNull()
    {
        RequireMapping();
        Assert.That(MappedMemory.TryAllocate(nint.MaxValue & -4096, 4096) == null);
        Assert.That(() => (nint)LargePages.Allocate(nint.MaxValue & -LargePages.PageBytes), Throws.TypeOf<OutOfMemoryException>());
    }

    [Test]
    public void Blocks_SmallOnesAndThoseOfOthers_AreNotMapped()
    {
        Assert.That(TensorBlocks.TryMap(TensorBlocks.FewestBytes - 1, out nint small), Is.False);
        Assert.That(TensorBlocks.TryMap(long.MaxValue, out nint impossible), Is.False);
        Assert.That((small, impossible), Is.EqualTo(((nint)0, (nint)0)));
        Assert.That(TensorBlocks.TryUnmap(4096), Is.False);
    }

    /// <summary>Threads of a pool take turns in a server. The C library would keep up to 64 MiB for each of them.</summary>
    [Test]
    public void Tensors_OfManyThreads_LeaveNothingBehindOnceThePoolIsTrimmed()
    {
        RequireMapping();
        const int Threads = 12, Bytes = 24 << 20;
        using CpuDevice device = new("cpu", 1);
        Use(0, 1 << 20);
        long before = ResidentBytes();
        for (int round = 0; round < 3; round++)
        {
            Thread[] threads = [.. Enumerable.Range(0, Threads).Select(i => new Thread(() => Use(i, Bytes + (round << 18))))];
            Array.ForEach(threads, static thread => thread.Start());
            Array.ForEach(threads, static thread => thread.Join());
        }

        Assert.That(ResidentBytes() - before, Is.LessThan(64L << 20), "bytes more than before, of a device that has no tensors");

        void Use(int value, int bytes)
        {
            using (Tensor.Full([bytes / sizeof(float)], value, DType.Float32, device))
            {
            }

            device.Pool.Trim();
        }
    }

    private static long ResidentBytes() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private static void RequireMapping()
    {
        if (!MappedMemory.IsSupported)
        {
            Assert.Ignore("memory is mapped on Linux only");
        }
    }
}
