namespace Engine.Gpu;

/// <summary>Finds cards through CUDA, then cards, accelerators and processors through OpenCL.</summary>
public sealed class GpuDeviceProvider : DeviceProvider
{
    /// <inheritdoc/>
    public override string Name => "Engine.Gpu";

    /// <inheritdoc/>
    public override IEnumerable<Device> Discover(ICollection<ProbeEntry> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        List<Device> devices = [];
        int number = 0;
        foreach (OpenClDriver driver in OpenClDiscovery.Discover(report))
        {
            devices.Add(new OpenClDevice($"opencl:{number++}", driver));
        }

        return devices;
    }
}
