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
}
