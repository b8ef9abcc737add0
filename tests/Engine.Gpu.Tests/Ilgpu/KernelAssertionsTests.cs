using System.Diagnostics;
using Engine.Cpu;
using ILGPU;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Ilgpu;

/// <summary>ILGPU's checks end a kernel with an exception; everybody else's assertions go where the host sends them.</summary>
[NonParallelizable]
internal sealed class KernelAssertionsTests
{
    [Test]
    public void Assertion_InKernel_IsThrownBeforeOthersHear([Values] bool grouped)
    {
        using HostListeners host = new();
        HostBuffer<float> y = new(1, 2, 3);
        KernelExecutionException error = Assert.Throws<KernelExecutionException>(() => Launch(grouped, () => y.View[3] = 9))!;
        Assert.That(host.Failures, Is.Empty);
        Assert.That(y.IsIntactAround);
        Assert.That(error.Message, Does.StartWith("Kernel Write failed").And.Contain("Index out of range").And.Contain("length - 1"));
        Assert.That(error.InnerException!.StackTrace, Does.Contain(nameof(KernelAssertionsTests)), "where in the kernel");
    }

    [Test]
    public void Assertion_InKernelUnderTheDefaultListener_LeavesTheProcessAlive([Values] bool grouped)
    {
        using HostListeners host = new();
        Trace.Listeners.Clear();
        _ = Trace.Listeners.Add(new DefaultTraceListener());
        HostBuffer<float> y = new(1, 2, 3);
        _ = Assert.Throws<KernelExecutionException>(() => Launch(grouped, () => y.View[3] = 9));
        Assert.That(y.IsIntactAround);
    }

    [Test]
    public void Assertion_InKernelAfterHostClearedItsListeners_IsThrown([Values] bool grouped)
    {
        using HostListeners host = new();
        HostBuffer<float> y = new(1, 2, 3);
        Launch(grouped, () => y.View[2] = 9);
        Trace.Listeners.Clear();
        _ = Assert.Throws<KernelExecutionException>(() => Launch(grouped, () => y.View[-1] = 9));
        Assert.That(y.IsIntactAround);
    }

    [Test]
    public void Assertion_InKernelAfterHostPutAnotherInFront_IsThrownOnce()
    {
        using HostListeners host = new();
        HostBuffer<float> y = new(1, 2, 3);
        for (int i = 0; i < 3; i++)
        {
            Launch(false, () => y.View[2] = 9);
            Trace.Listeners.Remove(host);
            Trace.Listeners.Insert(0, host);
        }

        _ = Assert.Throws<KernelExecutionException>(() => Launch(false, () => y.View[3] = 9));
        Assert.That(host.Failures, Is.Empty);
        Assert.That(Trace.Listeners, Has.Count.EqualTo(2), "ours is there once");
    }

    [Test]
    public void Assertion_OfTheHost_ReachesItsListeners()
    {
        using HostListeners host = new();
        HostBuffer<float> y = new(1, 2, 3);
        Launch(false, () => y.View[0] = 9);
        Trace.Assert(false, "the host's own");
        Trace.Fail("another", "with details");
        Trace.WriteLine("a line");
        Trace.TraceError("an error {0}", 5);
        Assert.That(host.Failures, Is.EqualTo((string[])["the host's own", "another"]));
        Assert.That(host.Lines, Has.Member("a line").And.Some.Contains("an error 5"));
    }

    [Test]
    public void Assertion_OfTheHostAfterAKernelFailed_ReachesItsListeners([Values] bool grouped)
    {
        using HostListeners host = new();
        HostBuffer<float> y = new(1, 2, 3);
        _ = Assert.Throws<KernelExecutionException>(() => Launch(grouped, () => y.View[3] = 9));
        Trace.Assert(false, "the host's own");
        Assert.That(host.Failures, Is.EqualTo((string[])["the host's own"]));
    }

    [Test]
    public void Assertion_OfAnotherThreadWhileAKernelRuns_ReachesTheHostsListeners()
    {
        using HostListeners host = new();
        Launch(false, () =>
        {
            Thread other = new(() => Trace.Assert(false, "the host's own"));
            other.Start();
            other.Join();
        });
        Assert.That(host.Failures, Is.EqualTo((string[])["the host's own"]));
    }

    [Test]
    public void GroupFunctions_InAKernelWithoutGroups_AreErrors()
    {
        using HostListeners host = new();
        KernelExecutionException error = Assert.Throws<KernelExecutionException>(() => Launch(false, () => SharedMemory.Allocate<float>(4)[0] = Group.IdxX))!;
        Assert.That(error.Message, Does.Contain("launched in groups"));
        Assert.That(host.Failures, Is.Empty);
    }

    [Test]
    public void Launch_InsideAKernel_IsRefused([Values] bool grouped, [Values] bool innerGrouped)
    {
        KernelExecutionException error = Assert.Throws<KernelExecutionException>(() => Launch(grouped, () => Launch(innerGrouped, () => { })))!;
        Assert.That(error.InnerException, Is.InstanceOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("launches kernel"));
    }

    private static void Launch(bool grouped, Action kernel)
    {
        if (grouped)
        {
            GroupSimulator.Run((1, 1), kernel, "Write");
        }
        else
        {
            using CpuDevice device = new("kernels", 2);
            HostLoop.Run(device, new Index1D(1), _ => kernel(), "Write");
        }
    }
}
