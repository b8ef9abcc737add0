namespace Engine.Cpu;

/// <summary>Finds the processor, which is always there.</summary>
public sealed class CpuDeviceProvider : DeviceProvider
{
    /// <inheritdoc/>
    public override string Name => "Engine.Cpu";

    /// <inheritdoc/>
    public override IEnumerable<Device> Discover(ICollection<ProbeEntry> report)
    {
        CheckReport(report);
        CpuDevice device = new();
        report.Add(new ProbeEntry(Name, "processor", true, device.Description));
        if (ProcessorGroups.Describe() is { } groups)
        {
            report.Add(new ProbeEntry(Name, "caches", true, groups));
        }

        if (CpuIsa.Shortfall() is { } shortfall)
        {
            report.Add(new ProbeEntry(Name, "wider vectors", false, shortfall));
        }

        foreach (string? complaint in (string?[])[CpuIsa.Complaint, CpuDevice.ThreadsComplaint()])
        {
            if (complaint is not null)
            {
                report.Add(new ProbeEntry(Name, "environment", false, complaint));
            }
        }

        return [device];
    }
}
