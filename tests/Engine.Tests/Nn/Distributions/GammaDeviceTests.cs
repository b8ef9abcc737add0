using Engine.Nn.Distributions;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.DistributionCases;

/// <summary>Samples by rejection on every device.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class GammaDeviceTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Gamma_IsThatOfTheReference()
    {
        SkipSlowCompilers();
        // A candidate at the edge may be taken on one device and not on another; of 200 numbers that is none or one.
        double[] expected = Draw(ReferenceDevice.Shared), actual = Draw(Device);
        int differing = expected.Zip(actual).Count(static p => Math.Abs(p.First - p.Second) > 1e-4 * p.First);
        Assert.That(differing, Is.LessThanOrEqualTo(1));
    }

    private static double[] Draw(Device device)
    {
        Tensor concentration = Tensor.From<float>([0.1f, 0.9f, 1, 3.5f, 200], device);
        return new Gamma(concentration, Tensor.Ones([1], device: device)).Sample([40], new Generator(21)).ToArray<double>();
    }
}
