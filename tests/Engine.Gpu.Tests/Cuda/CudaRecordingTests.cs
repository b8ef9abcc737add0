using System.Runtime.InteropServices;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Recording work by stream capture and carrying it out again.</summary>
[TestFixture]
internal sealed class CudaRecordingTests
{
    private CudaDriver _driver = null!;
    private CompiledKernel _add = null!;
    private nint _memory;

    [SetUp]
    public void Open()
    {
        _driver = CudaDriver.Open(FakeCuda.Api, FakeCuda.AddDevice().Ordinal);
        _add = _driver.Compile(CudaKernels.Add);
        Assert.That(_driver.TryAllocate(4 * sizeof(int), out _memory), Is.True);
        _driver.Upload(MemoryMarshal.AsBytes<int>([10, 20, 30, 40]), _memory, 0);
    }

    [TearDown]
    public void Close() => _driver.Dispose();

    [Test]
    public void Replay_LaunchesCopiesAndClears_HappenOnlyThen()
    {
        _driver.BeginRecording();
        Add(1);
        _driver.Copy(_memory, 0, _memory, 8, 4);
        _driver.Clear(_memory, 12, 4);
        Add(1);
        using GpuRecording recording = _driver.EndRecording();

        Assert.That(Read(), Is.EqualTo(new[] { 10, 20, 30, 40 }));
        Assert.That(recording.Launches, Is.EqualTo(2));
        recording.Replay();
        Assert.That(Read(), Is.EqualTo(new[] { 12, 22, 12, 1 }));
        recording.Replay();
        Assert.That(Read(), Is.EqualTo(new[] { 14, 24, 14, 1 }));
    }

    [Test]
    public void WhileRecording_WhatNeedsResults_IsRefused()
    {
        _driver.BeginRecording();

        Assert.That(_driver.BeginRecording, Throws.InvalidOperationException);
        Assert.That(() => _driver.Upload([1], _memory, 0), Throws.InvalidOperationException.With.Message.Contains("uploaded"));
        Assert.That(() => Read(), Throws.InvalidOperationException.With.Message.Contains("downloaded"));
        Assert.That(_driver.Synchronize, Throws.InvalidOperationException.With.Message.Contains("waited for"));
        Assert.That(_driver.TryAllocate(16, out _), Is.True, "allocating is allowed");

        _driver.AbortRecording();
        Assert.That(_driver.EndRecording, Throws.InvalidOperationException);
    }

    [Test]
    public void WhileRecording_WorkOfAnotherThread_IsCarriedOutAndNotRecorded()
    {
        _driver.BeginRecording();
        Add(1);
        int[]? seen = null;
        OnAnotherThread(() =>
        {
            _driver.Upload(MemoryMarshal.AsBytes<int>([100]), _memory, 4);
            Add(5);
            _driver.Clear(_memory, 12, 4);
            _driver.Synchronize();
            seen = Read();
            Assert.That(_driver.BeginRecording, Throws.InvalidOperationException, "one recording at a time");
        });
        Add(1);
        using GpuRecording recording = _driver.EndRecording();

        Assert.That(seen, Is.EqualTo(new[] { 15, 105, 35, 0 }));
        Assert.That(Read(), Is.EqualTo(seen));
        Assert.That(recording.Launches, Is.EqualTo(2));
        recording.Replay();
        Assert.That(Read(), Is.EqualTo(new[] { 17, 107, 37, 2 }));
    }

    [Test]
    public void WhileRecording_OnADevice_OtherThreadsUploadAndCompute()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice();
        Tensor x = Tensor.From<float>([1, 2], device), y = Tensor.From<float>([3, 4], device);
        device.BeginRecording();
        Pointwise.Into(x, Programs.AddScalar, [x], [1]);
        float[]? seen = null;
        OnAnotherThread(() =>
        {
            Pointwise.Into(y, Programs.MulScalar, [y], [10]);
            device.Upload(MemoryMarshal.AsBytes<float>([7]), y.Storage, 4);
            seen = y.ToArray<float>();
        });
        DeviceRecording recording = device.EndRecording();
        Assert.That(seen, Is.EqualTo(new float[] { 30, 7 }));
        Assert.That(recording.Launches, Is.EqualTo(1));
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 2 }), "only recorded");
        recording.Replay();
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 2, 3 }));
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 30, 7 }));
        recording.Dispose();
    }

    [Test]
    public void Abort_ForgetsTheWork_AndTheNextRecordingIsItsOwn()
    {
        _driver.BeginRecording();
        Add(100);
        _driver.AbortRecording();
        _driver.AbortRecording();
        Add(1);
        _driver.BeginRecording();
        Add(2);
        using GpuRecording recording = _driver.EndRecording();
        recording.Replay();

        Assert.That(recording.Launches, Is.EqualTo(1));
        Assert.That(Read(), Is.EqualTo(new[] { 13, 23, 33, 43 }));
    }

    [Test]
    public void Recording_OnTheDefaultStreamOfAHost_Works()
    {
        // CUDA cannot capture the default stream: the recording must take another one.
        nint context = FakeCuda.CreateContext(FakeCuda.AddDevice());
        using CudaDriver driver = CudaDriver.Adopt(FakeCuda.Api, context, stream: 0);
        CompiledKernel add = driver.Compile(CudaKernels.Add);
        Assert.That(driver.TryAllocate(sizeof(int), out nint memory), Is.True);
        driver.Clear(memory, 0, sizeof(int));
        driver.BeginRecording();
        driver.Launch(add, new LaunchGrid(1), [KernelArgument.Buffer(memory, 0), 5, 1]);
        using GpuRecording recording = driver.EndRecording();
        recording.Replay();
        recording.Replay();

        int[] read = new int[1];
        driver.Download(memory, 0, MemoryMarshal.AsBytes(read.AsSpan()));
        Assert.That(read, Is.EqualTo(new[] { 10 }));
    }

    [Test]
    public void Capture_ThatFails_LeavesAWorkingStream()
    {
        FakeDevice card = FakeCuda.AddDevice();
        using CudaDriver driver = CudaDriver.Open(FakeCuda.Api, card.Ordinal);
        driver.BeginRecording();
        card.FailNext("cuGraphInstantiateWithFlags", CudaResult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);

        Assert.That(driver.EndRecording, Throws.TypeOf<EngineException>().With.Message.Contains("CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"));
        Assert.That(driver.Synchronize, Throws.Nothing);
        driver.BeginRecording();
        driver.EndRecording().Dispose();
    }

    [Test]
    public void Replay_AfterDispose_Throws()
    {
        _driver.BeginRecording();
        GpuRecording recording = _driver.EndRecording();
        recording.Dispose();
        recording.Dispose();

        Assert.That(recording.Replay, Throws.TypeOf<ObjectDisposedException>());
    }

    private static void OnAnotherThread(Action action)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.That(failure, Is.Null);
    }

    private void Add(int amount) => _driver.Launch(_add, new LaunchGrid(1), [KernelArgument.Buffer(_memory, 0), amount, 4]);

    private int[] Read()
    {
        int[] numbers = new int[4];
        _driver.Download(_memory, 0, MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }
}
