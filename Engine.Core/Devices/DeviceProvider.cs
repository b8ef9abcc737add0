namespace Engine.Backends;

/// <summary>Looks for devices of one backend.</summary>
public abstract class DeviceProvider
{
    /// <summary>The name in reports.</summary>
    public abstract string Name { get; }

    /// <summary>Finds devices, best first, and records each attempt. It must not throw for what is absent.</summary>
    /// <param name="report">Where the attempts are recorded.</param>
    /// <exception cref="ArgumentException">The report takes no entries, as an array does not.</exception>
    public abstract IEnumerable<Device> Discover(ICollection<ProbeEntry> report);
}
