using Engine;
using Engine.Backends;

namespace OwnBackendSample;

/// <summary>Finds the devices of this backend. A provider for cards would look for a driver here, and report what it missed.</summary>
internal sealed class OwnDeviceProvider : DeviceProvider
{
    public override string Name => "OwnBackend";

    public override IEnumerable<Device> Discover(ICollection<ProbeEntry> report)
    {
        OwnDevice device = new();
        report.Add(new ProbeEntry(Name, "process memory", Found: true, device.Description));
        return [device];
    }
}
