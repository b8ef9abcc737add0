namespace Engine.Gpu.Tests;

/// <summary>A device over any driver, so that kernels can be built for other limits than those of the machine.</summary>
internal sealed class TestDevice : GpuDevice
{
    public TestDevice(GpuDriver driver, bool usesIlgpu = false)
        : base("test", DeviceKind.OpenCl, driver) =>
        Kernels = usesIlgpu ? KernelSet.Ilgpu : KernelSet.Engine;
}
