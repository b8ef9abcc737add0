using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Expressions;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class FusedMapTests(string deviceName) : DeviceFixture(deviceName)
{
    /// <summary>A program that only passes a value on is a copy, of that input and not of the first.</summary>
    [Test]
    public void Map_PassesOneArgumentOn()
    {
        Tensor x = Tensor.From<float>([1, 2, 3], Device), y = Tensor.From<float>([4, 5, 6], Device), z = Tensor.From<float>([7], Device);
        Assert.That(Fuse.Map(static (a, b) => a).Apply(x, y).ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3 }));
        Assert.That(Fuse.Map(static (a, b) => b).Apply(x, y).ToArray<float>(), Is.EqualTo(new float[] { 4, 5, 6 }));
        Assert.That(Fuse.Map(static (a, b, c) => c).Apply(x, y, z).ToArray<float>(), Is.EqualTo(new float[] { 7, 7, 7 }));
        Assert.That(Fuse.Map(static (a, b) => b).Apply(x.To(DType.Float16), y).ToArray<double>(), Is.EqualTo(new double[] { 4, 5, 6 }));
    }
}
