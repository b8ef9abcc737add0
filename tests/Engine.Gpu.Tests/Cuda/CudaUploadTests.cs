using System.Runtime.InteropServices;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Large uploads run beside the work of the stream. Whenever the card's streams do their work, each step finds the bytes that were uploaded before it and no later ones.</summary>
[TestFixture(StreamOrder.AtOnce)]
[TestFixture(StreamOrder.Late)]
[TestFixture(StreamOrder.OthersFirst)]
internal sealed class CudaUploadTests(StreamOrder order)
{
    private const int Piece = CudaStagingRing.SlotBytes / sizeof(int);

    private FakeDevice _card = null!;
    private CudaDriver _driver = null!;
    private CompiledKernel _add = null!;

    [SetUp]
    public void Open()
    {
        _card = FakeCuda.AddDevice(memoryBytes: 512 << 20);
        _card.Order = order;
        _driver = CudaDriver.Open(FakeCuda.Api, _card.Ordinal);
        _add = _driver.Compile(CudaKernels.Add);
    }

    [TearDown]
    public void Close()
    {
        FakeContext context = _card.Primary!;
        _driver.Dispose();
        Assert.That((context.LiveObjects, context.Pinned.Count), Is.EqualTo((0, 0)));
    }

    [TestCase(CudaUploads.LeastBytes / sizeof(int), 300)]
    [TestCase((3 * Piece) + 5, 30)]
    [TestCase((CudaUploads.MostBlocks + 3) * Piece, 2)]
    public void Uploads_BetweenLaunches_EachReachesItsOwn(int count, int steps)
    {
        nint memory = Allocate(count), results = Allocate(4 * steps);
        int[] numbers = new int[count];
        for (int step = 0; step < steps; step++)
        {
            (numbers[0], numbers[1], numbers[^2], numbers[^1]) = (step, 100 + step, 200 + step, 300 + step);
            Upload(numbers, memory);
            Array.Clear(numbers);
            Step(memory, results + (step * 16), count);
        }

        Check(results, steps);
    }

    [Test]
    public void Uploads_BetweenReplays_EachReachesItsOwn()
    {
        const int Count = Piece + 7, Steps = 150;
        nint memory = Allocate(Count), results = Allocate(4 * Steps), last = Allocate(4);
        _driver.BeginRecording();
        Step(memory, last, Count);
        using GpuRecording recording = _driver.EndRecording();
        int[] numbers = new int[Count];
        for (int step = 0; step < Steps; step++)
        {
            (numbers[0], numbers[1], numbers[^2], numbers[^1]) = (step, 100 + step, 200 + step, 300 + step);
            Upload(numbers, memory);
            recording.Replay();
            _driver.Copy(last, 0, results, step * 16, 16);
        }

        Check(results, Steps);
    }

    [Test]
    public void Upload_WhileAStepIsUnderWay_IsOnItsWayBesideIt()
    {
        nint memory = Allocate(Piece), result = Allocate(4);
        Upload([.. Enumerable.Repeat(1, Piece)], memory);
        Step(memory, result, Piece);
        using GpuEvent step = _driver.RecordEvent();
        Upload([.. Enumerable.Repeat(7, Piece)], memory);
        Assert.That(step.IsDone, Is.EqualTo(order == StreamOrder.AtOnce), "nobody has waited for the step");
        Assert.That(Read(result, 4), Is.EqualTo(new[] { 11, 1, 1, 1 }));
        Assert.That(Read(memory, 4), Is.EqualTo(new[] { 7, 7, 7, 7 }));
    }

