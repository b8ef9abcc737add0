using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optim;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class GradientClippingTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void ClipGradNorm_LongGradient_IsScaledAndKeepsItsDirection()
    {
        Tensor a = WithGradient(3, 0), b = WithGradient(0, 4);
        Tensor norm = new[] { a, b }.ClipGradNorm(1);
        Assert.That(norm.Item(), Is.EqualTo(5).Within(1e-6));
        Assert.That(a.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0.6f, 0 }).Within(1e-6));
        Assert.That(b.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0, 0.8f }).Within(1e-6));
    }

    [Test]
    public void ClipGradNorm_ShortGradient_IsLeftAsItIs()
    {
        Tensor a = WithGradient(0.3f, -0.4f);
        Assert.That(new[] { a }.ClipGradNorm(1).Item(), Is.EqualTo(0.5).Within(1e-6));
        Assert.That(a.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0.3f, -0.4f }));
    }

    [TestCase(double.PositiveInfinity, 4)]
    [TestCase(1, 7)]
    [TestCase(3, 4.49794144)]
    public void GradNorm_OfOtherTypes_MatchesItsFormula(double type, double expected) =>
        Assert.That(new[] { WithGradient(3, 0), WithGradient(-4, 0) }.GradNorm(type).Item(), Is.EqualTo(expected).Within(1e-5));

    [Test]
    public void ClipGradNorm_NaN_MakesEverythingNaN()
    {
        Tensor a = WithGradient(1, 2), b = WithGradient(float.NaN, 0);
        Assert.That(new[] { a, b }.ClipGradNorm(1).Item(), Is.NaN);
        Assert.That(a.Grad!.ToArray<float>(), Is.All.NaN);
    }

    [Test]
    public void ClipGradNorm_WithoutGradients_IsZero() =>
        Assert.That(new[] { Tensor.Ones([2], device: Device).WithGrad() }.ClipGradNorm(1).Item(), Is.Zero);

    [Test]
    public void ClipGradValue_LimitsEachElement()
    {
        Tensor a = WithGradient(3, -0.2f);
        new[] { a }.ClipGradValue(0.5);
        Assert.That(a.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0.5f, -0.2f }));
    }

    [Test]
    public void BadArguments_Throw()
    {
        Tensor[] parameters = [WithGradient(1, 1)];
        Assert.Multiple(() =>
        {
            Assert.That(() => parameters.ClipGradNorm(0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => parameters.ClipGradNorm(1, -2), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => parameters.ClipGradValue(double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    private Tensor WithGradient(params float[] gradient)
    {
        Tensor w = Tensor.Zeros([gradient.Length], device: Device).WithGrad();
        w.SetGrad(Tensor.From(gradient, device: Device));
        return w;
    }
}
