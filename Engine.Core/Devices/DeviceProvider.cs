namespace Engine.Backends;

/// <summary>Looks for devices of one backend.</summary>
public abstract class DeviceProvider
{
    /// <summary>The name in reports.</summary>
    public abstract string Name { get; }

    /// <summary>Finds devices, best first, and records each attempt. It must not throw if a library or a device is absent.</summary>
    /// <param name="report">Where the attempts are recorded.</param>
    /// <exception cref="ArgumentException">The report takes no entries, as an array does not.</exception>
    public abstract IEnumerable<Device> Discover(ICollection<ProbeEntry> report);

    /// <summary>Refuses a report that takes no entries, for the beginning of <see cref="Discover"/>.</summary>
    /// <exception cref="ArgumentException">It is an array or another list that cannot grow.</exception>
    protected static void CheckReport(ICollection<ProbeEntry> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.IsReadOnly)
        {
            throw new ArgumentException($"'{nameof(report)}' takes no elements: it is a {report.GetType().Name}. Pass a list.", nameof(report));
        }
    }
}
