using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>The choice between the engine's kernels and those that ILGPU compiles.</summary>
[TestFixture]
internal sealed class KernelSetTests
{
    [Test]
    public void Kernels_Changed_ComputeTheNextCallAndKeepWhatIsCompiled()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice();
        using Tensor x = Tensor.Ones([20, 20], device: device);
        KernelCache compiled = device.CompiledKernels;
        Assert.That(device.Kernels, Is.EqualTo(KernelSet.Engine));
        string[] own = Kernels(device, () => Assert.That((x.MatMul(x)).ToArray<float>(), Is.All.EqualTo(20)));
        device.Kernels = KernelSet.Ilgpu;
        string[] ilgpu = Kernels(device, () => Assert.That((x.MatMul(x)).ToArray<float>(), Is.All.EqualTo(20)));
        device.Kernels = KernelSet.Engine;
        string[] again = Kernels(device, () => Assert.That((x.MatMul(x)).ToArray<float>(), Is.All.EqualTo(20)));
        Assert.Multiple(() =>
        {
            Assert.That(ilgpu, Is.EqualTo(new[] { "Kernel_TiledProduct" }));
            Assert.That(own, Is.Not.EqualTo(ilgpu));
            Assert.That(again, Is.EqualTo(own));
            Assert.That(device.CompiledKernels, Is.SameAs(compiled));
        });
    }

    [Test]
    public void Kernels_WhereTheDriverRefusesGroups_StayThoseThatWereChosen()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice();
        device.Kernels = KernelSet.Ilgpu;
        device.Driver.GroupsRefused!(64);
        Assert.That(device.Kernels, Is.EqualTo(KernelSet.Ilgpu));
        Assert.That(device.Current.Target.MaxGroupSize, Is.EqualTo(64));
        device.Kernels = KernelSet.Engine;
        Assert.That(device.Current.Target.MaxGroupSize, Is.EqualTo(64), "the limit holds for both");
    }

    [Test]
    public void Kernels_OfACapturedStep_AreThoseItWasCapturedWith()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice();
        device.Kernels = KernelSet.Ilgpu;
        using Tensor x = Tensor.Ones([20, 20], device: device), y = Tensor.Zeros([20, 20], device: device);
        using CapturedStep step = device.Capture(() =>
        {
            using Tensor product = x.MatMul(x);
            y.CopyFrom(product);
        });
        device.Kernels = KernelSet.Engine;
        x.AddInPlace(1);
        step.Replay();
        Assert.That(y.ToArray<float>(), Is.All.EqualTo(80));
    }

    [Test]
    public void Kernels_ThatDoNotExist_AreRefused()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice();
        Assert.That(() => device.Kernels = (KernelSet)7, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("KernelSet.Ilgpu"));
    }

    [TestCase(null, true, KernelSet.Engine, null)]
    [TestCase("", true, KernelSet.Engine, null)]
    [TestCase("engine", false, KernelSet.Engine, null)]
    [TestCase(" ILGPU ", true, KernelSet.Ilgpu, null)]
    [TestCase("ilgpu", false, KernelSet.Engine, "compiled ahead of time")]
    [TestCase("cublas", true, KernelSet.Engine, "ENGINE_GPU_KERNELS is \"cublas\" and was ignored; it must be engine or ilgpu")]
    public void Setting_IsFollowedOrComplainedAbout(string? value, bool compilesMethods, KernelSet expected, string? complaint)
    {
        (KernelSet set, string? text) = KernelSetting.Read(value, compilesMethods);
        Assert.That(set, Is.EqualTo(expected));
        Assert.That(text, complaint is null ? Is.Null : Does.Contain(complaint));
    }

    private static string[] Kernels(GpuDevice device, Action work)
    {
        using LaunchCount count = device.CountLaunches();
        work();
        return [.. count.Kernels.Select(static kernel => kernel.Name)];
    }
}
