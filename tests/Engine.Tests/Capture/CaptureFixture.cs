using Engine.Tests.Devices;

namespace Engine.Tests.Capture;

/// <summary>Tests of captured steps that run once per device of <see cref="CaptureDevices"/>.</summary>
internal abstract class CaptureFixture(string deviceName) : DeviceFixture(deviceName)
{
    /// <inheritdoc/>
    protected override Device Use(string name) => CaptureDevices.Use(name);
}