    [Test]
    public void Upload_FromAnotherThread_WhileAStepIsRecorded_IsNotRecorded()
    {
        nint memory = Allocate(Piece), result = Allocate(4);
        Upload([.. Enumerable.Repeat(1, Piece)], memory);
        _driver.BeginRecording();
        Step(memory, result, Piece);
        Thread other = new(() => Upload([.. Enumerable.Repeat(5, Piece)], memory));
        other.Start();
        other.Join();
        using GpuRecording recording = _driver.EndRecording();
        Assert.That(Read(memory, 2), Is.EqualTo(new[] { 5, 5 }));
        recording.Replay();
        recording.Replay();
        Assert.That(Read(result, 4), Is.EqualTo(new[] { 25, 5, 5, 5 }));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void Upload_WithoutMemoryForBlocks_ArrivesAllTheSame(int blocks)
    {
        const int Count = (5 * Piece) + 1;
        nint memory = Allocate(Count);
        if (blocks > 0)
        {
            Upload(new int[blocks * Piece], memory);
        }

        _card.FailNext("cuMemAlloc_v2", CudaResult.CUDA_ERROR_OUT_OF_MEMORY);
        int[] numbers = [.. Enumerable.Range(0, Count)];
        Upload(numbers, memory);
        Upload(numbers, memory);
        Assert.That(Read(memory, Count).AsSpan().SequenceEqual(numbers), Is.True);
    }

    [Test]
    public void TryAllocate_WhereBlocksHoldTheMemory_GetsIt()
    {
        nint memory = Allocate(8 * Piece);
        Upload(new int[8 * Piece], memory);
        _driver.Synchronize();
        long held = _card.Memory.Used;
        _card.FailNext("cuMemAlloc_v2", CudaResult.CUDA_ERROR_OUT_OF_MEMORY);
        Assert.That(_driver.TryAllocate(64, out nint more), Is.True);
        Assert.That(_card.Memory.Used, Is.LessThan(held));
        _driver.Free(more);
        int[] numbers = [.. Enumerable.Range(3, 8 * Piece)];
        Upload(numbers, memory);
        Assert.That(Read(memory, numbers.Length).AsSpan().SequenceEqual(numbers), Is.True);
    }

    [Test]
    public void Upload_WithoutPageLockedMemory_Arrives()
    {
        _card.FailNext("cuMemAllocHost_v2", CudaResult.CUDA_ERROR_OUT_OF_MEMORY);
        nint memory = Allocate(3 * Piece);
        int[] numbers = [.. Enumerable.Range(0, 3 * Piece)];
        Upload(numbers, memory);
        Assert.That(Read(memory, numbers.Length).AsSpan().SequenceEqual(numbers), Is.True);
    }

    /// <summary>What the tests above rely on: without a wait between them, streams that take their time get it wrong.</summary>
    [Test]
    public unsafe void Streams_WithoutAWaitBetweenThem_HaveNoOrder()
    {
        if (order == StreamOrder.AtOnce)
        {
            return;
        }

        CudaApi api = FakeCuda.Api;
        Assert.That(api.cuCtxSetCurrent(_driver.Context), Is.EqualTo(CudaResult.CUDA_SUCCESS));
        nint work = _driver.Stream, other, memory = Allocate(2), arrived;
        Assert.That(api.cuStreamCreate(&other, 1), Is.EqualTo(CudaResult.CUDA_SUCCESS));
        Assert.That(api.cuEventCreate(&arrived, 2), Is.EqualTo(CudaResult.CUDA_SUCCESS));
        int[] from = [4, 0];
        fixed (int* source = from)
        {
            foreach (bool waits in new[] { false, true })
            {
                _driver.Clear(memory, 0, 8);
                _driver.Synchronize();
                if (order == StreamOrder.Late)
                {
                    _ = api.cuMemcpyHtoDAsync_v2(memory, source, 4, other);
                    _ = api.cuEventRecord(arrived, other);
                    _ = waits ? api.cuStreamWaitEvent(work, arrived, 0) : CudaResult.CUDA_SUCCESS;
                    _driver.Copy(memory, 0, memory, 4, 4);
                }
                else
                {
                    _driver.Copy(memory, 0, memory, 4, 4);
                    _ = api.cuEventRecord(arrived, work);
                    _ = waits ? api.cuStreamWaitEvent(other, arrived, 0) : CudaResult.CUDA_SUCCESS;
                    _ = api.cuMemcpyHtoDAsync_v2(memory, source, 4, other);
                }

                bool isRight = Read(memory, 2)[1] == (order == StreamOrder.Late ? 4 : 0);
                Assert.That(isRight, Is.EqualTo(waits));
                Assert.That(api.cuStreamSynchronize(other), Is.EqualTo(CudaResult.CUDA_SUCCESS));
                Assert.That(Read(memory, 1), Is.EqualTo(new[] { 4 }));
            }
        }

        Assert.That(api.cuStreamDestroy_v2(other), Is.EqualTo(CudaResult.CUDA_SUCCESS));
        Assert.That(api.cuEventDestroy_v2(arrived), Is.EqualTo(CudaResult.CUDA_SUCCESS));
    }

    // Adds 10 to the first number, and keeps two from each end.
    private void Step(nint memory, nint results, int count)
    {
        _driver.Launch(_add, new LaunchGrid(1), [KernelArgument.Buffer(memory, 0), 10, 1]);
        _driver.Copy(memory, 0, results, 0, 8);
        _driver.Copy(memory, (count - 2L) * sizeof(int), results, 8, 8);
    }

    private void Check(nint results, int steps) => Assert.That(
        Read(results, 4 * steps), Is.EqualTo(Enumerable.Range(0, steps).SelectMany(static step => new[] { 10 + step, 100 + step, 200 + step, 300 + step })));

    private nint Allocate(int count)
    {
        Assert.That(_driver.TryAllocate(count * (long)sizeof(int), out nint memory), Is.True);
        return memory;
    }

    private void Upload(int[] numbers, nint memory) => _driver.Upload(MemoryMarshal.AsBytes<int>(numbers), memory, 0);

    private int[] Read(nint memory, int count)
    {
        int[] numbers = new int[count];
        _driver.Download(memory, 0, MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }
}
