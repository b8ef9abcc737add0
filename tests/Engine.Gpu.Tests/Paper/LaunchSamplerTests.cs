using Engine.Perf.Paper;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Paper;

/// <summary>One block of a launch, times the blocks, is the work that the operation has by its definition.</summary>
internal sealed class LaunchSamplerTests
{
    [Test]
    public void Map_MovesEachElementOnce()
    {
        LaunchSample sample = Last(MathMode.Strict, static device => Tensor.Zeros([1 << 20], device: device), static x => x * 2);
        InstructionCounts counts = InstructionCounts.Of(sample)!;
        Assert.That((double)counts.GlobalBytes * sample.Blocks, Is.EqualTo(2 * 4 * (1 << 20)).Within(2).Percent);
        Assert.That((double)counts.Float32 * sample.Blocks, Is.EqualTo(1 << 20).Within(2).Percent);
    }

    [TestCase(MathMode.Strict)]
    [TestCase(MathMode.Tf32)]
    [TestCase(MathMode.BFloat16)]
    public void Product_MultipliesAndAddsNCubed(MathMode mode)
    {
        const int N = 1024;
        LaunchSample sample = Last(mode, static device => Tensor.Zeros([N, N], device: device), static x => x.MatMul(x));
        InstructionCounts counts = InstructionCounts.Of(sample)!;
        long found = mode switch { MathMode.Strict => counts.Float32, MathMode.Tf32 => counts.TensorTf32, _ => counts.TensorHalf };
        Assert.That((double)found * sample.Blocks, Is.EqualTo((double)N * N * N).Within(3).Percent);
        Assert.That(counts.SharedBytes, Is.Positive);
    }

    [TestCase(MathMode.Strict, false, false)]
    [TestCase(MathMode.Tf32, true, true)]
    [TestCase(MathMode.Tf32Convolutions, false, true)]
    public void Modes_RoundWhatTheyName(MathMode mode, bool products, bool convolutions)
    {
        LaunchSample product = Last(mode, static device => Tensor.Zeros([1024, 1024], device: device), static x => x.MatMul(x));
        LaunchSample convolution = Last(mode, static device => Tensor.Zeros([8, 64, 32, 32], device: device), static x => x.Conv2d(Tensor.Zeros([64, 64, 3, 3], device: x.Device), padding: 1));
        LaunchSample pointwise = Last(mode, static device => Tensor.Zeros([8, 256, 32, 32], device: device), static x => x.Conv2d(Tensor.Zeros([256, 256, 1, 1], device: x.Device)));
        Assert.That(InstructionCounts.Of(pointwise)!.TensorTf32 > 0, Is.EqualTo(convolutions), pointwise.Kernel);
        Assert.That(InstructionCounts.Of(product)!.TensorTf32 > 0, Is.EqualTo(products), product.Kernel);
        Assert.That(InstructionCounts.Of(convolution)! is { TensorTf32: > 0 } or { WarpgroupTf32: > 0 }, Is.EqualTo(convolutions), convolution.Kernel);
    }

    [Test]
    public void Samples_OfTheSameLaunchAgain_AreCountedOnceAndListedTwice()
    {
        LaunchSampler sampler = new();
        using CudaDevice device = InterpretedCuda.CreatePaperDevice(90, 132, sampler);
        Tensor x = Tensor.Zeros([1 << 16], device: device);
        device.Synchronize();
        sampler.Clear();
        _ = x + x;
        _ = x + x;
        device.Synchronize();
        Assert.That(sampler.Samples, Has.Count.EqualTo(2));
        Assert.That(sampler.Samples[0], Is.SameAs(sampler.Samples[1]));
    }

    /// <summary>Numbers that one block of each launch leaves would grow from layer to layer, and counters of groups would never be full.</summary>
    [Test]
    public void Samples_LeaveMemoryAsItWas()
    {
        LaunchSampler sampler = new();
        using CudaDevice device = InterpretedCuda.CreatePaperDevice(90, 132, sampler);
        Tensor x = Tensor.From<float>([3f, 4f, 5f], device), y = (x + 1) * 2, sum = Tensor.Zeros([64, 4096], device: device).Sum();
        Assert.That(sampler.Samples.All(static sample => sample.Lines is not null), "all blocks ran");
        Assert.That(x.ToArray<float>(), Is.EqualTo((float[])[3, 4, 5]));
        Assert.That(y.ToArray<float>(), Is.All.Zero);
        Assert.That(sum.ToArray<float>(), Is.All.Zero);
    }

    private static LaunchSample Last(MathMode mode, Func<Device, Tensor> make, Func<Tensor, Tensor> compute)
    {
        LaunchSampler sampler = new();
        using CudaDevice device = InterpretedCuda.CreatePaperDevice(90, 132, sampler);
        device.MathMode = mode;
        using TensorScope scope = TensorScope.Begin();
        Tensor x = make(device);
        device.Synchronize();
        sampler.Clear();
        _ = compute(x);
        device.Synchronize();
        return sampler.Samples.MaxBy(static sample => InstructionCounts.Of(sample)!.Issued * sample.Blocks)!;
    }
}
