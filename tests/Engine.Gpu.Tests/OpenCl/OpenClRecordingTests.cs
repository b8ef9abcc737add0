using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed class OpenClRecordingTests
{
    private OpenClDriver _driver = null!;
    private CompiledKernel _increment = null!;

    [OneTimeSetUp]
    public void MakeDriver()
    {
        _driver = OpenClMachine.NewDriver();
        _increment = _driver.Compile(OpenClSources.Increment);
    }

    [OneTimeTearDown]
    public void DisposeDriver() => _driver?.Dispose();

    [Test]
    public void Recording_LaunchesCopiesAndClears_HappenOnlyAtReplays()
    {
        using Block a = new(_driver, 256);
        using Block b = new(_driver, 256);
        _driver.Clear(a.Handle, 0, 256);
        _driver.Clear(b.Handle, 0, 256);
        _driver.BeginRecording();
        _driver.Launch(_increment, new LaunchGrid(1), [KernelArgument.Buffer(a.Handle, 0)]);
        _driver.Launch(_increment, new LaunchGrid(1), [KernelArgument.Buffer(a.Handle, 0)]);
        _driver.Copy(a.Handle, 0, b.Handle, 0, 256);
        _driver.Clear(b.Handle, 4, 4);
        using GpuRecording recording = _driver.EndRecording();
        Assert.That(recording.Launches, Is.EqualTo(2));
        Assert.That(Read(a), Is.All.Zero);

        recording.Replay();
        recording.Replay();
        recording.Replay();
        Assert.That(Read(a), Is.All.EqualTo(6));
        Assert.That(Read(b)[0], Is.EqualTo(6));
        Assert.That(Read(b)[1], Is.Zero);
    }

    [Test]
    public void Replay_AfterOtherArgumentsWereUsed_UsesTheRecordedOnes()
    {
        using Block a = new(_driver, 256);
        using Block b = new(_driver, 256);
        _driver.Clear(a.Handle, 0, 256);
        _driver.Clear(b.Handle, 0, 256);
        _driver.BeginRecording();
        _driver.Launch(_increment, new LaunchGrid(1), [KernelArgument.Buffer(a.Handle, 0)]);
        using GpuRecording recording = _driver.EndRecording();
        _driver.Launch(_increment, new LaunchGrid(1), [KernelArgument.Buffer(b.Handle, 0)]);
        recording.Replay();
        Assert.That(Read(a), Is.All.EqualTo(1));
        Assert.That(Read(b), Is.All.EqualTo(1));
    }

    [Test]
    public void Replay_MemoryFreedMeanwhile_IsStillHeldByTheRecording()
    {
        using Block seen = new(_driver, 256);
        Block freed = new(_driver, 256);
        _driver.Clear(freed.Handle, 0, 256);
        _driver.BeginRecording();
        _driver.Launch(_increment, new LaunchGrid(1), [KernelArgument.Buffer(freed.Handle, 0)]);
        _driver.Copy(freed.Handle, 0, seen.Handle, 0, 256);
        using GpuRecording recording = _driver.EndRecording();
        freed.Dispose();
        recording.Replay();
        recording.Replay();
        Assert.That(Read(seen), Is.All.EqualTo(2));
    }

    [Test]
    public void Recording_WaitingAndTransfers_AreRefused()
    {
        using Block a = new(_driver, 256);
        _driver.BeginRecording();
        try
        {
            Assert.That(_driver.Synchronize, Throws.InvalidOperationException);
            Assert.That(_driver.BeginRecording, Throws.InvalidOperationException);
            Assert.That(_driver.RecordEvent, Throws.InvalidOperationException);
            Assert.That(() => _driver.Upload(new byte[4], a.Handle, 0), Throws.InvalidOperationException);
            Assert.That(() => Read(a), Throws.InvalidOperationException);
        }
        finally
        {
            _driver.AbortRecording();
        }
    }

    [Test]
    public void Recording_WorkOfAnotherThread_IsCarriedOutAndNotRecorded()
    {
        using Block a = new(_driver, 256);
        _driver.Clear(a.Handle, 0, 256);
        _driver.BeginRecording();
        _driver.Launch(_increment, new LaunchGrid(1), [KernelArgument.Buffer(a.Handle, 0)]);
        Task<int[]> other = Task.Factory.StartNew(
            () =>
            {
                _driver.Upload(MemoryMarshal.AsBytes<int>([100]), a.Handle, 0);
                _driver.Launch(_increment, new LaunchGrid(1), [KernelArgument.Buffer(a.Handle, 0)]);
                _driver.Synchronize();
                return Read(a);
            },
            TaskCreationOptions.LongRunning);
        int[] seen = other.GetAwaiter().GetResult();
        using GpuRecording recording = _driver.EndRecording();
        Assert.That(seen[..2], Is.EqualTo(new[] { 101, 1 }));
        Assert.That(recording.Launches, Is.EqualTo(1));
        recording.Replay();
        Assert.That(Read(a)[..2], Is.EqualTo(new[] { 102, 2 }));
    }

    [Test]
    public void Abort_AfterLaunches_LeavesAWorkingQueue()
    {
        using Block a = new(_driver, 256);
        _driver.Clear(a.Handle, 0, 256);
        _driver.BeginRecording();
        _driver.Launch(_increment, new LaunchGrid(1), [KernelArgument.Buffer(a.Handle, 0)]);
        _driver.AbortRecording();
        _driver.AbortRecording();
        Assert.That(() => _driver.EndRecording(), Throws.InvalidOperationException);
        _driver.Launch(_increment, new LaunchGrid(1), [KernelArgument.Buffer(a.Handle, 0)]);
        Assert.That(Read(a), Is.All.EqualTo(1));
    }

    [Test]
    public void Replay_OfADisposedRecording_IsRefused()
    {
        _driver.BeginRecording();
        GpuRecording recording = _driver.EndRecording();
        recording.Replay();
        recording.Dispose();
        recording.Dispose();
        Assert.That(recording.Replay, Throws.InstanceOf<ObjectDisposedException>());
    }

    private int[] Read(Block block)
    {
        int[] values = new int[64];
        _driver.Download(block.Handle, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
