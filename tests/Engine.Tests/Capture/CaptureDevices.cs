using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>The devices of <see cref="TestDevices"/>, and the one that records without a card.</summary>
internal static class CaptureDevices
{
    private const string Recording = "recording";

    public static IEnumerable<TestFixtureData> All => TestDevices.All.Prepend((TestFixtureData)new TestFixtureData(Recording).SetArgDisplayNames(Recording));

    public static Device Use(string name) => name == Recording ? new RecordingDevice() : TestDevices.Use(name);
}
