using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>A device's memory is a limit, also where its driver grants more than there is.</summary>
internal sealed class DeviceMemoryTests
{
    [Test]
    public void Tensors_BeyondTheDevicesMemory_AreATypedError()
    {
        // A driver that grants everything, for a device of 1 MiB.
        ScriptedDriver driver = new();
        using TestDevice device = new(driver);
        Assert.That(device.TotalMemory, Is.EqualTo(1 << 20));
        List<Tensor> tensors = [];
        OutOfDeviceMemoryException error = Assert.Throws<OutOfDeviceMemoryException>(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                tensors.Add(Tensor.Empty([100 << 10], DType.UInt8, device));
            }
        })!;
        Assert.That(tensors, Has.Count.InRange(8, 10));
        Assert.That(error.Message, Does.Contain("1 MiB altogether"));
        tensors[0].Dispose();
        using (Tensor again = Tensor.Empty([50 << 10], DType.UInt8, device))
        {
            Assert.That(device.Pool.Report.InUse + device.Pool.Report.Cached, Is.LessThanOrEqualTo(1 << 20));
        }

        Assert.Throws<OutOfDeviceMemoryException>(() => Tensor.Empty([2 << 20], DType.UInt8, device));
        tensors.ForEach(static t => t.Dispose());
    }

    [Test]
    public void FreeBlocks_MakeRoomForOtherSizes()
    {
        ScriptedDriver driver = new();
        using TestDevice device = new(driver);
        for (int size = 100 << 10; size < 1 << 20; size += 100 << 10)
        {
            Tensor.Empty([size], DType.UInt8, device).Dispose();
            Assert.That(device.Pool.Report.InUse + device.Pool.Report.Cached, Is.LessThanOrEqualTo(1 << 20));
        }

        Assert.That(driver.Calls, Has.Some.StartsWith("free"));
    }

    [Test]
    public void OpenCl_BeyondTheDevicesMemory_IsATypedErrorAndTheDeviceGoesOn()
    {
        OpenClDriver driver = OpenClMachine.NewDriver();
        using OpenClDevice device = new("opencl:0", driver);
        // Some drivers give real memory on first use only; on those that do not, the driver's own refusal comes first, and is as typed.
        int rows = (int)(Math.Min(driver.LargestBlock, device.TotalMemory / 24) >> 20);
        List<Tensor> tensors = [];
        Assert.Throws<OutOfDeviceMemoryException>(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                tensors.Add(Tensor.Empty([rows, 1 << 20], DType.UInt8, device));
            }
        });
        Assert.That((long)tensors.Count * rows << 20, Is.LessThanOrEqualTo(device.TotalMemory));
        tensors.ForEach(static t => t.Dispose());
        device.Pool.Trim();
        using Tensor x = Tensor.From<float>([1, 2, 3], device);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3 }));
    }
}
