using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class InitTests(string deviceName) : DeviceFixture(deviceName)
{
    private const int Count = 20_000;

    [Test]
    public void Constants_FillEverything()
    {
        Tensor t = Tensor.Rand([3, 2], device: Device).WithGrad();
        Assert.That(Init.Ones(t).ToArray<float>(), Is.All.EqualTo(1f));
        Assert.That(Init.Constant(t, -2.5).ToArray<float>(), Is.All.EqualTo(-2.5f));
        Assert.That(Init.Zeros(t).ToArray<float>(), Is.All.EqualTo(0f));
        Assert.That(t.RequiresGrad && t.Node is null, "still a leaf");
    }

    [Test]
    public void Uniform_StaysInBoundsWithItsVariance() => AssertMoments(Values([Count], t => Init.Uniform(t, -3, 5, Seed)), 1, 8 / Math.Sqrt(12), -3, 5);

    [Test]
    public void Normal_HasItsMoments() => AssertMoments(Values([Count], t => Init.Normal(t, 2, 0.5, Seed)), 2, 0.5, -1, 5);

    [Test]
    public void TruncatedNormal_StaysInBounds()
    {
        // A standard normal cut at ±2 has standard deviation 0.8796.
        AssertMoments(Values([Count], t => Init.TruncatedNormal(t, generator: Seed)), 0, 0.8796, -2, 2);
        AssertMoments(Values([Count], t => Init.TruncatedNormal(t, 1, 2, -3, 5, Seed)), 1, 2 * 0.8796, -3, 5);

        // A narrow stretch of the flank is nearly uniform.
        AssertMoments(Values([Count], t => Init.TruncatedNormal(t, 0, 1, 1, 1.01, Seed)), 1.005, 0.01 / Math.Sqrt(12), 1, 1.01);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Xavier_ScalesWithBothFans(bool normal)
    {
        double std = 2 * Math.Sqrt(2.0 / ((50 * 4) + (100 * 4)));
        double[] values = Values([100, 50, 2, 2], t => normal ? Init.XavierNormal(t, 2, Seed) : Init.XavierUniform(t, 2, Seed));
        double bound = normal ? 6 * std : Math.Sqrt(3) * std;
        AssertMoments(values, 0, std, -bound, bound);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Kaiming_ScalesWithOneFan(bool normal)
    {
        double std = Math.Sqrt(2.0 / (100 * 4));
        double[] values = Values([100, 50, 2, 2], t => normal
            ? Init.KaimingNormal(t, mode: FanMode.FanOut, nonlinearity: Nonlinearity.Relu, generator: Seed)
            : Init.KaimingUniform(t, mode: FanMode.FanOut, nonlinearity: Nonlinearity.Relu, generator: Seed));
        double bound = normal ? 6 * std : Math.Sqrt(3) * std;
        AssertMoments(values, 0, std, -bound, bound);
    }

    [TestCase(3, 8)]
    [TestCase(8, 3)]
    [TestCase(5, 5)]
    public void Orthogonal_RowsOrColumnsAreOrthonormal(int rows, int columns)
    {
        Tensor w = Init.Orthogonal(Tensor.Empty([rows, columns, 1], Widest, Device), 2, Seed).Reshape(rows, columns);
        Tensor gram = rows <= columns ? w.MatMul(w.T) : w.T.MatMul(w);
        double[] expected = [.. Enumerable.Range(0, (int)gram.ElementCount).Select(i => i % (gram.Shape[0] + 1) == 0 ? 4.0 : 0)];
        Assert.That(gram.ToArray<double>(), Is.EqualTo(expected).Within(Device.HasFloat64 ? 1e-12 : 1e-5));
    }

    [Test]
    public void EyeAndDirac_AreIdentities()
    {
        Tensor x = Tensor.Rand([2, 4, 5, 5], generator: new Generator(1), device: Device);
        Tensor dirac = Init.Dirac(Tensor.Empty([4, 2, 3, 3], device: Device), groups: 2);
        Assert.That(x.Conv2d(dirac, padding: 1, groups: 2).ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
        Assert.That(Init.Eye(Tensor.Empty([2, 3], device: Device)).ToArray<float>(), Is.EqualTo(new float[] { 1, 0, 0, 0, 1, 0 }));
    }

    [TestCase(Nonlinearity.Linear, 0.01, 1)]
    [TestCase(Nonlinearity.Sigmoid, 0.01, 1)]
    [TestCase(Nonlinearity.Tanh, 0.01, 1.6666666666666667)]
    [TestCase(Nonlinearity.Relu, 0.01, 1.4142135623730951)]
    [TestCase(Nonlinearity.LeakyRelu, 0.01, 1.4141428569978354)]
    [TestCase(Nonlinearity.LeakyRelu, 2.2360679774997896, 0.5773502691896258)]
    [TestCase(Nonlinearity.Selu, 0.01, 0.75)]
    public void Gain_EqualsPyTorchs(Nonlinearity nonlinearity, double slope, double expected) =>
        Assert.That(Init.Gain(nonlinearity, slope), Is.EqualTo(expected).Within(1e-15));

    [Test]
    public void BadArguments_AreRefused()
    {
        Tensor vector = Tensor.Zeros([3], device: Device);
        Assert.That(() => Init.XavierUniform(vector), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Init.XavierUniform: the tensor is [3]"));
        Assert.That(() => Init.Orthogonal(vector), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Init.Eye(vector), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Init.Dirac(vector), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Init.Uniform(vector, 2, 1), Throws.ArgumentException);
        Assert.That(() => Init.TruncatedNormal(vector, 0, 1, 5, 6), Throws.ArgumentException, "almost nothing lies there");
        Assert.That(() => Init.Normal(Tensor.Zeros([2], DType.Int64, Device)), Throws.TypeOf<DTypeMismatchException>());
    }

    [Test]
    public void Layers_StartAsPyTorchs()
    {
        // Linear and convolutions: uniform in ±1/√fan-in, weight and bias. A uniform number on ±b has standard deviation b/√3.
        Linear linear = new Linear(100, 200, generator: Seed).To(Device);
        AssertMoments(linear.Weight.ToArray<double>(), 0, 0.1 / Math.Sqrt(3), -0.1, 0.1);
        AssertMoments(linear.Bias!.ToArray<double>(), 0, 0.1 / Math.Sqrt(3), -0.1, 0.1);
        Conv2d conv = new Conv2d(32, 64, 3, groups: 2, generator: Seed).To(Device);
        double bound = 1 / Math.Sqrt(16 * 9);
        AssertMoments(conv.Weight.ToArray<double>(), 0, bound / Math.Sqrt(3), -bound, bound);
        AssertMoments(conv.Bias!.ToArray<double>(), 0, bound / Math.Sqrt(3), -bound, bound);
        ConvTranspose2d transposed = new ConvTranspose2d(32, 64, 3, groups: 2, generator: Seed).To(Device);
        bound = 1 / Math.Sqrt(32 * 9);
        AssertMoments(transposed.Weight.ToArray<double>(), 0, bound / Math.Sqrt(3), -bound, bound);

        Lstm lstm = new Lstm(30, 25, generator: Seed).To(Device);
        foreach (Tensor parameter in lstm.Parameters)
        {
            AssertMoments(parameter.ToArray<double>(), 0, 0.2 / Math.Sqrt(3), -0.2, 0.2);
        }

        Embedding embedding = new Embedding(200, 100, paddingIdx: 3, generator: Seed).To(Device);
        Assert.That(embedding.Weight[3].ToArray<float>(), Is.All.EqualTo(0f));
        AssertMoments(embedding.Weight[4..].ToArray<double>(), 0, 1, -6, 6);

        MultiheadAttention attention = new MultiheadAttention(64, 4, generator: Seed).To(Device);
        bound = Math.Sqrt(6.0 / (64 + 192));
        AssertMoments(attention.InProjWeight!.ToArray<double>(), 0, bound / Math.Sqrt(3), -bound, bound);
        Assert.That(attention.InProjBias!.ToArray<float>().Concat(attention.OutProj.Bias!.ToArray<float>()), Is.All.EqualTo(0f));
    }

    private static Generator Seed => new(11);

    private double[] Values(Shape shape, Func<Tensor, Tensor> fill) => fill(Tensor.Empty(shape, device: Device)).ToArray<double>();

    /// <summary>Five standard errors: of the mean σ/√n, of the standard deviation at most σ/√(2n)·√((kurtosis − 1)/2) ≤ σ/√(2n).</summary>
    private static void AssertMoments(double[] values, double mean, double std, double low, double high)
    {
        Assert.That(values, Is.All.InRange(low, high));
        double average = values.Average();
        double deviation = Math.Sqrt(values.Sum(v => (v - average) * (v - average)) / (values.Length - 1));
        Assert.That(average, Is.EqualTo(mean).Within(5 * std / Math.Sqrt(values.Length)));
        Assert.That(deviation, Is.EqualTo(std).Within(5 * std / Math.Sqrt(2.0 * values.Length)));
    }
}
