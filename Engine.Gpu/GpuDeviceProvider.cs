namespace Engine.Gpu;

/// <summary>Finds cards through CUDA, then cards, accelerators and processors through OpenCL.</summary>
public sealed class GpuDeviceProvider : DeviceProvider
{
    /// <inheritdoc/>
    public override string Name => "Engine.Gpu";

    /// <inheritdoc/>
    public override IEnumerable<Device> Discover(ICollection<ProbeEntry> report)
    {
        CheckReport(report);
        IEnumerable<Device> cuda = CudaDiscovery.Discover(report).Select(static (driver, i) => new CudaDevice($"cuda:{i}", driver));
        IEnumerable<Device> openCl = OpenClDiscovery.Discover(report).Select(static (driver, i) => new OpenClDevice($"opencl:{i}", driver));
        Device[] devices = [.. cuda, .. openCl];
        if (devices.Length > 0 && DiskCache.Shared?.Fault is { } fault)
        {
            report.Add(new ProbeEntry(Name, "kernel cache", false, $"{fault}; it is not used, and every start compiles its kernels anew. ENGINE_KERNEL_CACHE names another folder"));
        }

        if (devices.Length > 0 && KernelSetting.Complaint is { } complaint)
        {
            report.Add(new ProbeEntry(Name, "kernels", false, complaint));
        }

        return devices;
    }
}
