using System.Text;

namespace Engine;

/// <summary>All attempts to find devices, with their results.</summary>
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
