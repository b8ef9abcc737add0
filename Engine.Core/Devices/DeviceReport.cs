using System.Text;

namespace Engine;

/// <summary>One attempt to find devices.</summary>
/// <param name="Provider">Which backend looked: <c>Engine.Cpu</c>, <c>Engine.Gpu</c> …</param>
/// <param name="Tried">What it looked for: a library, a platform, an instruction set.</param>
/// <param name="Found">Whether that was there.</param>
/// <param name="Detail">What was found, or the error and what would help.</param>
public sealed record ProbeEntry(string Provider, string Tried, bool Found, string Detail);

/// <summary>Everything that was tried to find devices, and what came of it.</summary>
public sealed class DeviceReport(IReadOnlyList<ProbeEntry> entries)
{
    /// <summary>The attempts in order.</summary>
    public IReadOnlyList<ProbeEntry> Entries { get; } = Guard.NoNulls(entries);

    /// <summary>One line an attempt.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (ProbeEntry entry in Entries)
        {
            text.Append(entry.Found ? "found    " : "missing  ").Append(entry.Provider).Append(": ").Append(entry.Tried).Append(": ").AppendLine(entry.Detail);
        }

        return text.ToString();
    }
}

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
