using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Convolutions by warpgroups are used after a trial of their own, and not at all on a card that fails it.</summary>
internal sealed class WarpgroupPatchTrialTests
{
    private const int Hopper = 90;

    [Test]
    public void Convolution_OnAHopper_IsTriedAndMultipliedByWarpgroups([Values(MathMode.Tf32, MathMode.BFloat16, MathMode.Float16)] MathMode mode)
    {
        using CudaDevice device = InterpretedCuda.CreateDeviceWithWarpgroups();
        Assert.That(KernelsOf(device, mode), Has.One.Contains("wgmma"));
        Assert.That(device.Warpgroups.Complaint, Is.Null);
    }

    [Test]
    public void Convolution_OnACardThatComputesWrongly_GoesWithoutWarpgroupsAndSaysSo() => CheckFallback(static card => card.LosesProducts = true, "a convolution by");

    [Test]
    public void Convolution_OnADriverThatRefusesTheKernel_GoesWithoutWarpgroupsAndSaysSo() => CheckFallback(static card => card.RefusesTarget = "sm_90a", "refused");

    [Test]
    public void CapturedStep_OfConvolutions_UsesWarpgroups()
    {
        using CudaDevice device = InterpretedCuda.CreateDeviceWithWarpgroups();
        device.MathMode = MathMode.Tf32;
        (Tensor x, Tensor w, float[] expected) = Operands(device);
        using LaunchCount count = device.CountLaunches();
        using CapturedStep step = device.Capture(() => x.Conv2d(w, padding: 1), [x]);
        step.Replay(x);
        Assert.That(step.Output.ToArray<float>(), Is.EqualTo(expected));
        Assert.That(count.Kernels.Select(static kernel => kernel.Name), Has.Some.Contains("wgmma"));
    }

    private static void CheckFallback(Action<FakeDevice> breaks, string complaint)
    {
        FakeDevice card = FakeCuda.AddDevice(computeCapability: Hopper);
        breaks(card);
        using CudaDevice device = new("cuda, broken", CudaDriver.Open(FakeCuda.Api, card.Ordinal, CudaDeviceInfo.Read(FakeCuda.Api, card.Ordinal).ToTarget() with { PrefersWarpgroups = true }));
        for (int i = 0; i < 2; i++)
        {
            Assert.That(KernelsOf(device, MathMode.Tf32), Has.One.Contains("conv_patch").And.None.Contains("wgmma"));
        }

        Assert.That(device.Warpgroups.Complaint, Does.Contain(complaint).And.Contain("mma.sync"));
    }

    /// <summary>The kernels of a convolution whose result is right.</summary>
    private static string[] KernelsOf(CudaDevice device, MathMode mode)
    {
        device.MathMode = mode;
        (Tensor x, Tensor w, float[] expected) = Operands(device);
        using LaunchCount count = device.CountLaunches();
        Assert.That(x.Conv2d(w, padding: 1).ToArray<float>(), Is.EqualTo(expected));
        return [.. count.Kernels.Select(static kernel => kernel.Name)];
    }

    private static (Tensor X, Tensor W, float[] Expected) Operands(Device device)
    {
        static Tensor Numbers(Shape shape, int count) => Tensor.From<float>([.. Enumerable.Range(0, count).Select(static i => (float)((i * 7 % 5) - 2))], shape, Device.Cpu);
        Tensor x = Numbers([2, 64, 8, 9], 2 * 64 * 8 * 9), w = Numbers([64, 64, 3, 3], 64 * 64 * 9);

        // A processor may take Winograd's way, which leaves traces in the last digits.
        float[] expected = [.. x.Conv2d(w, padding: 1).ToArray<float>().Select(static value => MathF.Round(value))];
        return (x.To(device).Contiguous(MemoryFormat.ChannelsLast), w.To(device).Contiguous(MemoryFormat.ChannelsLast), expected);
    }
}
