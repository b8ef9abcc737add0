using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Tiles for classes of cards that are described only.</summary>
[TestFixture]
internal sealed class OpenClCardLimitsTests
{
    [TestCase(0x1002u, "Advanced Micro Devices, Inc.", true, 0, ExpectedResult = "64 sums, groups of 256, 1 units")]
    [TestCase(0x8086u, "Intel(R) Corporation", true, 16, ExpectedResult = "32 sums, groups of 256, 16 units")]
    [TestCase(0x8086u, "Intel(R) Corporation", true, 0, ExpectedResult = "32 sums, groups of 256, 8 units")]
    [TestCase(0x10DEu, "NVIDIA Corporation", true, 0, ExpectedResult = "64 sums, groups of 256, 1 units")]
    [TestCase(0x13B5u, "ARM", false, 0, ExpectedResult = "16 sums, groups of 128, 1 units")]
    [TestCase(0xBF8Fu, "QUALCOMM", true, 0, ExpectedResult = "16 sums, groups of 128, 1 units")]
    [TestCase(0u, "somebody", false, 0, ExpectedResult = "16 sums, groups of 128, 1 units")]
    [TestCase(0u, "somebody", true, 0, ExpectedResult = "64 sums, groups of 256, 1 units")]
    public string Limits_OfVendors(uint vendor, string name, bool hasLocalMemory, int unitsOfSlice)
    {
        var limits = OpenClCardLimits.Of(vendor, name, hasLocalMemory, unitsOfSlice);
        return $"{limits.MostSums} sums, groups of {limits.MaxGroupSize}, {limits.UnitsOfCore} units";
    }

    [TestCase(4096, 4096, 4096)]
    [TestCase(64, 576, 100_352)]
    [TestCase(10, 300, 64)]
    public void Choose_WithFewRegisters_KeepsToThem(int m, int n, int depth)
    {
        foreach ((int sums, int group) in ((int, int)[])[(32, 256), (16, 128), (16, 64)])
        {
            GpuTarget target = new() { Api = GpuApi.OpenCl, ComputeUnits = 32, SharedBytes = 32 << 10, MostSums = sums, MaxGroupSize = group };
            GemmTile tile = GemmPlan.Choose(target, DType.Float32, 1, m, n, depth)!.Value.Tile;
            Assert.That(tile.TM * tile.TN, Is.LessThanOrEqualTo(sums));
            Assert.That(tile.GroupSize, Is.LessThanOrEqualTo(group));
        }
    }

    /// <summary>512 small units that work in 32 cores want the parts of 32, not of 512.</summary>
    [Test]
    public void Choose_OfManySmallUnits_CountsCores()
    {
        GpuTarget target = new() { Api = GpuApi.OpenCl, ComputeUnits = 512, Cores = 32, SharedBytes = 64 << 10, MostSums = 32 };
        GpuTarget counted = target with { ComputeUnits = 32, Cores = 0 };
        Assert.That(counted.Cores, Is.EqualTo(32));
        Assert.That(GemmPlan.Choose(target, DType.Float32, 1, 256, 256, 8192), Is.EqualTo(GemmPlan.Choose(counted, DType.Float32, 1, 256, 256, 8192)));
    }

    /// <summary>Each tile of the menu, on the interpreter: products with edges, and all directions of a convolution.</summary>
    [Test]
    public void Products_WithFewRegisters_MatchTheCpu([Values(16, 32)] int sums)
    {
        using CudaDevice device = new("cuda, few registers", InterpretedCuda.CreateDriver(target => target with { MostSums = sums, MaxGroupSize = sums * 8 }));
        Tensor a = Compare.Random([70, 300], 1, -1, 1, DType.Float32), b = Compare.Random([300, 90], 2, -1, 1, DType.Float32), expected = a.MatMul(b);
        PlanKey key = new(PlanKind.Product, DType.Float32, DType.Float32, 1, 70, 90, 300, default, default);
        GemmPlan[] plans = [.. GemmPlan.Ranked(device.Driver.Target, key, int.MaxValue)];
        Assert.That(plans, Is.Not.Empty.And.All.Matches<GemmPlan>(plan => plan.Tile.TM * plan.Tile.TN <= sums));
        foreach (GemmPlan plan in plans)
        {
            device.Plans.Add(key, plan);
            Compare.AssertClose(a.To(device).MatMul(b.To(device)), expected, 1e-4, plan.ToString());
        }

        Tensor[] actual = Convolution(device), right = Convolution(Device.Cpu);
        for (int i = 0; i < right.Length; i++)
        {
            Compare.AssertClose(actual[i], right[i], 2e-4, $"convolution, result {i}");
        }
    }

    private static Tensor[] Convolution(Device device)
    {
        Tensor x = Compare.Random([2, 16, 9, 9], 1, -1, 1, DType.Float32).To(device), w = Compare.Random([24, 16, 3, 3], 2, -1, 1, DType.Float32).To(device);
        x.RequiresGrad = w.RequiresGrad = true;
        Tensor y = x.Conv2d(w, padding: 1);
        y.Square().Sum().Backward();
        return [y.Detach(), x.Grad!, w.Grad!];
    }
}
