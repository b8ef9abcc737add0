using NUnit.Framework;
using static Engine.Gpu.ClConstants;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed class OpenClAdoptionTests
{
    [Test]
    public void Adopt_HostsQueue_SharesItAndLeavesItAsItWas()
    {
        using HostQueue host = new();
        nint buffer = host.NewBuffer([1, 2, 3, 4]);
        uint queueReferences = host.ReferencesOfQueue();
        uint contextReferences = host.ReferencesOfContext();
        using (OpenClDevice device = OpenClDevice.Adopt(host.Context, host.DeviceId, host.Queue))
        {
            Assert.That(device.Name, Is.EqualTo("opencl:adopted"));
            Assert.That(device.Queue, Is.EqualTo(host.Queue));
            Assert.That(device.Context, Is.EqualTo(host.Context));
            Assert.That(device.DeviceId, Is.EqualTo(host.DeviceId));
            using Tensor x = Tensor.From<float>([5, 6, 7], device);
            Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 5, 6, 7 }));
        }

        // A driver may let go of finished commands, which refer to their queue, a little later.
        Assert.That(host.ReferencesOfQueue, Is.EqualTo(queueReferences).After(5000, 10));
        Assert.That(host.ReferencesOfContext, Is.EqualTo(contextReferences).After(5000, 10));
        Assert.That(host.Read(buffer, 4), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
        host.Release(buffer);
    }

    [Test]
    public void Wrap_HostsBuffer_SeesItsValuesAndNeverFreesIt()
    {
        using HostQueue host = new();
        nint buffer = host.NewBuffer([0, 1, 2, 3, 4, 5, 6, 7]);
        using (OpenClDevice device = OpenClDevice.Adopt(host.Context, host.DeviceId, host.Queue))
        {
            using Tensor x = device.Wrap(buffer, 8, [2, 3], DType.Float32);
            Assert.That(x.Shape.ToArray(), Is.EqualTo(new[] { 2, 3 }));
            Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 2, 3, 4, 5, 6, 7 }));
            Assert.That(device.GetBuffer(x), Is.EqualTo((buffer, 8L)));
            using Tensor row = x.Select(0, 1);
            Assert.That(device.GetBuffer(row), Is.EqualTo((buffer, 20L)));

            host.Write(buffer, [10, 11, 12, 13]);
            Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 12, 13, 4, 5, 6, 7 }));
        }

        Assert.That(host.Read(buffer, 4), Is.EqualTo(new float[] { 10, 11, 12, 13 }));
        host.Release(buffer);
    }

    [Test]
    public void Launch_OnAWrappedBuffer_RunsInOrderWithTheHostsCommands()
    {
        using HostQueue host = new();
        nint buffer = host.NewBuffer(new float[200]);
        using (OpenClDevice device = OpenClDevice.Adopt(host.Context, host.DeviceId, host.Queue))
        {
            using Tensor x = device.Wrap(buffer, 16, [64], DType.Float32);
            using Tensor y = Tensor.Empty([64], DType.Float32, device);
            CompiledKernel kernel = device.Driver.Compile(OpenClSources.Scale());
            host.Write(buffer, [.. Enumerable.Repeat(1f, 68)]);
            device.Driver.Launch(kernel, new LaunchGrid(1), [x.Operand, x.Operand, 2f, 64L]);
            device.Driver.Launch(kernel, new LaunchGrid(1), [x.Operand, y.Operand, 10f, 64L]);
            (nint result, long byteOffset) = device.GetBuffer(y);
            Assert.That(host.Read(buffer, 64, 16), Is.EqualTo(Enumerable.Range(0, 64).Select(static i => 2f + i)));
            Assert.That(host.Read(result, 64, byteOffset), Is.EqualTo(Enumerable.Range(0, 64).Select(static i => (10 * (2f + i)) + i)));
        }

        host.Release(buffer);
    }

    [Test]
    public void Operations_OnAWrappedBuffer_ReadAndWriteTheHostsMemory()
    {
        using HostQueue host = new();
        nint buffer = host.NewBuffer([9, 1, 2, 3, 4, 9]);
        using (OpenClDevice device = OpenClDevice.Adopt(host.Context, host.DeviceId, host.Queue))
        {
            using Tensor x = device.Wrap(buffer, 4, [4], DType.Float32);
            using Tensor y = x * x;
            x.AddInPlace(y);
            Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 1, 4, 9, 16 }));
        }

        Assert.That(host.Read(buffer, 6), Is.EqualTo(new float[] { 9, 2, 6, 12, 20, 9 }));
        host.Release(buffer);
    }

    [Test]
    public void GetBuffer_OfOurTensor_IsReadByTheHostsQueue()
    {
        using HostQueue host = new();
        using OpenClDevice device = OpenClDevice.Adopt(host.Context, host.DeviceId, host.Queue);
        using Tensor x = Tensor.From<float>([1, 2, 3, 4], device);
        (nint buffer, long byteOffset) = device.GetBuffer(x);
        Assert.That(host.Read(buffer, 4, byteOffset), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void GetBuffer_TensorOfAnotherDevice_IsRefused()
    {
        using HostQueue host = new();
        using OpenClDevice device = OpenClDevice.Adopt(host.Context, host.DeviceId, host.Queue);
        using Tensor x = Tensor.From<float>([1], Device.Cpu);
        Assert.That(() => device.GetBuffer(x), Throws.InstanceOf<DeviceMismatchException>());
    }

    [Test]
    public void Wrap_WhatDoesNotFit_IsRefused()
    {
        using HostQueue host = new();
        using HostQueue stranger = new();
        nint buffer = host.NewBuffer([0, 1, 2, 3]);
        nint foreign = stranger.NewBuffer([0, 1, 2, 3]);
        using (OpenClDevice device = OpenClDevice.Adopt(host.Context, host.DeviceId, host.Queue))
        {
            Assert.That(() => device.Wrap(buffer, 0, [5], DType.Float32), Throws.ArgumentException.With.Message.Contains("ends at byte 20"));
            Assert.That(() => device.Wrap(buffer, 2, [1], DType.Float32), Throws.ArgumentException.With.Message.Contains("multiple of the 4 bytes"));
            Assert.That(() => device.Wrap(buffer, -4, [1], DType.Float32), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => device.Wrap(0, 0, [1], DType.Float32), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => device.Wrap(foreign, 0, [1], DType.Float32), Throws.ArgumentException.With.Message.Contains("another context"));
            using Tensor empty = device.Wrap(buffer, 16, [0], DType.Float32);
            Assert.That(empty.ToArray<float>(), Is.Empty);
        }

        host.Release(buffer);
        stranger.Release(foreign);
    }

    [Test]
    public void Adopt_QueueOfAnotherContext_IsRefused()
    {
        using HostQueue host = new();
        using HostQueue stranger = new();
        Assert.That(() => OpenClDevice.Adopt(host.Context, host.DeviceId, stranger.Queue), Throws.ArgumentException.With.Message.Contains("another context"));
        Assert.That(() => OpenClDevice.Adopt(0, host.DeviceId, host.Queue), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Adopt_OutOfOrderQueue_IsRefused()
    {
        using HostQueue host = new(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
        Assert.That(() => OpenClDevice.Adopt(host.Context, host.DeviceId, host.Queue), Throws.ArgumentException.With.Message.Contains("in order"));
    }

    [Test]
    public void Events_OnAQueueWithoutProfiling_MeasureByTheHostsClock()
    {
        using HostQueue host = new();
        using OpenClDevice device = OpenClDevice.Adopt(host.Context, host.DeviceId, host.Queue);
        using GpuEvent before = device.Driver.RecordEvent();
        using GpuEvent after = device.Driver.RecordEvent();
        Assert.That(after.MillisecondsSince(before), Is.InRange(0, 60_000));
    }
}
