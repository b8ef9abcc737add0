using System.Runtime.InteropServices;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>A host that computes with CUDA itself: its context, stream and memory, made here through the driver's functions.</summary>
[TestFixture]
internal sealed unsafe class CudaAdoptionTests
{
    private static readonly CudaApi s_api = FakeCuda.Api;

    private nint _context;
    private nint _stream;

    [SetUp]
    public void MakeHost()
    {
        _context = FakeCuda.CreateContext(FakeCuda.AddDevice());
        Demand(s_api.cuCtxSetCurrent(_context));
        nint stream;
        Demand(s_api.cuStreamCreate(&stream, 0));
        _stream = stream;
    }

    [TearDown]
    public void EndHost()
    {
        Demand(s_api.cuCtxSetCurrent(0));
        FakeCuda.DestroyContext(_context);
    }

    [Test]
    public void Adopt_ComputesInTheHostsMemory_AndFreesOnlyItsOwn()
    {
        nint memory = Allocate(3 * sizeof(float));
        CudaDevice device = CudaDevice.Adopt(s_api, _context, _stream);
        Assert.That(device.Context, Is.EqualTo(_context));
        Assert.That(device.Stream, Is.EqualTo(_stream));

        Tensor x = device.Wrap(memory, [3], DType.Float32);
        device.Upload(MemoryMarshal.AsBytes<float>([1, 2, 3]), x.Storage, 0);
        using Tensor own = Tensor.From<float>([7], device);
        Assert.That(device.GetPointer(x), Is.EqualTo(memory));
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3 }));
        x.Dispose();
        own.Dispose();
        device.Dispose();

        FakeContext context = FakeCuda.Find<FakeContext>(_context)!;
        Assert.That(context.LiveObjects, Is.EqualTo(1), "the host's stream");
        Assert.That(context.Pinned, Is.Empty);
        Demand(s_api.cuStreamSynchronize(_stream));
        float[] read = new float[3];
        fixed (float* host = read)
        {
            Demand(s_api.cuMemcpyDtoHAsync_v2(host, memory, 3 * sizeof(float), _stream));
        }

        Assert.That(read, Is.EqualTo(new float[] { 1, 2, 3 }));
        Assert.That(context.Device.Memory.Count, Is.EqualTo(1), "the host's block");
        Demand(s_api.cuMemFree_v2(memory));
    }

    [Test]
    public void Wrap_InsideABlock_ReadsAndWritesFromThereOn()
    {
        nint memory = Allocate(1024);
        using CudaDevice device = CudaDevice.Adopt(s_api, _context, _stream);
        using (Tensor all = device.Wrap(memory, [256], DType.Int32))
        {
            device.Upload(MemoryMarshal.AsBytes<int>([.. Enumerable.Range(0, 256)]), all.Storage, 0);
        }

        using Tensor part = device.Wrap(memory + 20, [2, 3], DType.Int32, owner: this);

        Assert.That(part.ToArray<int>(), Is.EqualTo(new[] { 5, 6, 7, 8, 9, 10 }));
        Assert.That(device.GetPointer(part), Is.EqualTo(memory + 20));
        using Tensor row = part[1];
        Assert.That(device.GetPointer(row), Is.EqualTo(memory + 32));
    }

    [Test]
    public void Wrap_PointerBetweenElements_IsRefused()
    {
        nint memory = Allocate(64);
        using CudaDevice device = CudaDevice.Adopt(s_api, _context, _stream);

        Assert.That(() => device.Wrap(memory + 2, [1], DType.Float32), Throws.ArgumentException.With.Message.Contains("multiple of the 4 bytes"));
        Assert.That(() => device.Wrap(0, [1], DType.Float32), Throws.InstanceOf<ArgumentException>());
    }

    [Test]
    public void GetPointer_OfATensorElsewhere_IsRefused()
    {
        using CudaDevice device = CudaDevice.Adopt(s_api, _context, _stream);
        using Tensor x = Tensor.From<float>([1], Device.Cpu);

        Assert.That(() => device.GetPointer(x), Throws.TypeOf<DeviceMismatchException>());
    }

    [Test]
    public void Adopt_AnotherContextIsCurrent_StaysCurrent()
    {
        nint other = FakeCuda.CreateContext(FakeCuda.AddDevice());
        Demand(s_api.cuCtxSetCurrent(other));

        using (CudaDevice device = CudaDevice.Adopt(s_api, _context, _stream))
        using (Tensor x = Tensor.From<float>([1, 2], device))
        {
            Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 2 }));
            Assert.That(Current(), Is.EqualTo(other));
        }

        Assert.That(Current(), Is.EqualTo(other));
        Demand(s_api.cuCtxSetCurrent(_context));
        FakeCuda.DestroyContext(other);
    }

    [Test]
    public void Adopt_HostEndsItsContextFirst_DeviceIsLostAndDisposesSafely()
    {
        nint context = FakeCuda.CreateContext(FakeCuda.AddDevice());
        CudaDevice device = CudaDevice.Adopt(s_api, context, 0);
        Tensor x = Tensor.From<float>([1], device);
        FakeCuda.DestroyContext(context);

        Assert.That(() => x.ToArray<float>(), Throws.InstanceOf<EngineException>());
        Assert.That(x.Dispose, Throws.Nothing);
        Assert.That(device.Dispose, Throws.Nothing);
    }

    [Test]
    public void Adopt_CardTooOldOrNoContext_IsRefused()
    {
        nint old = FakeCuda.CreateContext(FakeCuda.AddDevice("old card", computeCapability: 61));

        Assert.That(() => CudaDevice.Adopt(s_api, old, 0), Throws.ArgumentException.With.Message.Contains("old card").And.Message.Contains("7.0 or newer"));
        Assert.That(() => CudaDevice.Adopt(s_api, 0, 0), Throws.InstanceOf<ArgumentException>());
        FakeCuda.DestroyContext(old);
    }

    private static nint Allocate(int bytes)
    {
        nint memory;
        Demand(s_api.cuMemAlloc_v2(&memory, (nuint)bytes));
        return memory;
    }

    private static nint Current()
    {
        nint context;
        Demand(s_api.cuCtxGetCurrent(&context));
        return context;
    }

    private static void Demand(CudaResult result) => Assert.That(result, Is.EqualTo(CudaResult.CUDA_SUCCESS));
}
