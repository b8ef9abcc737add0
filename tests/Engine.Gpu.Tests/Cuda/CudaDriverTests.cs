using System.Runtime.InteropServices;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>The CUDA driver code against a stand-in for the driver's library: memory, uploads, kernels, failures.</summary>
[TestFixture]
internal sealed class CudaDriverTests
{
    private FakeDevice _card = null!;
    private CudaDriver _driver = null!;

    [SetUp]
    public void Open()
    {
        _card = FakeCuda.AddDevice("test card", memoryBytes: 64 << 20);
        _driver = CudaDriver.Open(FakeCuda.Api, _card.Ordinal);
    }

    [TearDown]
    public void Close() => _driver.Dispose();

    [Test]
    public void Open_TellsWhatTheCardIs_WithoutMakingAContext()
    {
        Assert.That(_driver.Description, Is.EqualTo("test card, 0.1 GiB, compute capability 8.0, driver for CUDA 12.4"));
        Assert.That(_driver.Identity, Is.EqualTo("test card sm_80 cuda 12040"));
        Assert.That(_driver.TotalMemory, Is.EqualTo(64L << 20));
        Assert.That(_driver.Target, Is.EqualTo(new GpuTarget
        {
            Api = GpuApi.Cuda,
            ComputeUnits = 4,
            SharedBytes = 163 * 1024,
            SubGroupSize = 32,
            ComputeCapability = 80,
            PtxVersion = 84,
            LargestGroup = 1024,
            MaxArgumentBytes = 4096,
            HasMeetings = true,
        }));
        Assert.That(_card.PrimaryUsers, Is.Zero);

        _driver.Synchronize();

        Assert.That(_card.PrimaryUsers, Is.EqualTo(1));
    }

    [Test]
    public void Dispose_Twice_LeavesNothingBehind()
    {
        nint memory = Upload([1, 2, 3]);
        CompiledKernel kernel = _driver.Compile(CudaKernels.Add);
        Launch(kernel, memory, 1, 3);
        _driver.BeginRecording();
        Launch(kernel, memory, 1, 3);
        GpuRecording recording = _driver.EndRecording();
        GpuEvent place = _driver.RecordEvent();
        FakeContext context = _card.Primary!;
        _driver.Free(memory);
        recording.Dispose();
        place.Dispose();

        _driver.Dispose();
        _driver.Dispose();

        Assert.That(_card.PrimaryUsers, Is.Zero);
        Assert.That(context.LiveObjects, Is.Zero);
        Assert.That(context.Pinned, Is.Empty);
        Assert.That(() => _driver.TryAllocate(16, out _), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _driver.Free(memory), Throws.Nothing);
        Assert.That(recording.Dispose, Throws.Nothing);
        Assert.That(place.Dispose, Throws.Nothing);
    }

    [Test]
    public void Dispose_BeforeRecordingsAndEvents_TheyStillDisposeSafely()
    {
        _driver.BeginRecording();
        GpuRecording recording = _driver.EndRecording();
        GpuEvent place = _driver.RecordEvent();

        _driver.Dispose();

        Assert.That(recording.Dispose, Throws.Nothing);
        Assert.That(place.Dispose, Throws.Nothing);
        Assert.That(() => place.IsDone, Throws.TypeOf<ObjectDisposedException>());
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(1000)]
    [TestCase(CudaStagingRing.SlotBytes)]
    [TestCase(CudaStagingRing.SlotBytes + 1)]
    [TestCase((CudaStagingRing.Slots + 2) * CudaStagingRing.SlotBytes + 7)]
    public void Upload_AnySize_ArrivesAndTheSourceMayBeReused(int bytes)
    {
        byte[] data = Bytes(bytes);
        Assert.That(_driver.TryAllocate(bytes + 16, out nint memory), Is.True);
        byte[] source = [.. data];
        _driver.Upload(source, memory, 5);
        Array.Clear(source);

        byte[] read = new byte[bytes];
        _driver.Download(memory, 5, read);

        Assert.That(read.AsSpan().SequenceEqual(data), Is.True);
    }

    [Test]
    public void Upload_WithoutPageLockedMemory_GoesPageable()
    {
        _card.FailNext("cuMemAllocHost_v2", CudaResult.CUDA_ERROR_OUT_OF_MEMORY);

        nint memory = Upload([4, 5, 6]);

        Assert.That(Read(memory, 3), Is.EqualTo(new[] { 4, 5, 6 }));
        Assert.That(_card.Primary!.Pinned, Is.Empty);
    }

