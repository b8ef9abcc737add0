using System.Reflection;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>What the CPU keeps of a step: the very calls that it makes without a recording.</summary>
internal sealed class CpuRecorderTests
{
    /// <summary>An operation that is left out would be recorded as the slower parts that it is made of.</summary>
    [Test]
    public void Recorder_KeepsEachOperationThatTheBackendOverrides()
    {
        string[] overridden = Overridden(typeof(CpuBackend));
        Assert.That(overridden, Has.Length.GreaterThan(20));
        Assert.That(Overridden(typeof(CpuBackend.Recorder)), Is.EquivalentTo(overridden));

        static string[] Overridden(Type type) =>
        [
            .. type.GetMethods(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                .Where(static method => method.IsVirtual && method.Name.EndsWith("Core", StringComparison.Ordinal)).Select(static method => method.Name),
        ];
    }

    [Test]
    public void Replay_AllocatesNothing()
    {
        using CpuDevice device = new("cpu", 1);
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Randn([8, 3, 12, 12], device: device), w = Tensor.Randn([16, 3, 3, 3], device: device).WithGrad();
        Tensor classes = Tensor.From<long>([0, 1, 2, 3, 4, 5, 6, 7], device);
        using CapturedStep step = device.Capture(() =>
        {
            Tensor loss = x.Conv2d(w, padding: 1).Relu().MaxPool2d(2).Flatten(1).CrossEntropy(classes);
            w.Detach().AddInPlace(Autograd.Grad(loss, w) * -0.1);
            return loss;
        });
        Assert.That(step.Launches, Is.InRange(5, 30));
        for (int i = 0; i < 3; i++)
        {
            step.Replay();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            step.Replay();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    /// <summary>A thread that prepares batches computes on the same device meanwhile.</summary>
    [Test]
    public void Record_WorkOfAnotherThread_IsDoneAtOnce()
    {
        using CpuDevice device = new("cpu", 1);
        Tensor x = Tensor.Ones([4], device: device), other = Tensor.Ones([4], device: device), result = Tensor.Zeros([4], device: device);
        int passes = 0;
        using CapturedStep step = device.Capture(() =>
        {
            if (++passes == 3)
            {
                Thread thread = new(() => Pointwise.Into(result, Programs.Copy, [other]));
                thread.Start();
                thread.Join();
            }

            return x + 1;
        });
        Assert.That((step.Launches, passes), Is.EqualTo((2, 3)), "the sum, and its copy into the output");
        Assert.That(result.ToArray<float>(), Is.All.EqualTo(1));
    }

    [Test]
    public void Replay_WithAnotherNumberOfThreads_GivesTheSame()
    {
        using CpuDevice device = new("cpu", 1);
        using TensorScope scope = TensorScope.Begin();
        Tensor a = Tensor.Randn([64, 64], device: device);
        using CapturedStep step = device.Capture(() => a.MatMul(a), [a]);
        float[] expected = a.MatMul(a).ToArray<float>();
        foreach (int threads in (int[])[2, 1, 3])
        {
            device.Threads = threads;
            step.Replay(a.Clone());
            Assert.That(step.Output.ToArray<float>(), Is.EqualTo(expected));
        }
    }
}
