namespace Engine.Tests.Memory;

/// <summary>What earlier tests left undisposed on a shared device.</summary>
internal static class ForgottenTensors
{
    /// <summary>Finds it now, so that it does not turn up in the middle of a measurement.</summary>
    public static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    /// <summary>
    /// The figures of a device's pool after that. Tests on a shared device begin a measurement of memory with this: else the collector may free
    /// what an earlier test forgot between two readings.
    /// </summary>
    public static MemoryReport Settled(Device device)
    {
        Collect();
        return device.Pool.Report;
    }
}
