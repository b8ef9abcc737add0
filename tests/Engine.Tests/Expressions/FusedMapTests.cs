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

    [Test]
    public void Results_OfOnePass_AreThoseOfEachAlone()
    {
        FusedMaps both = Fuse.Map(static (x, y) => [x * y, Expr.Tanh(x), Expr.Less(x, y)]);
        Assert.That(both.ToString(), Is.EqualTo("in0 * in1, tanh(in0), in0 < in1"));
        Tensor x = Tensor.From<float>([0.5f, -1, 2], [3, 1]).WithGrad(), y = Tensor.From<float>([3, 1]).WithGrad();
        Tensor[] results = both.Apply(x, y);
        Assert.That(results.Select(static r => r.Shape), Is.All.EqualTo(new Shape(3, 2)));
        Assert.That(results[0].ToArray<float>(), Is.EqualTo((x * y).ToArray<float>()));
        Assert.That(results[1].ToArray<float>(), Is.EqualTo(x.Tanh().Expand([3, 2]).ToArray<float>()).Within(1e-6));
        Assert.That(results[2].ToArray<float>(), Is.EqualTo((x < y).To(DType.Float32).ToArray<float>()));
        ((2 * results[0]) + results[1]).Sum().Backward();
        Tensor u = x.Detach().WithGrad(), v = y.Detach().WithGrad();
        ((2 * (u * v)) + u.Tanh()).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(u.Grad!.ToArray<float>()).Within(1e-5));
        Assert.That(y.Grad!.ToArray<float>(), Is.EqualTo(v.Grad!.ToArray<float>()).Within(1e-5));
    }

    [Test]
    public void Results_SecondDerivativesIntegersAndMistakes()
    {
        FusedMaps powers = Fuse.Map(static x => [x * x * x, x]);
        Tensor x = Tensor.From<double>([2]).WithGrad(), slope = Autograd.Grad(powers.Apply(x)[0].Sum(), x, createGraph: true);
        Assert.That(Autograd.Grad(slope.Sum(), x).Item(), Is.EqualTo(12).Within(1e-12));
        Tensor[] parts = Fuse.Map(static n => [Expr.BitwiseAnd(n, 15), Expr.RightShift(n, 4)]).Apply(Tensor.From<byte>([0x5A]));
        Assert.That(parts.Select(static p => (p.DType, p.Item<int>())), Is.EqualTo(new[] { (DType.UInt8, 10), (DType.UInt8, 5) }));
        Assert.Multiple(() =>
        {
            Assert.That(() => Fuse.Map(static _ => (Expr[])[]), Throws.ArgumentException);
            Assert.That(() => Fuse.Map(static x => (Expr[])[x, null!]), Throws.ArgumentException.With.Message.Contains("Fuse.Map"));
            Assert.That(() => Fuse.Map(static x => (Expr[])[x, Expr.Parameter(0)]), Throws.ArgumentException.With.Message.Contains("parameters"));
            Assert.That(() => powers.Apply(x, x), Throws.ArgumentException.With.Message.Contains("2 tensors"));
        });
    }
}
