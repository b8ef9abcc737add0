using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Kernels in C# inside of captured steps.</summary>
[TestFixtureSource(typeof(KernelPlaces), nameof(KernelPlaces.All))]
internal sealed class KernelCaptureTests(string place)
{
    private static readonly KernelFunction<float> s_swish = KernelFunction.Elementwise<float>(Methods.Swish, Methods.SwishBackward);

    private Device _device = null!;

    [OneTimeSetUp]
    public void GetDevice() => _device = KernelPlaces.Get(place);

    [Test]
    public void Replay_KernelBetweenOperations_ComputesWithNewInputs()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Zeros([4], device: _device);
        using CapturedStep step = _device.Capture(
            () =>
            {
                Tensor y = x * 2, z = y.Clone();
                _device.Kernel(Methods.Axpy).Launch(4, y.AsArrayView<float>(), z.AsArrayView<float>(), 10f);
                return z + 1;
            },
            [x]);
        foreach (float value in new float[] { 1, -2, 5 })
        {
            step.Replay(Tensor.Full([4], value, device: _device));
            Assert.That(step.Output.ToArray<float>(), Is.All.EqualTo((22 * value) + 1));
        }
    }

    /// <summary>Numbers, extents and views are part of the recording; what changes lies in a tensor.</summary>
    [Test]
    public void Replay_NumbersAndExtents_AreThoseOfTheRecording()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor y = Tensor.Zeros([4], device: _device), step1 = Tensor.Full([4], 1f, device: _device);
        float number = 1;
        int extent = 2;
        using CapturedStep step = _device.Capture(() => _device.Kernel(Methods.Axpy).Launch(extent, step1.AsArrayView<float>(), y.AsArrayView<float>(), number));
        (number, extent) = (100, 4);
        y.CopyFrom<float>([0, 0, 0, 0]);
        step.Replay();
        Assert.That(y.ToArray<float>(), Is.EqualTo(step.IsRecorded ? new float[] { 1, 1, 0, 0 } : [100, 100, 100, 100]));
    }

    [Test]
    public void Replay_MemoryOfTheRecording_IsKept()
    {
        using Tensor y = Tensor.Zeros([16], device: _device);
        Tensor x = Tensor.Full([16], 3f, device: _device);
        using CapturedStep step = _device.Capture(() => _device.Kernel(Methods.Axpy).Launch(16, x.AsArrayView<float>(), y.AsArrayView<float>(), 1f));
        y.CopyFrom<float>(new float[16]);
        if (!step.IsRecorded)
        {
            Assert.Ignore("the step runs again, with the tensors that there are");
        }

        x.Dispose();
        using Tensor foreign = Tensor.Full([16], -9f, device: _device);
        step.Replay();
        Assert.That(y.ToArray<float>(), Is.All.EqualTo(3));
    }

    [Test]
    public void Replay_TrainingStepWithAFunction_LearnsAsWithout()
    {
        using TensorScope scope = TensorScope.Begin();
        float[] start = [0.5f, -0.3f, 0.8f, 0.1f, -0.7f, 0.2f];
        Tensor eager = Tensor.From<float>(start, device: _device).WithGrad(), captured = Tensor.From<float>(start, device: _device).WithGrad();
        Tensor x = Tensor.Linspace(-1, 1, 6, device: _device), target = Tensor.Ones([6], device: _device);
        using CapturedStep step = _device.Capture(() => Train(captured, x, target));
        captured.Detach().CopyFrom<float>(start);
        for (int k = 0; k < 5; k++)
        {
            Train(eager, x, target);
            step.Replay();
        }

        Assert.Multiple(() =>
        {
            Assert.That(captured.ToArray<float>(), Is.EqualTo(eager.ToArray<float>()));
            Assert.That(captured.ToArray<float>(), Is.Not.EqualTo(start));
        });
    }

    /// <summary>Devices of one's own, on one thread, results read at once.</summary>
    [Test]
    public void Launch_OnAnotherHostDevice_Computes()
    {
        using TensorScope scope = TensorScope.Begin();
        using CpuDevice device = new("one thread", 1);
        Tensor x = Tensor.Linspace(-1, 1, 5000, device: device), y = Tensor.Zeros([5000], device: device);
        device.Kernel(Methods.Axpy).Launch(5000, x.AsArrayView<float>(), y.AsArrayView<float>(), 2f);
        Assert.That(y.ToArray<float>(), Is.EqualTo((x * 2).ToArray<float>()));
        Tensor sums = Tensor.Zeros([40], device: device);
        device.Kernel(Methods.BlockSum).Launch((40, 128), x.AsArrayView<float>(), sums.AsArrayView<float>());
        Assert.That(sums.Sum().Item<float>(), Is.EqualTo(x.Sum().Item<float>()).Within(1e-2));
        Assert.That(
            () => device.Kernel(Methods.Axpy).Launch(5, Tensor.Zeros([5], device: Device.Cpu).AsArrayView<float>(), y.AsArrayView<float>(), 2f),
            Throws.InstanceOf<DeviceMismatchException>());
    }

    private static void Train(Tensor w, Tensor x, Tensor target)
    {
        Tensor loss = (s_swish.Apply(w * x, 1.5f) - target).Square().Mean();
        w.Detach().AddInPlace(Autograd.Grad(loss, w) * -0.3);
    }
}
