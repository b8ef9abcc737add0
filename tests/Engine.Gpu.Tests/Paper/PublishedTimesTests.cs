using Engine.Perf.Paper;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Paper;

/// <summary>The model beside kernels that others have described and measured; docs/gpu-model.md has the sources. Machine code is not asked for: counts are those of PTX.</summary>
[TestFixture]
internal sealed class PublishedTimesTests
{
    private const int N = 4096;

    // Products of 4096³ in float32 by tiles of 128 × 128 in shared memory and registers. The bounds say how far off the model is, and that it stays so.
    [TestCase("a6000", 7.53e-3, 0.65, 1.0)]
    [TestCase("rx7900", 5.38e-3, 0.9, 1.3)]
    public void Product_OfSinglePrecision_TakesAboutWhatWasMeasured(string name, double measured, double least, double most)
    {
        (PaperCard card, LaunchSample sample) = Last(name, MathMode.Strict, DType.Float32);
        double seconds = Time(card, sample).Seconds;
        Assert.That(seconds / measured, Is.InRange(least, most), $"{sample.Kernel}: {seconds * 1e3:F3} ms");
    }

    // float16 with sums in float32, slices by cp.async, mma.sync.
    [Test]
    public void Product_OfHalfPrecision_TakesAboutWhatWasMeasured()
    {
        (PaperCard card, LaunchSample sample) = Last("rtx4090", MathMode.Strict, DType.Float16);
        double seconds = Time(card, sample).Seconds;
        Assert.That(seconds / 895e-6, Is.InRange(0.85, 1.1), $"{sample.Kernel}: {seconds * 1e3:F3} ms");
    }

    [TestCase("rx7900", 64)]
    [TestCase("arc770", 32)]
    public void CardsBehindOpenCl_GetTheirOwnTiles(string name, int sums)
    {
        (PaperCard card, LaunchSample sample) = Last(name, MathMode.Tf32, DType.Float32);
        InstructionCounts counts = InstructionCounts.Of(sample)!;
        Assert.That(counts.TensorTf32 + counts.TensorHalf, Is.Zero, "no tensor cores");
        Assert.That((double)counts.Float32 * sample.Blocks, Is.EqualTo((double)N * N * N).Within(3).Percent);
        string[] sides = sample.Kernel.Split('_')[1].Split('x');
        Assert.That(int.Parse(sides[0]) * int.Parse(sides[1]) / sample.Threads, Is.EqualTo(sums), sample.Kernel);
        Assert.That(Time(card, sample).Roof, Is.EqualTo((double)N * N * N / (card.Multiprocessors * card.Clock * card.Float32)).Within(5).Percent);
    }

    private static LaunchTime Time(PaperCard card, LaunchSample sample) =>
        LaunchTime.Of(card, sample.Blocks, sample.Threads, 128, sample.SharedBytes, InstructionCounts.Of(sample)!, 1, 3L * N * N * sizeof(float));

    private static (PaperCard Card, LaunchSample Sample) Last(string name, MathMode mode, DType dtype)
    {
        PaperCard card = PaperCard.Find(name)!;
        LaunchSampler sampler = new();
        using CudaDevice device = PaperDevice.Create(card, sampler);
        device.MathMode = mode;
        Tensor x = Tensor.Zeros([N, N], dtype, device);
        _ = x.MatMul(x);
        device.Synchronize();
        return (card, sampler.Samples[^1]);
    }
}