    [Test]
    public void Upload_FromManyThreads_EachArrives()
    {
        const int Threads = 4;
        const int Rounds = 20;
        nint[] memory = [.. Enumerable.Range(0, Threads).Select(_ => Upload(new int[1024]))];
        int[] wrong = new int[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(id => new Thread(() =>
        {
            int[] data = new int[1024];
            for (int round = 0; round < Rounds; round++)
            {
                Array.Fill(data, (id * Rounds) + round);
                _driver.Upload(MemoryMarshal.AsBytes<int>(data), memory[id], 0);
                wrong[id] += Read(memory[id], 1024).Count(number => number != (id * Rounds) + round);
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());

        Assert.That(wrong, Is.All.Zero);
    }

    [Test]
    public void CopyAndClear_WithOffsets_TouchTheirBytesOnly()
    {
        nint from = Upload([1, 2, 3, 4]);
        nint to = Upload([9, 9, 9, 9]);

        _driver.Copy(from, 4, to, 8, 8);
        _driver.Clear(to, 0, 4);

        Assert.That(Read(to, 4), Is.EqualTo(new[] { 0, 9, 2, 3 }));
    }

    [Test]
    public void TryAllocate_CardIsFull_IsFalse()
    {
        Assert.That(_driver.TryAllocate(1L << 40, out _), Is.False);
        Assert.That(_driver.TryAllocate(1 << 20, out nint memory), Is.True);
        Assert.That(memory, Is.Not.Zero);
    }

    [Test]
    public void Failure_OfOneCall_NamesCallCodeAndKernelAndPasses()
    {
        nint memory = Upload([1]);
        Launch(_driver.Compile(CudaKernels.Add), memory, 1, 1);
        _card.FailNext("cuMemsetD8Async", CudaResult.CUDA_ERROR_INVALID_VALUE);

        Assert.That(
            () => _driver.Clear(memory, 0, 4),
            Throws.TypeOf<EngineException>().With.Message.Contains("cuMemsetD8Async: CUDA_ERROR_INVALID_VALUE (1)").And.Message.Contains("kernel launched was add"));
        Assert.That(Read(memory, 1), Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void Failure_OfAllocation_OtherThanFull_Throws()
    {
        _card.FailNext("cuMemAlloc_v2", CudaResult.CUDA_ERROR_INVALID_VALUE);

        Assert.That(() => _driver.TryAllocate(16, out _), Throws.TypeOf<EngineException>().With.Message.Contains("cuMemAlloc_v2"));
    }

    [Test]
    public void KernelThatWritesTooFar_LosesTheDeviceForGood()
    {
        nint memory = Upload(new int[64]);
        CompiledKernel kernel = _driver.Compile(CudaKernels.AddTooFar);

        Assert.That(
            () => _driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(memory, 0)]),
            Throws.TypeOf<DeviceLostException>().With.Message.Contains("add_too_far").And.Message.Contains("CUDA_ERROR_ILLEGAL_ADDRESS"));
        Assert.That(() => Upload([1]), Throws.TypeOf<DeviceLostException>().With.Message.Contains("add_too_far"));
        Assert.That(() => Read(memory, 1), Throws.TypeOf<DeviceLostException>());
        Assert.That(_driver.Synchronize, Throws.TypeOf<DeviceLostException>());
        Assert.That(_driver.BeginRecording, Throws.TypeOf<DeviceLostException>());
        Assert.That(() => _driver.Compile(CudaKernels.Add), Throws.TypeOf<DeviceLostException>());
        Assert.That(() => _driver.Free(memory), Throws.Nothing);
        Assert.That(_driver.Dispose, Throws.Nothing);
    }

    [Test]
    public void HardwareFailure_AtAnyCall_IsALostDevice([Values(
        CudaResult.CUDA_ERROR_ECC_UNCORRECTABLE, CudaResult.CUDA_ERROR_DEVICE_UNAVAILABLE, CudaResult.CUDA_ERROR_LAUNCH_TIMEOUT,
        CudaResult.CUDA_ERROR_HARDWARE_STACK_ERROR, CudaResult.CUDA_ERROR_MISALIGNED_ADDRESS, CudaResult.CUDA_ERROR_LAUNCH_FAILED)] CudaResult result)
    {
        nint memory = Upload([1]);
        _card.FailNext("cuStreamSynchronize", result);

        Assert.That(_driver.Synchronize, Throws.TypeOf<DeviceLostException>().With.Message.Contains(result.ToString()));
        Assert.That(() => Read(memory, 1), Throws.TypeOf<DeviceLostException>(), "the stand-in works again, but nobody may rely on that");
    }

    [Test]
    public void Compile_WrongText_ThrowsWithLogAndNumberedSource()
    {
        KernelSource wrong = CudaKernels.Add with { Text = CudaKernels.Add.Text.Replace("add.s32", "add.s33", StringComparison.Ordinal) };

        Assert.That(
            () => _driver.Compile(wrong),
            Throws.TypeOf<KernelCompilationException>().With.Message.Contains("kernel add was refused").And.Message.Contains("CUDA_ERROR_INVALID_PTX")
                .And.Message.Contains("s33").And.Message.Contains("   1  .version 7.0"));
    }

    [TestCase(CudaResult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND, "NVIDIA_DRIVER_CAPABILITIES")]
    [TestCase(CudaResult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "newer driver")]
    [TestCase(CudaResult.CUDA_ERROR_JIT_COMPILATION_DISABLED, "CUDA_DISABLE_PTX_JIT")]
    public void Compile_DriverThatCannot_TellsWhatHelps(CudaResult result, string hint)
    {
        _card.FailNext("cuLinkAddData_v2", result);
        Assert.That(() => _driver.Compile(CudaKernels.Add), Throws.TypeOf<KernelCompilationException>().With.Message.Contains(result.ToString()).And.Message.Contains(hint));
    }

    [Test]
    public void CopyAndClear_OfNothing_DoNotReachTheDriver()
    {
        nint memory = Upload([1]);
        _card.FailNext("cuMemsetD8Async", CudaResult.CUDA_ERROR_INVALID_VALUE);
        _card.FailNext("cuMemcpyDtoDAsync_v2", CudaResult.CUDA_ERROR_INVALID_VALUE);
        Assert.That(() => _driver.Clear(memory, 4, 0), Throws.Nothing);
        Assert.That(() => _driver.Copy(memory, 0, memory, 4, 0), Throws.Nothing);
    }

    [Test]
    public void Compile_NameThatIsNotThere_ThrowsAndKeepsNothing()
    {
        Assert.That(() => _driver.Compile(CudaKernels.Add with { Name = "other" }), Throws.TypeOf<KernelCompilationException>().With.Message.Contains("cuModuleGetFunction"));
        Assert.That(_card.Primary!.LiveObjects, Is.EqualTo(1), "only the stream");
    }

    [Test]
    public void Compile_MoreThan48KiBShared_IsAskedForAndRuns()
    {
        int[] numbers = [.. Enumerable.Range(0, 32)];
        nint memory = Upload(numbers);

        _driver.Launch(_driver.Compile(CudaKernels.BigShared), new LaunchGrid(1), [KernelArgument.Buffer(memory, 0)]);

        Assert.That(CudaKernels.BigShared.SharedBytes, Is.EqualTo(80 * 1024));
        Assert.That(Read(memory, 32), Is.EqualTo(numbers.Reverse()));
        Assert.That(
            () => _driver.Compile(CudaKernels.BigShared with { SharedBytes = 1 << 20 }),
            Throws.TypeOf<KernelCompilationException>().With.Message.Contains("cuFuncSetAttribute"));
    }

    [Test]
    public void Binary_GoesRoundAndRuns_AndOthersAreRefused()
    {
        CompiledKernel compiled = _driver.Compile(CudaKernels.Add);
        byte[] binary = _driver.GetBinary(compiled);

        CompiledKernel? loaded = _driver.TryLoad(CudaKernels.Add, binary);

        Assert.That(compiled.Registers, Is.GreaterThan(0));
        Assert.That(compiled.LocalBytes, Is.Zero);
        Assert.That(loaded, Is.Not.Null);
        Assert.That(_driver.GetBinary(loaded), Is.EqualTo(binary));
        nint memory = Upload([5]);
        Launch(loaded, memory, 2, 1);
        Assert.That(Read(memory, 1), Is.EqualTo(new[] { 7 }));
        Assert.That(_driver.TryLoad(CudaKernels.Add, []), Is.Null);
        Assert.That(_driver.TryLoad(CudaKernels.Add, [1, 2, 3, 4, 5, 6, 7, 8]), Is.Null);
        Assert.That(_driver.TryLoad(CudaKernels.Add with { Name = "other" }, binary), Is.Null);
    }

    [Test]
    public void Events_PassInOrder()
    {
        using GpuEvent first = _driver.RecordEvent();
        Launch(_driver.Compile(CudaKernels.Add), Upload([1]), 1, 1);
        using GpuEvent second = _driver.RecordEvent();
        second.Wait();

        Assert.That(first.IsDone, Is.True);
        Assert.That(second.IsDone, Is.True);
        Assert.That(second.MillisecondsSince(first), Is.GreaterThanOrEqualTo(0));
        second.Dispose();
        Assert.That(second.Wait, Throws.TypeOf<ObjectDisposedException>());
    }

    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private nint Upload(int[] numbers)
    {
        Assert.That(_driver.TryAllocate(numbers.Length * sizeof(int), out nint memory), Is.True);
        _driver.Upload(MemoryMarshal.AsBytes<int>(numbers), memory, 0);
        return memory;
    }

    private int[] Read(nint memory, int count)
    {
        int[] numbers = new int[count];
        _driver.Download(memory, 0, MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }

    private void Launch(CompiledKernel kernel, nint memory, int amount, int n) =>
        _driver.Launch(kernel, new LaunchGrid((n + 31) / 32), [KernelArgument.Buffer(memory, 0), amount, n]);
}
