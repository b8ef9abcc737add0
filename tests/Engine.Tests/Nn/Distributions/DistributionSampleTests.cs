using Engine.Nn.Distributions;
using NUnit.Framework;

namespace Engine.Tests.Nn.DistributionCases;

/// <summary>Samples against closed distribution functions, means and variances: fixed seeds, bounds that a right sampler misses once in 10⁴ or less.</summary>
internal sealed class DistributionSampleTests
{
    private const int Count = 20_000;
    private const double Kolmogorov = 2.2;

    private static Device Device => Device.Get("cpu");

    private static TestCaseData[] Continuous =>
    [
        Row("Normal", static () => new Normal(At(1), At(2)), static x => new Normal(At(1), At(2)).Cdf(x)),
        Row("LogNormal", static () => new LogNormal(At(0.5), At(0.8)), static x => new LogNormal(At(0.5), At(0.8)).Cdf(x)),
        Row("Laplace", static () => new Laplace(At(-1), At(2)), static x => new Laplace(At(-1), At(2)).Cdf(x)),
        Row("Uniform", static () => new Uniform(At(-1), At(4)), static x => new Uniform(At(-1), At(4)).Cdf(x)),
        Row("Exponential", static () => new Exponential(At(3)), static x => new Exponential(At(3)).Cdf(x)),
        Row("Gamma 1", static () => new Gamma(At(1), At(2)), static x => 1 - (x * -2).Exp()),
        Row("Gamma 2", static () => new Gamma(At(2), At(0.5)), static x => 1 - ((x * -0.5).Exp() * (1 + (x * 0.5)))),
        Row("Gamma 1/2", static () => new Gamma(At(0.5), At(1)), static x => x.Sqrt().Erf()),
        Row("Gamma 400", static () => new Gamma(At(400), At(1)), static x => new Normal(At(0), At(1)).Cdf((((x / 400).Log() / 3).Exp() - (1 - (1 / 3600.0))) * 60)),
        Row("Beta a, 1", static () => new Beta(At(2.5), At(1)), static x => x.Pow(2.5)),
        Row("Beta 2, 2", static () => new Beta(At(2), At(2)), static x => (x.Square() * 3) - (x.Pow(3) * 2)),
        Row("Beta 0.3, 1", static () => new Beta(At(0.3), At(1)), static x => x.Pow(0.3)),
        Row("Dirichlet 1, 1, 1", static () => new Dirichlet(Tensor.Ones([3], device: Device)), static x => 1 - (1 - x).Square()),
        Row("StudentT 2", static () => new StudentT(At(2), At(0), At(1)), static x => 0.5 + (x / ((2 + x.Square()).Sqrt() * 2))),
    ];

    private static IEnumerable<string> WithMoments => DistributionGoldenTests.Makers.Keys.Except(["StudentT", "Categorical", "CategoricalLogits"]);

    [TestCaseSource(nameof(Continuous))]
    public void Sample_HasItsDistribution(Func<Distribution> make, Func<Tensor, Tensor> cdf)
    {
        Tensor draws = make().Sample([Count], new Generator(11));
        draws = draws.Rank == 2 ? draws.Select(1, 0) : draws;
        double[] p = [.. cdf(draws).ToArray<double>().Order()];
        double worst = p.Select(static (v, i) => Math.Max(Math.Abs(v - (i / (double)Count)), Math.Abs(v - ((i + 1) / (double)Count)))).Max();
        Assert.That(worst, Is.LessThan(Kolmogorov / Math.Sqrt(Count)));
    }

    [TestCaseSource(nameof(WithMoments))]
    public void Sample_HasItsMoments(string name)
    {
        Distribution d = DistributionGoldenTests.Open(name);
        const int Draws = 4000;
        Tensor x = d.Sample([Draws], new Generator(12));
        double[] mean = d.Mean.ToArray<double>(), variance = d.Variance.ToArray<double>();
        Assert.That(x.Shape, Is.EqualTo(new Shape([Draws, .. d.BatchShape, .. d.EventShape])));
        double[] found = x.Mean(0).ToArray<double>(), spread = x.Var(0).ToArray<double>();
        for (int i = 0; i < mean.Length; i++)
        {
            Assert.That(found[i], Is.EqualTo(mean[i]).Within(4.5 * Math.Sqrt(variance[i] / Draws)), $"mean {i}");
            if (name != "LogNormal")
            {
                // The variance of a variance is below that of an exponential number's, (9 − 1)·σ⁴/n, but for the skewed ones near it.
                Assert.That(spread[i], Is.EqualTo(variance[i]).Within(5 * variance[i] * Math.Sqrt(12.0 / Draws)), $"variance {i}");
            }
        }
    }

    [Test]
    public void Categorical_Sample_HasItsFrequencies()
    {
        Categorical d = new(Tensor.From<float>([1, 3, 0, 6, 2, 2, 2, 2], [2, 4], Device));
        Tensor x = d.Sample([Count / 2, 2], new Generator(13));
        Assert.That((x.Shape, x.DType), Is.EqualTo((new Shape(Count / 2, 2, 2), DType.Int64)));
        double[] share = x.OneHot(4, DType.Float64).Mean([0, 1]).ToArray<double>();
        Assert.That(share, Is.EqualTo(new double[] { 0.1, 0.3, 0, 0.6, 0.25, 0.25, 0.25, 0.25 }).Within(0.016));
        Assert.That(share[2], Is.Zero, "a class without a chance");
    }

