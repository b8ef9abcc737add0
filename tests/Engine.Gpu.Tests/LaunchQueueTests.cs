using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>The order of work while kernels are compiled.</summary>
[TestFixture]
internal sealed class LaunchQueueTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private ScriptedDriver _driver = null!;
    private KernelCache _kernels = null!;
    private LaunchQueue _queue = null!;

    [SetUp]
    public void MakeQueue()
    {
        _driver = new ScriptedDriver();
        _kernels = new KernelCache(_driver);
        _queue = new LaunchQueue(_driver);
    }

    [TearDown]
    public void DisposeDriver() => _driver.Dispose();

    [Test]
    public void Launch_KernelIsBeingCompiled_LaterWorkKeepsItsOrder()
    {
        using ManualResetEventSlim gate = new();
        _driver.Compiling = source => Hold(source.Name == "slow", gate);
        byte[] bytes = [7];
        Launch("slow", 1);
        Launch("quick", 2);
        _queue.Upload(bytes, 0, 0);
        bytes[0] = 8;
        _queue.Free(5);
        Launch("quick", 3);
        Assert.That(_driver.Calls, Is.Empty);

        gate.Set();
        _queue.Drain();
        Assert.That(_driver.Calls, Is.EqualTo(["slow 1", "quick 2", "upload 7", "free 5", "quick 3"]));

        Launch("slow", 4);
        _queue.Upload(bytes, 0, 0);
        Assert.That(_driver.Calls[^2..], Is.EqualTo(["slow 4", "upload 8"]), "with all kernels there, nothing waits");
    }

    [Test]
    public void Launch_SeveralNewKernels_CompileSideBySide()
    {
        using Barrier both = new(2);
        _driver.Compiling = _ => Assert.That(both.SignalAndWait(s_patience), "the other kernel is not compiled meanwhile");
        Launch("first", 1);
        Launch("second", 2);
        _queue.Drain();
        Assert.That(_driver.Calls, Is.EqualTo(["first 1", "second 2"]));
    }

    [Test]
    public void Launch_KernelWithoutResultsThatIsRefused_TellsWhoDrainsAndGoesOn()
    {
        using ManualResetEventSlim gate = new();
        _driver.Compiling = source =>
        {
            Hold(true, gate);
            Refuse(source.Name == "bad");
        };
        Launch("bad", 1);
        Launch("next", 2);
        _queue.Free(5);
        gate.Set();
        Assert.That(_queue.Drain, Throws.TypeOf<KernelCompilationException>().With.Message.EqualTo("refused"));
        _queue.Drain();
        Launch("other", 3);
        _queue.Upload([1], 0, 0);
        _queue.Drain();
        Assert.That(_driver.Calls, Is.EqualTo(["next 2", "free 5", "other 3", "upload 1"]));
    }

    [Test]
    public void Launch_SharedWithAHost_IsIssuedBeforeTheCallReturns()
    {
        Launch("first", 1);
        _queue.Share();
        Assert.That(_driver.Calls, Is.EqualTo(["first 1"]));
        Launch("second", 2);
        Assert.That(_driver.Calls, Is.EqualTo(["first 1", "second 2"]));
    }

    [Test]
    public void Launch_RefusedKernelOfASharedDevice_LeavesTheDeviceUsable()
    {
        _queue.Share();
        _driver.Compiling = source => Refuse(source.Name == "bad");
        Assert.That(() => Launch("bad", 1), Throws.TypeOf<KernelCompilationException>());
        Launch("good", 2);
        Assert.That(() => Launch("bad", 3), Throws.TypeOf<KernelCompilationException>(), "a refused kernel is tried again");
        Assert.That(_driver.Calls, Is.EqualTo(["good 2"]));
    }

    [Test]
    public void BeginRecording_WorkWaits_IsCarriedOutBeforeAndNotRecorded()
    {
        using TestDevice device = new(_driver);
        using ManualResetEventSlim gate = new();
        _driver.Compiling = source => Hold(source.Name == "slow", gate);
        device.Work.Launch(_kernels.Find(new Named("slow"), compilesAhead: true), new LaunchGrid(1), [1]);
        gate.Set();
        device.BeginRecording();
        device.Work.Launch(_kernels.Find(new Named("new"), compilesAhead: false), new LaunchGrid(1), [2]);
        device.AbortRecording();
        Assert.That(_driver.Calls, Is.EqualTo(["slow 1", "begin", "new 2", "abort"]));
    }

    [Test]
    public void Dispose_KernelIsBeingCompiled_WaitsForTheCompiler()
    {
        TestDevice device = new(_driver);
        using ManualResetEventSlim started = new();
        bool finished = false;
        _driver.Compiling = _ =>
        {
            started.Set();
            Thread.Sleep(20);
            Volatile.Write(ref finished, true);
        };
        device.Work.Launch(_kernels.Find(new Named("slow"), compilesAhead: true), new LaunchGrid(1), [1]);
        Assert.That(started.Wait(s_patience));
        device.Dispose();
        Assert.That(Volatile.Read(ref finished));
        Assert.That(_driver.Calls, Is.EqualTo(["dispose"]));
    }

    [Test]
    public void CountLaunches_WorkWaits_CountsOnlyWhatComesAfter()
    {
        using TestDevice device = new(_driver);
        device.Work.Launch(_kernels.Find(new Named("before"), compilesAhead: true), new LaunchGrid(1), [1]);
        using LaunchCount count = device.CountLaunches();
        device.Work.Launch(_kernels.Find(new Named("after"), compilesAhead: false), new LaunchGrid(1), [2]);
        Assert.That(count.Kernels.Select(static kernel => (kernel.Name, kernel.Launches)), Is.EqualTo([("after", 1)]));
    }

    [Test]
    public void BackgroundCompilers_AtTheEnd_AreWaitedForAndNotJoined()
    {
        BackgroundCompilers compilers = new();
        Assert.That(compilers.TryEnter());
        bool left = false;
        Task leaving = Task.Run(() =>
        {
            // Only when the end has begun nobody is let in any more.
            while (compilers.TryEnter())
            {
                compilers.Leave();
            }

            Volatile.Write(ref left, true);
            compilers.Leave();
        });
        compilers.End();
        Assert.That(Volatile.Read(ref left));
        Assert.That(compilers.TryEnter(), Is.False);
        leaving.Wait();
    }

    private void Launch(string name, int number) =>
        _queue.Launch(_kernels.Find(new Named(name), compilesAhead: !_queue.IsDirect), new LaunchGrid(1), [number]);

    private static void Hold(bool holds, ManualResetEventSlim gate)
    {
        if (holds)
        {
            Assert.That(gate.Wait(s_patience), "the test never opened the gate");
        }
    }

    private static void Refuse(bool refuses)
    {
        if (refuses)
        {
            throw new KernelCompilationException("refused");
        }
    }

    private readonly record struct Named(string Name) : IKernelDefinition
    {
        public Kernel Build(GpuTarget target)
        {
            KernelBuilder k = new(Name, target, 64);
            k.Scalar("number", RegisterType.Int32);
            return k.Build();
        }
    }
}
