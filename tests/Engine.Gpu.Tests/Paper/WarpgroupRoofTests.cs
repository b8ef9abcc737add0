using Engine.Perf.Paper;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Paper;

/// <summary>How near large products of half precision and tf32 come to an H100's tensor roof, on paper: what its caches, its shared memory and uneven grids leave.</summary>
internal sealed class WarpgroupRoofTests
{
    // A machine instruction or two for each of the text, which is far from being the limit.
    private const double IssuesForOne = 2;

    [Test]
    public void Product_OfSquareMatrices_ComesNearTheRoof([Values(4096, 8192)] int size, [Values(MathMode.Strict, MathMode.Tf32)] MathMode mode)
    {
        PaperCard card = PaperCard.Find("h100")!;
        LaunchSampler sampler = new();
        using CudaDevice device = InterpretedCuda.CreatePaperDevice(card.Capability, card.Multiprocessors, sampler);
        device.MathMode = mode;
        DType type = mode == MathMode.Tf32 ? DType.Float32 : DType.BFloat16;
        using (TensorScope.Begin())
        {
            Tensor x = Tensor.Empty([size, size], type, device);
            _ = x.MatMul(x);
            device.Synchronize();
        }

        LaunchSample sample = sampler.Samples.Single(static s => s.Kernel.Contains("wgmma", StringComparison.Ordinal));
        InstructionCounts counts = InstructionCounts.Of(sample)!;
        double products = Math.Pow(size, 3), computed = (double)(counts.WarpgroupHalf + counts.WarpgroupTf32) * sample.Blocks;
        Assert.That(computed, Is.InRange(products, 1.06 * products), "all of them, and few beyond the edges");
        double rate = (mode == MathMode.Tf32 ? card.Tf32 : card.Half) * card.Warpgroups * card.Multiprocessors * card.Clock;
        LaunchTime time = LaunchTime.Of(card, sample.Blocks, sample.Threads, 255, sample.SharedBytes, counts, IssuesForOne, 3L * size * size * type.SizeInBytes());
        Assert.That(products / rate / time.Seconds, Is.GreaterThanOrEqualTo(0.85), $"{sample.Kernel}: {time}");
    }
}
