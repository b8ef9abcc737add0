using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Memory;

/// <summary>The pool's book-keeping, on a device of its own.</summary>
internal sealed class PoolTests
{
    [Test]
    public void Rent_AfterDispose_ReusesTheBlock()
    {
        var device = new ReferenceDevice();
        nint first;
        using (Tensor x = Tensor.Empty([1000], device: device))
        {
            first = x.Storage.Handle;
        }
        using Tensor y = Tensor.Empty([1000], device: device);
        Assert.That(y.Storage.Handle, Is.EqualTo(first));
        Assert.That(device.Pool.Report.Allocations, Is.EqualTo(1));
    }

    [Test]
    public void Report_LivingTensors_AreInUse()
    {
        var device = new ReferenceDevice();
        Tensor x = Tensor.Empty([1024], device: device);
        Tensor view = x.Reshape(32, 32);
        Assert.That((device.Pool.Report.InUse, device.Pool.Report.Blocks), Is.EqualTo((4096L, 1)));
        x.Dispose();
        Assert.That(device.Pool.Report.InUse, Is.EqualTo(4096), "the view still holds the block");
        view.Dispose();
        Assert.That((device.Pool.Report.InUse, device.Pool.Report.Cached, device.Pool.Report.Peak), Is.EqualTo((0L, 4096L, 4096L)));
        device.Pool.Trim();
        Assert.That(device.Pool.Report.Cached, Is.Zero);
    }

    [Test]
    public void Dispose_Twice_ReturnsTheBlockOnce()
    {
        var device = new ReferenceDevice();
        Tensor x = Tensor.Empty([16], device: device);
        x.Dispose();
        x.Dispose();
        Assert.That((device.Pool.Report.Blocks, device.Pool.Report.InUse), Is.EqualTo((0, 0L)));
        Assert.That(x.IsDisposed, Is.True);
    }

    [Test]
    public void Memory_OfTensors_IsAlignedToCacheLines()
    {
        var device = new ReferenceDevice();
        Tensor[] tensors = [.. Enumerable.Range(1, 40).Select(n => Tensor.Empty([n * 3], device: device))];
        Assert.That(tensors.Select(x => x.Storage.Handle % HostDevice.Alignment), Is.All.EqualTo((nint)0));
        Assert.That(tensors.Select(x => x.Storage.Handle), Is.Unique);
    }

    [Test]
    public void Limit_ForgottenTensors_AreFoundBeforeGivingUp()
    {
        var device = new ReferenceDevice();
        device.Pool.Limit = 1 << 20;
        for (int i = 0; i < 50; i++)
        {
            Forget(device);
        }
        MemoryReport report = device.Pool.Report;
        Assert.That(report.Peak, Is.LessThanOrEqualTo(1 << 20));
        Assert.That(report.Orphans, Is.GreaterThan(0));
    }

    [Test]
    public void Wrap_ForeignMemory_IsNeverFreedAndSeenThrough()
    {
        var device = new ReferenceDevice();
        float[] values = [1, 2, 3, 4];
        unsafe
        {
            fixed (float* p = values)
            {
                Storage storage = Storage.Wrap(device, (nint)p, sizeof(float) * values.Length, values);
                using (Tensor x = Tensor.Wrap(new Operand(storage, DType.Float32, Layout.Contiguous([4]))))
                {
                    x.AddInPlace(1);
                }
                Assert.That(values, Is.EqualTo(new float[] { 2, 3, 4, 5 }));
                Assert.That(device.Pool.Report.Blocks, Is.Zero);
            }
        }
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Forget(Device device) => _ = Tensor.Empty([100_000], device: device).Storage;
}
