using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>The devices of <see cref="TestDevices"/>, and the one that records without a card.</summary>
internal static class CaptureDevices
{
    private const string Recording = "recording";

    public static IEnumerable<TestFixtureData> All => TestDevices.All.Prepend((TestFixtureData)new TestFixtureData(Recording).SetArgDisplayNames(Recording));

    public static Device Use(string name) => name == Recording ? new RecordingDevice() : TestDevices.Use(name);
}

/// <summary>Tests of captured steps that run once per device; see <see cref="DeviceFixture"/>.</summary>
internal abstract class CaptureFixture(string deviceName)
{
    private static readonly ReferenceDevice s_elsewhere = new();

    /// <summary>The device under test.</summary>
    protected Device Device { get; private set; } = ReferenceDevice.Shared;

    [OneTimeSetUp]
    public void UseDevice()
    {
        Device = CaptureDevices.Use(deviceName);
        Device.Default = s_elsewhere;
    }

    [OneTimeTearDown]
    public void RestoreDefault() => Device.Default = Device.All.Count > 0 ? Device.Best() : ReferenceDevice.Shared;
}
