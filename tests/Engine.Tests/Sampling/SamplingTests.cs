using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Sampling;

/// <summary>
/// Random numbers of distributions: on hosts their whole distribution, with fixed seeds and bounds that a right sampler misses once in 10⁵ or less; on
/// every device the same numbers as on the reference, but where a rounding decides.
/// </summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SamplingTests(string deviceName) : DeviceFixture(deviceName)
{
    // Kolmogorov: the largest distance of n samples exceeds 2.2/√n with probability 1.3·10⁻⁴ at most; the seeds are fixed.
    private const double Kolmogorov = 2.2;

    private int Count => Device is HostDevice ? 20_000 : 256;

    private static TestCaseData[] Rates => [new(0.3), new(4.0), new(9.99), new(10.0), new(37.5), new(1e4)];

    [SetUp]
    public void SkipWhereItCompilesSlowly() => SkipSlowCompilers();

    [Test]
    public void Bernoulli_DrawsItsShare([Values(0, 0.2, 0.75, 1)] double p)
    {
        double[] of = Tensor.Bernoulli([Count], p, new Generator(1), device: Device).ToArray<double>();
        double[] from = Tensor.Full([Count], p, device: Device).Bernoulli(new Generator(1)).ToArray<double>();
        Assert.That(of, Is.All.EqualTo(0).Or.EqualTo(1));
        Assert.That(from, Is.EqualTo(of), "one rule for both forms");
        Assert.That(of.Average(), Is.EqualTo(p).Within(4.5 * Math.Sqrt(p * (1 - p) / Count)));
        Assert.That(of, Is.EqualTo(Tensor.Bernoulli([Count], p, new Generator(1), device: ReferenceDevice.Shared).ToArray<double>()), "the same on every device");
    }

    [Test]
    public void Exponential_HasItsDistribution()
    {
        double[] x = Tensor.Exponential([Count], 2.5, new Generator(2), device: Device).ToArray<double>();
        Assert.That(x, Is.All.GreaterThan(0));
        AssertDistribution(x, static v => 1 - Math.Exp(-2.5 * v));
    }

    [Test]
    public void Normal_TakesMeansAndDeviations()
    {
        Tensor mean = Tensor.From<float>([-3, 0, 100], Device), std = Tensor.From<float>([0.5f, 2], [2, 1], Device);
        Tensor draws = Tensor.Normal(mean, std, new Generator(3));
        double[] noise = Tensor.Randn([2, 3], 0, 1, new Generator(3), device: Device).ToArray<double>();
        Assert.That(draws.Shape, Is.EqualTo(new Shape(2, 3)));
        Assert.That(draws.ToArray<double>(), Is.EqualTo(noise.Select((z, i) => new double[] { -3, 0, 100 }[i % 3] + ((i < 3 ? 0.5 : 2) * z))).Within(1e-5));
        Assert.That(Tensor.Normal(mean.WithGrad(), std).RequiresGrad, Is.False);
    }

    [TestCaseSource(nameof(Rates))]
    public void Poisson_HasItsDistribution(double rate)
    {
        double[] k = Tensor.Full([Count], rate, device: Device).Poisson(new Generator(4)).ToArray<double>();
        double mean = k.Average(), variance = k.Average(v => (v - mean) * (v - mean));
        Assert.That(k, Is.All.GreaterThanOrEqualTo(0));
        Assert.That(k, Is.EqualTo(k.Select(Math.Floor)));
        Assert.That(mean, Is.EqualTo(rate).Within(4.5 * Math.Sqrt(rate / Count)));

        // The fourth moment is λ + 3λ², so that the variance of the sample's variance is near (λ + 2λ²)/n.
        Assert.That(variance, Is.EqualTo(rate).Within(5 * Math.Sqrt((rate + (2 * rate * rate)) / Count)));
        if (Device is HostDevice && rate < 100)
        {
            (double sum, double probability) = (0, Math.Exp(-rate));
            double worst = 0;
            for (int i = 0; i < 100; i++)
            {
                sum += probability;
                worst = Math.Max(worst, Math.Abs(sum - (k.Count(v => v <= i) / (double)k.Length)));
                probability *= rate / (i + 1);
            }

            Assert.That(worst, Is.LessThan(Kolmogorov / Math.Sqrt(Count)), "the distribution function");
        }
    }

    [Test]
    public void Poisson_Edges()
    {
        Assert.That(Tensor.Zeros([5], device: Device).Poisson().ToArray<double>(), Is.All.EqualTo(0));
        Assert.That(Tensor.Zeros([0, 3], device: Device).Poisson().Shape, Is.EqualTo(new Shape(0, 3)));
        if (Device is HostDevice)
        {
            Assert.That(() => Tensor.Full([2], -1, device: Device).Poisson(), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("rates"));
        }
        else
        {
            Assert.That(Tensor.From<float>([-1, float.NaN, 2], Device).Poisson().ToArray<double>()[..2], Is.All.NaN);
        }
    }

    [Test]
    public void Multinomial_WithReplacement_HasItsFrequencies()
    {
        double[] weights = [0.5, 0, 2, 1.5, 0, 4];
        Tensor rows = Tensor.From<float>([.. weights.Concat(weights.Reverse()).Select(static w => (float)w)], [2, 6], Device);
        long[] drawn = rows.Multinomial(Count, replacement: true, new Generator(5)).ToArray<long>();
        Assert.Multiple(() =>
        {
            AssertFrequencies(drawn[..Count], weights);
            AssertFrequencies(drawn[Count..], [.. weights.Reverse()]);
            Assert.That(drawn, Is.EqualTo(rows.To(ReferenceDevice.Shared).Multinomial(Count, replacement: true, new Generator(5)).ToArray<long>()), "the same on every device");
        });
    }

    [Test]
    public void Multinomial_InParts_IsTheSame()
    {
        if (Device is not HostDevice)
        {
            Assert.Ignore("the same steps on every device");
        }

        Tensor rows = Tensor.From<float>([1, 2, 3, 4], [2, 2], Device);
        long[] whole = SamplingOps.WithReplacement(rows, 37, new Generator(6), long.MaxValue).ToArray<long>();
        Assert.That(SamplingOps.WithReplacement(rows, 37, new Generator(6), 20).ToArray<long>(), Is.EqualTo(whole));
    }

    [Test]
    public void Multinomial_OneOfEachRow_HasItsFrequencies()
    {
        double[] weights = [1, 3, 0, 6];
        Tensor rows = Tensor.From<float>([1, 3, 0, 6], Device).Unsqueeze(0).Expand([Count, 4]);
        AssertFrequencies(rows.Multinomial(1, generator: new Generator(7)).ToArray<long>(), weights);
    }

    [Test]
    public void Multinomial_WithoutReplacement_TakesEachOnce()
    {
        Tensor rows = Tensor.From<float>([0, 1, 5, 2], Device).Unsqueeze(0).Expand([64, 4]);
        long[] drawn = rows.Multinomial(3, generator: new Generator(8)).ToArray<long>();
        foreach (long[] row in drawn.Chunk(3))
        {
            Assert.That(row, Is.EquivalentTo(new long[] { 1, 2, 3 }), "all that can be drawn, in some order");
        }

        Assert.That(drawn.Chunk(3).Select(static row => row[0]).Distinct().Count(), Is.EqualTo(3), "the order is random");
    }

    [Test]
    public void Multinomial_OfOneRow_HasOneAxis()
    {
        Tensor p = Tensor.From<float>([0, 0, 1], Device);
        Assert.That(p.Multinomial(4, replacement: true).ToArray<long>(), Is.EqualTo(new long[] { 2, 2, 2, 2 }));
        Assert.That(p.Multinomial(1).Shape, Is.EqualTo(new Shape(1)));
        Assert.That(Tensor.Zeros([0, 3], device: Device).Multinomial(2).Shape, Is.EqualTo(new Shape(0, 2)));
    }

    [Test]
    public void Multinomial_WrongInputs_AreNamed()
    {
        Tensor p = Tensor.From<float>([0, 1, 1], Device);
        Assert.Multiple(() =>
        {
            Assert.That(() => p.Multinomial(4), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("without replacement"));
            Assert.That(() => p.Multinomial(0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => p.Reshape(1, 1, 3).Multinomial(1), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => p.To(DType.Int64).Multinomial(1), Throws.TypeOf<DTypeMismatchException>());
            if (Device is HostDevice)
            {
                Assert.That(() => p.Multinomial(3), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("above 0"));
                Assert.That(() => (p - 1).Multinomial(1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("not negative"));
                Assert.That(() => (p * 2).Bernoulli(), Throws.TypeOf<ArgumentOutOfRangeException>());
            }
        });
    }

    private void AssertDistribution(double[] x, Func<double, double> cdf)
    {
        double[] sorted = [.. x.Order()];
        double worst = sorted.Select((v, i) => Math.Max(Math.Abs(cdf(v) - (i / (double)x.Length)), Math.Abs(cdf(v) - ((i + 1) / (double)x.Length)))).Max();
        Assert.That(worst, Is.LessThan(Kolmogorov / Math.Sqrt(x.Length)), "the distribution function");
    }

    private static void AssertFrequencies(long[] drawn, double[] weights)
    {
        for (int c = 0; c < weights.Length; c++)
        {
            double p = weights[c] / weights.Sum();
            Assert.That(drawn.Count(v => v == c) / (double)drawn.Length, Is.EqualTo(p).Within(4.5 * Math.Sqrt(p * (1 - p) / drawn.Length)), $"class {c}");
        }
    }
}
