namespace Engine.Gpu.Tests;

/// <summary>A device over any driver, so that kernels can be built for other limits than those of the machine.</summary>
internal sealed class TestDevice : GpuDevice
{
    private readonly IlgpuBackend? _ilgpu;

    public TestDevice(GpuDriver driver, bool usesIlgpu = false)
        : base("test", DeviceKind.OpenCl, driver) =>
        _ilgpu = usesIlgpu ? new IlgpuBackend(this, driver.Target) : null;

    public override Backend Backend => _ilgpu ?? base.Backend;
}
