using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>The engine's own CUDA code on the fake driver.</summary>
[TestFixture]
internal sealed class InterpretedCudaTests
{
    private const string AddOne = """
        ld.param.u64 %rd0, [x];
        mov.u32 %r0, %tid.x;
        mad.wide.u32 %rd1, %r0, 4, %rd0;
        ld.global.f32 %f0, [%rd1];
        add.f32 %f0, %f0, 0f3F800000;
        st.global.f32 [%rd1], %f0;
        """;

    private CudaDevice _device = null!;
    private FakeDevice _card = null!;

    [SetUp]
    public void AddCard() => _device = InterpretedCuda.CreateDevice(out _card, memoryBytes: 1 << 20);

    [TearDown]
    public void DisposeDevice() => _device.Dispose();

    [Test]
    public void Device_IsDescribedAndTakesUploads()
    {
        Assert.That(_device.Description, Does.Contain("interpreter").And.Contain("compute capability 8.0"));
        Assert.That(_device.Driver.TryAllocate(64, out nint memory));
        byte[] back = new byte[64];

        _device.Driver.Clear(memory, 0, 64);
        _device.Driver.Upload([1, 2, 3], memory, 8);
        _device.Driver.Download(memory, 0, back);
        _device.Driver.Free(memory);

        Assert.That(back[7..12], Is.EqualTo(new byte[] { 0, 1, 2, 3, 0 }));
        Assert.That(_card.Memory.Used, Is.Zero);
    }

    [Test]
    public void Kernel_CompiledLoadedAndLaunched_Computes()
    {
        GpuDriver driver = _device.Driver;
        CompiledKernel kernel = driver.Compile(Source(AddOne));
        CompiledKernel again = driver.TryLoad(kernel.Source, driver.GetBinary(kernel))!;
        driver.TryAllocate(128, out nint memory);
        driver.Clear(memory, 0, 128);

        driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(memory, 0)]);
        driver.Launch(again, new LaunchGrid(1), [KernelArgument.Buffer(memory, 0)]);

        Assert.That(Read(memory), Is.All.EqualTo(2f));
        Assert.That(_card.Launches, Is.EqualTo(2));
        Assert.That(kernel.Registers, Is.Positive);
        Assert.That(driver.TryLoad(kernel.Source, "garbage"u8), Is.Null);
    }

    [Test]
    public void Recording_Replayed_RunsAgain()
    {
        GpuDriver driver = _device.Driver;
        CompiledKernel kernel = driver.Compile(Source(AddOne));
        driver.TryAllocate(128, out nint memory);
        driver.Clear(memory, 0, 128);

        driver.BeginRecording();
        driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(memory, 0)]);
        driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(memory, 0)]);
        using GpuRecording recording = driver.EndRecording();

        Assert.That(Read(memory), Is.All.Zero, "recorded work was carried out");
        recording.Replay();
        recording.Replay();
        Assert.That(recording.Launches, Is.EqualTo(2));
        Assert.That(Read(memory), Is.All.EqualTo(4f));
    }

    [Test]
    public void Kernel_WithMistake_IsRefusedWithTheLine()
    {
        KernelCompilationException error = Assert.Throws<KernelCompilationException>(() => _device.Driver.Compile(Source("add.s32 %f0, %f0, %f0;")))!;

        Assert.That(error.Message, Does.Contain("CUDA_ERROR_INVALID_PTX").And.Contain("line ").And.Contain("which does not go with .s32"));
    }

    [Test]
    public void Kernel_ForNewerCard_IsRefused()
    {
        string text = PtxText.Module("", version: "7.8", target: "sm_90");

        Assert.That(() => _device.Driver.Compile(new KernelSource("k", text, 32, 0)),
            Throws.TypeOf<KernelCompilationException>().With.Message.Contains("CUDA_ERROR_NO_BINARY_FOR_GPU"));
    }

    [Test]
    public void Fault_InKernel_LosesTheDeviceAndSaysWhere()
    {
        GpuDriver driver = _device.Driver;
        CompiledKernel kernel = driver.Compile(Source(AddOne));
        driver.TryAllocate(64, out nint memory);

        DeviceLostException error = Assert.Throws<DeviceLostException>(() => driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(memory, 0)]))!;

        Assert.That(error.Message, Does.Contain("CUDA_ERROR_ILLEGAL_ADDRESS").And.Contain("thread 16").And.Contain("behind a block of 64 bytes"));
        Assert.That(_card.LastFault!.Kind, Is.EqualTo(PtxFaultKind.OutOfBounds));
        Assert.That(() => driver.Synchronize(), Throws.TypeOf<DeviceLostException>());
    }

    [Test]
    public void Memory_Exhausted_IsNoException()
    {
        GpuDriver driver = _device.Driver;

        Assert.That(driver.TryAllocate(1 << 20, out nint all));
        Assert.That(driver.TryAllocate(1, out _), Is.False);
        driver.Free(all);
        Assert.That(driver.TryAllocate(1, out _));
    }

    [Test]
    public void InjectedFailure_HitsTheNextCallOnly()
    {
        _card.FailNext("cuMemAlloc_v2", CudaResult.CUDA_ERROR_INVALID_VALUE);

        Assert.That(() => _device.Driver.TryAllocate(16, out _), Throws.TypeOf<EngineException>().With.Message.Contains("CUDA_ERROR_INVALID_VALUE"));
        Assert.That(_device.Driver.TryAllocate(16, out _));
    }

    [Test]
    public void LostCard_FailsEveryCall()
    {
        _card.Lose();

        Assert.That(() => _device.Driver.TryAllocate(16, out _), Throws.TypeOf<DeviceLostException>().With.Message.Contains("ECC"));
    }

    [Test]
    public void AdoptedContext_StaysAliveWhenTheDeviceIsDisposed()
    {
        nint context = FakeCuda.CreateContext(_card);
        CudaDevice adopted = CudaDevice.Adopt(FakeCuda.Api, context, 0);
        adopted.Driver.TryAllocate(128, out nint memory);
        adopted.Driver.Clear(memory, 0, 128);
        CompiledKernel kernel = adopted.Driver.Compile(Source(AddOne));

        adopted.Driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(memory, 0)]);
        adopted.Driver.Free(memory);
        adopted.Dispose();

        FakeContext left = FakeCuda.Find<FakeContext>(context)!;
        Assert.That(left.IsDestroyed, Is.False);
        Assert.That(left.LiveObjects, Is.Zero, "the engine left something behind in the host's context");
        Assert.That(left.Pinned, Is.Empty);
        FakeCuda.DestroyContext(context);
    }

    [Test]
    public void Launch_WithOtherGroupSize_IsRefused()
    {
        GpuDriver driver = _device.Driver;
        KernelSource source = Source(AddOne);
        CompiledKernel kernel = driver.Compile(source with { GroupSize = 64 });

        Assert.That(() => driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(0, 0)]),
            Throws.TypeOf<EngineException>().With.Message.Contains("requires groups of 32"));
    }

    private static KernelSource Source(string body) => new("k", PtxText.Module(body, ".param .u64 x"), 32, 0);

    private float[] Read(nint memory)
    {
        byte[] bytes = new byte[128];
        _device.Driver.Download(memory, 0, bytes);
        return [.. Enumerable.Range(0, 32).Select(i => BitConverter.ToSingle(bytes, 4 * i))];
    }
}
