using NUnit.Framework;

namespace Engine.Tests.Devices;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class TestDevicesTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Device_Addition_Works()
    {
        Tensor x = Tensor.From<float>([1, 2, 3], Device);
        Assert.That((x + x).ToArray<float>(), Is.EqualTo(new float[] { 2, 4, 6 }));
    }

    [Test]
    public void Default_DuringAFixture_IsAnotherDevice() => Assert.That(Device.Default, Is.Not.SameAs(Device));
}
