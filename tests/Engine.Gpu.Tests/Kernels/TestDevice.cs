namespace Engine.Gpu.Tests;

/// <summary>A device over any driver, so that kernels can be built for other limits than those of the machine.</summary>
internal sealed class TestDevice(GpuDriver driver) : GpuDevice("test", DeviceKind.OpenCl, driver);