    [Test]
    public void Counts_OfMultinomial_AddUp()
    {
        Tensor x = new Multinomial(7, Tensor.From<float>([1, 2, 3, 4, 0, 1], [2, 3], Device)).Sample([5, 2], new Generator(14));
        Assert.That(x.Shape, Is.EqualTo(new Shape(5, 2, 2, 3)));
        Assert.That(x.Sum(-1).ToArray<double>(), Is.All.EqualTo(7));
    }

    [Test]
    public void SmallConcentrations_StayNumbers()
    {
        Tensor small = Tensor.Full([500], 1e-3, device: Device);
        Assert.That(new Gamma(small, small.OnesLike()).Sample(default, new Generator(15)).ToArray<double>(), Is.All.GreaterThan(0));
        double[] beta = new Beta(small, small).Sample(default, new Generator(16)).ToArray<double>();
        Assert.That(beta, Is.All.InRange(0, 1));
        Assert.That(beta.Average(), Is.EqualTo(0.5).Within(0.11), "nearly all are 0 or 1");
        Assert.That(new Dirichlet(small.Reshape(50, 10)).Sample(default, new Generator(17)).Sum(-1).ToArray<double>(), Is.All.EqualTo(1).Within(1e-6));
    }

    [Test]
    public void Values_OutsideOfTheSupport_HaveNoProbability()
    {
        Tensor x = Tensor.From<float>([-1, 0.5f, 9], Device);
        Assert.Multiple(() =>
        {
            foreach (Distribution d in (Distribution[])[new Exponential(At(1)), new Gamma(At(2), At(1)), new LogNormal(At(0), At(1)), new Uniform(At(0), At(10))])
            {
                Assert.That(d.LogProb(x).ToArray<double>()[0], Is.EqualTo(double.NegativeInfinity), d.ToString());
                Assert.That(double.IsFinite(d.LogProb(x).ToArray<double>()[2]), $"{d}");
            }

            foreach (Distribution d in (Distribution[])[new Bernoulli(At(0.5)), new Poisson(At(2)), new Geometric(At(0.5)), new Binomial(8, At(0.5))])
            {
                Assert.That(d.LogProb(x).ToArray<double>()[..2], Is.All.EqualTo(double.NegativeInfinity), d.ToString());
            }

            Assert.That(new Bernoulli(At(1)).LogProb(Tensor.From<float>([0, 1], Device)).ToArray<double>(), Is.EqualTo([double.NegativeInfinity, 0]));
            Assert.That(new Beta(At(2), At(2)).LogProb(At(1.5)).Item(), Is.EqualTo(double.NegativeInfinity));
            Assert.That(new Categorical(Tensor.Ones([3], device: Device)).LogProb(Tensor.From<long>([3, 0], Device)).ToArray<double>(), Is.EqualTo([double.NegativeInfinity, -Math.Log(3)]).Within(1e-6));
        });
    }

    [Test]
    public void WrongParameters_AreNamed() => Assert.Multiple(static () =>
    {
        Assert.That(static () => new Normal(At(0), At(0)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Normal: scale must be positive"));
        Assert.That(static () => new Bernoulli(At(1.5)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("[0, 1]"));
        Assert.That(static () => new Bernoulli(), Throws.ArgumentException.With.Message.Contains("either probs or logits"));
        Assert.That(static () => new Categorical(Tensor.From<float>([1, 2, 0, 0], [2, 2], Device)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Categorical: a row of probs adds up to 0"));
        Assert.That(static () => new Multinomial(3, Tensor.Zeros([2], device: Device)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Multinomial: a row of probs"));
        Assert.That(static () => new OneHotCategorical(logits: Tensor.Full([2], double.NegativeInfinity, device: Device)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("row of logits"));
        Assert.That(static () => new Categorical(logits: Tensor.From<float>([0, float.PositiveInfinity], Device)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("row of logits"));
        Assert.That(new Categorical(logits: Tensor.From<float>([0, float.NegativeInfinity], Device)).Sample([4]).ToArray<long>(), Is.All.Zero);
        Assert.That(static () => new Categorical(At(1)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[batch, K]"));
        Assert.That(static () => new Uniform(At(1), At(1)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("above low"));
        Assert.That(static () => new Normal(Tensor.Zeros([2], device: Device), Tensor.Ones([3], device: Device)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(static () => new Normal(Tensor.Zeros([2], DType.Int64, Device), At(1)), Throws.TypeOf<DTypeMismatchException>());
        Assert.That(static () => new Independent(new Normal(At(0), At(1)), 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("batch"));
        Assert.That(static () => new MultivariateNormal(Tensor.Zeros([2], device: Device), Tensor.Eye(3, device: Device)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(static () => new Normal(Tensor.Zeros([3], device: Device), At(1)).LogProb(Tensor.Zeros([2], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3]"));
        Assert.That(static () => new Beta(At(2), At(2)).Cdf(At(0.5)), Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("Beta"));
    });

    [Test]
    public void Sample_IsTheSameForOneSeed()
    {
        foreach (string name in DistributionGoldenTests.Makers.Keys)
        {
            Distribution d = DistributionGoldenTests.Open(name);
            double[] first = d.Sample([3], new Generator(5)).ToArray<double>();
            Assert.That(d.Sample([3], new Generator(5)).ToArray<double>(), Is.EqualTo(first), name);
            Assert.That(d.Sample([0]).ElementCount, Is.Zero, name);
        }
    }

    private static Tensor At(double value) => Tensor.Scalar(value, device: Device);

    private static TestCaseData Row(string name, Func<Distribution> make, Func<Tensor, Tensor> cdf) => new TestCaseData(make, cdf).SetArgDisplayNames(name);
}
