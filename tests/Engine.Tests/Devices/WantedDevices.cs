namespace Engine.Tests.Devices;

/// <summary>The choice made by the environment variable <c>ENGINE_TEST_DEVICES</c>: parts of devices' names, with commas.</summary>
internal static class WantedDevices
{
    private static readonly string[] s_names =
        (Environment.GetEnvironmentVariable("ENGINE_TEST_DEVICES") ?? string.Empty).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether there is a choice: what takes too long for everyday runs then runs too.</summary>
    public static bool AreNamed => s_names.Length > 0;

    /// <summary>Whether the choice has such a part.</summary>
    public static bool AskFor(string part) => s_names.Any(name => name.Contains(part, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a device takes part.</summary>
    public static bool Include(string name) => !AreNamed || s_names.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
}
