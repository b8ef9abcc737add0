using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Devices;

/// <summary>
/// Tests that run once per device. Meanwhile the default device is another one, so that an operation that forgets its operands' device
/// is found out.
/// </summary>
internal abstract class DeviceFixture(string deviceName)
{
    private static readonly ReferenceDevice s_elsewhere = new();

    /// <summary>The device under test.</summary>
    protected Device Device { get; private set; } = ReferenceDevice.Shared;

    [OneTimeSetUp]
    public void UseDevice()
    {
        Device = TestDevices.Use(deviceName);
        Device.Default = s_elsewhere;
    }

    [TearDown]
    public void CheckRegisters() => Spills.AssertNone(Device);

    [OneTimeTearDown]
    public void RestoreDefault() => Device.Default = Device.All.Count > 0 ? Device.Best() : ReferenceDevice.Shared;
}
