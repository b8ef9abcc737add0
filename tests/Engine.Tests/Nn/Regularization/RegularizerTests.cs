using Engine.Nn;
using Engine.Tests.Devices;
using Engine.Tests.Gradients;
using NUnit.Framework;

namespace Engine.Tests.Nn.Regularization;

/// <summary>Terms and steps that hold weights small, against closed forms.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class RegularizerTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Terms_AreTheirFormulas()
    {
        Tensor a = Tensor.From<float>([1, -2, 0, 3], [2, 2], Device).WithGrad(), b = Tensor.From<float>([-0.5f], Device).WithGrad();
        Assert.That(Regularizers.L1([a, b], 0.1).Item(), Is.EqualTo(0.65).Within(1e-6));
        Assert.That(Regularizers.L2([a, b], 0.1).Item(), Is.EqualTo(0.1 / 2 * 14.25).Within(1e-6));
        Assert.That(Regularizers.ElasticNet([a, b], 0.1, 0.2).Item(), Is.EqualTo(0.65 + 1.425).Within(1e-6));
        Regularizers.ElasticNet([a, b], 0.1, 0.2).Backward();
        Assert.That(a.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0.1 + 0.2, -0.1 - 0.4, 0, 0.1 + 0.6 }).Within(1e-6));
        Assert.That(b.Grad!.ToArray<float>(), Is.EqualTo(new[] { -0.1 - 0.1 }).Within(1e-6));
    }

    [Test]
    public void Terms_HaveTheirGradients()
    {
        RequireFloat64();
        Tensor w = Tensor.From<double>([1, -2, 0.5, 3], [2, 2], Device).WithGrad();
        GradientCheck.First(static x => Regularizers.ElasticNet([x[0]], 0.3, 0.7), [w]);
    }

    [Test]
    public void SoftThreshold_IsTheProximalStep()
    {
        // argmin over z of ½(z − w)² + t·|z| on a fine grid.
        float[] values = [-3, -1, -0.6f, -0.5f, -0.2f, 0, 0.3f, 0.5f, 0.7f, 4];
        Tensor w = Tensor.From<float>(values, Device).WithGrad();
        Regularizers.SoftThreshold([w], 0.5);
        double[] grid = [.. Enumerable.Range(-40_000, 80_001).Select(static i => i / 8000.0)];
        Assert.That(w.ToArray<float>(), Is.EqualTo(values.Select(v => grid.MinBy(z => (0.5 * (z - v) * (z - v)) + (0.5 * Math.Abs(z))))).Within(2e-4));
        Assert.That(w.ToArray<float>().Count(static v => v == 0), Is.EqualTo(5), "exactly 0");
        Assert.That(w.RequiresGrad && w.Node is null, Is.True);

        Tensor odd = Tensor.From<float>([float.NaN, float.PositiveInfinity, float.NegativeInfinity], Device);
        Regularizers.SoftThreshold([odd], 0.5);
        Assert.That(odd.ToArray<float>(), Is.EqualTo(new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity }));
        Regularizers.SoftThreshold([w], 0);
        Regularizers.SoftThreshold([Tensor.Ones([0], device: Device)], 1);
    }

    [Test]
    public void Decay_AtZeroGradient_IsAPower()
    {
        // Coupled in plain descent and decoupled in AdamW: w·(1 − αλ)ⁿ.
        const double Rate = 0.1, Decay = 0.3;
        const int Steps = 12;
        foreach (Func<Tensor, Optimizer> make in (Func<Tensor, Optimizer>[])[w => new Sgd([w], Rate, weightDecay: Decay), w => new AdamW([w], Rate, weightDecay: Decay)])
        {
            Tensor w = Tensor.From<float>([2, -1], Device).WithGrad();
            Descend(make(w), w, Steps);
            double factor = Math.Pow(1 - (Rate * Decay), Steps);
            Assert.That(w.ToArray<float>(), Is.EqualTo(new[] { 2 * factor, -factor }).Within(1e-6));
        }
    }

    [Test]
    public void Decay_CoupledInAdam_PullsAllWeightsAtOneSpeed()
    {
        // The gradient λ·w is divided by its own size: the first step is α·sign(w) whatever λ and w are.
        Tensor w = Tensor.From<float>([2, -1, 0.5f], Device).WithGrad();
        Descend(new Adam([w], 0.01, weightDecay: 0.3), w, 1);
        Assert.That(w.ToArray<float>(), Is.EqualTo(new[] { 1.99, -0.99, 0.49 }).Within(1e-5));
    }

    [Test]
    public void L2Term_IsTheDecayOfPlainDescent()
    {
        Tensor a = Tensor.From<float>([2, -1], Device).WithGrad(), b = Tensor.From<float>([2, -1], Device).WithGrad();
        Sgd coupled = new([a], 0.1, momentum: 0.9, weightDecay: 0.3), plain = new([b], 0.1, momentum: 0.9);
        for (int t = 0; t < 5; t++)
        {
            coupled.ZeroGrad();
            plain.ZeroGrad();
            (a * a * a).Sum().Backward();
            ((b * b * b).Sum() + Regularizers.L2([b], 0.3)).Backward();
            coupled.Step();
            plain.Step();
        }

        Assert.That(b.ToArray<float>(), Is.EqualTo(a.ToArray<float>()).Within(1e-5));
    }

    [Test]
    public void Terms_BadArguments_Throw()
    {
        Tensor w = Tensor.Ones([2], device: Device);
        foreach (double bad in (double[])[-1, double.NaN, double.PositiveInfinity])
        {
            Assert.That(() => Regularizers.L1([w], bad), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("L1: strength must be finite and not negative"));
            Assert.That(() => Regularizers.L2([w], bad), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Regularizers.SoftThreshold([w], bad), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new ProximalL1([w], bad), Throws.TypeOf<ArgumentOutOfRangeException>());
        }

        Assert.That(() => Regularizers.L1([], 1), Throws.ArgumentException.With.Message.Contains("no weights"));
        Assert.That(() => Regularizers.L1([Tensor.Ones([2], DType.Int64, Device)], 1), Throws.TypeOf<DTypeMismatchException>());
    }

    private static void Descend(Optimizer optimizer, Tensor w, int steps)
    {
        for (int t = 0; t < steps; t++)
        {
            optimizer.ZeroGrad();
            (w * 0).Sum().Backward();
            optimizer.Step();
        }
    }
}
