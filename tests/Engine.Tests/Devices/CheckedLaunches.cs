using System.Runtime.CompilerServices;
using Engine.Gpu;

namespace Engine.Tests.Devices;

/// <summary>In test processes every launch on every device is compared with what its kernel declares.</summary>
internal static class CheckedLaunches
{
    /// <summary>Before anything of the engine is used, since the switch is read once.</summary>
    [ModuleInitializer]
    internal static void SwitchOn() => AppContext.SetSwitch(LaunchCheck.SwitchName, true);
}
