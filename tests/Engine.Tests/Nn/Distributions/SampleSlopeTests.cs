using System.Text.Json;
using Engine.Nn.Distributions;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.DistributionCases;

/// <summary>
/// How samples move with their concentrations: against derivatives of distribution functions in 100 digits, PyTorch's gradients (which have 5·10⁻⁴ of gamma and 4·10⁻³ of beta numbers) and differences of quantiles, which
/// tests/golden_tools/make_sample_gradients.py has written.
/// </summary>
internal sealed class SampleSlopeTests
{
    private static readonly Lazy<JsonElement> s_golden = new(static () =>
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "sample_gradients.json")));
        return document.RootElement.Clone();
    });

    private static Device Host => ReferenceDevice.Shared;

    [TestCase(DType.Float64)]
    [TestCase(DType.Float32)]
    public void LogGamma_IsTheDerivativeOfTheDistributionFunction(DType type)
    {
        JsonElement[] cases = Cases("gamma");
        double[] a = Numbers(cases, "a"), actual = SampleSlopes.OfLogGamma(Column(cases, "log", type), Column(cases, "a", type)).ToArray<double>();
        Check(cases, a, actual, type);
    }

    [TestCase(DType.Float64)]
    [TestCase(DType.Float32)]
    public void BetaLogit_IsTheDerivativeOfTheDistributionFunction(DType type)
    {
        JsonElement[] cases = Cases("beta");
        double[] largest = [.. Numbers(cases, "a").Zip(Numbers(cases, "b"), Math.Max)];
        double[] actual = SampleSlopes.OfBetaLogit(Column(cases, "logit", type), Column(cases, "a", type), Column(cases, "b", type)).ToArray<double>();
        Check(cases, largest, actual, type);
    }

    [Test]
    public void Dirichlet_GradientIsTorchs()
    {
        JsonElement c = s_golden.Value.GetProperty("dirichlet");
        Tensor a = Rows(c, "a").WithGrad();
        Tensor x = new DirichletSample(Rows(c, "x").Log()).Apply(a);
        Close.AssertAll("x", Rows(c, "x"), x.Detach(), 1e-12, 0);
        (x * Rows(c, "w")).Sum().Backward();
        Close.AssertAll("gradient", Rows(c, "torch"), a.Grad!, 5e-3, 1e-6);
    }

    [Test]
    public void RSample_GradientsOnAverage_AreThoseOfTheMoments()
    {
        // Half a million draws, which the loops of the reference need half a minute for.
        Device device = Device.Cpu;
        Tensor a = Tensor.From<double>([0.4, 1, 6], device).WithGrad(), b = Tensor.From<double>([2, 0.6, 3], device).WithGrad();
        double[] p = a.ToArray<double>(), q = b.ToArray<double>();
        AssertMoment("Gamma, a", new Gamma(a, b), static x => x, a, [.. q.Select(static r => 1 / r)]);
        AssertMoment("Gamma, rate", new Gamma(a, b), static x => x, b, [.. p.Zip(q, static (u, v) => -u / (v * v))]);
        AssertMoment("Beta, a", new Beta(a, b), static x => x, a, [.. p.Zip(q, static (u, v) => v / ((u + v) * (u + v)))]);
        AssertMoment("Beta, b", new Beta(a, b), static x => x, b, [.. p.Zip(q, static (u, v) => -u / ((u + v) * (u + v)))]);
        AssertMoment("Chi2", new Chi2(b), static x => x, b, [1, 1, 1]);
        double sum = p.Sum();
        AssertMoment("Dirichlet", new Dirichlet(a), static x => x.Narrow(-1, 0, 1), a, [(sum - p[0]) / (sum * sum), -p[0] / (sum * sum), -p[0] / (sum * sum)]);
        Tensor df = Tensor.From<double>([12, 20], device).WithGrad(), one = Tensor.Ones([1], DType.Float64, device);
        AssertMoment("StudentT", new StudentT(df, Tensor.Zeros([1], DType.Float64, device), one), static x => x.Square(), df, [-2.0 / 100, -2.0 / (18 * 18)]);
    }

    [Test]
    public void RSample_IsSample_AndReachesParametersOfOtherShapes()
    {
        foreach (DType type in (DType[])[DType.Float64, DType.Float32, DType.Float16])
        {
            Tensor a = Tensor.Scalar(1.5, type, Host).WithGrad(), b = Tensor.Full([2, 1], 0.7, type, Host).WithGrad();
            Beta beta = new(a, b);
            Tensor x = beta.RSample([3], new Generator(4));
            Assert.That(x.Detach().ToArray<double>(), Is.EqualTo(beta.Sample([3], new Generator(4)).ToArray<double>()));
            x.Sum().Backward();
            Assert.That((a.Grad!.Shape, b.Grad!.Shape, a.Grad.DType), Is.EqualTo((a.Shape, b.Shape, type)));
            Assert.That(a.Grad.ToArray<double>().Concat(b.Grad.ToArray<double>()), Is.All.Matches<double>(static v => double.IsFinite(v) && v != 0));
        }

        Tensor none = Tensor.Ones([0], device: Host).WithGrad();
        new Gamma(none, none).RSample().Sum().Backward();
        Assert.That(none.Grad!.Shape, Is.EqualTo(new Shape(0)));
        Tensor single = Tensor.Ones([2, 1], device: Host).WithGrad();
        new Dirichlet(single).RSample().Sum().Backward();
        Assert.That(single.Grad!.ToArray<double>(), Is.All.Zero, "of one class there is one value");
    }

    [Test]
    public void RSample_SecondDerivative_IsRefused()
    {
        Tensor a = Tensor.Ones([2], device: Host).WithGrad();
        foreach (Distribution d in (Distribution[])[new Gamma(a, a), new Beta(a, a), new Dirichlet(a), new StudentT(a, a, a), new Chi2(a)])
        {
            Assert.That(d.HasRSample);
            Assert.That(() => Autograd.Grad(d.RSample().Square().Sum(), a, createGraph: true), Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("LogProb"), d.ToString());
        }
    }

    [Test]
    public void Entropies_OfCounts_AreTheirSums()
    {
        double[] rates = [0, 1e-3, 0.7, 5, 39.99, 40.01, 300, 1e6];
        Tensor rate = Tensor.From<double>(rates, Host);
        double[] actual = new Poisson(rate).Entropy().ToArray<double>();
        Assert.Multiple(() =>
        {
            for (int i = 0; i < rates.Length; i++)
            {
                double expected = rates[i] > 1000 ? 0.5 * Math.Log(2 * Math.PI * Math.E * rates[i]) - (1 / (12 * rates[i])) : SumOverCounts(rates[i]);
                Assert.That(actual[i], Is.EqualTo(expected).Within(1e-10 * (1 + expected)), $"rate {rates[i]}");
            }
        });

        // ∂H/∂λ on both sides of the border.
        Tensor leaf = Tensor.From<double>([3, 39, 41], Host).WithGrad();
        new Poisson(leaf).Entropy().Sum().Backward();
        double[] slopes = leaf.Grad!.ToArray<double>();
        foreach ((double at, double slope) in leaf.ToArray<double>().Zip(slopes))
        {
            Assert.That(slope, Is.EqualTo((SumOverCounts(at + 1e-4) - SumOverCounts(at - 1e-4)) / 2e-4).Within(1e-7));
        }
    }

    [Test]
    public void Entropy_OfMultinomial_IsTheSumOverAllCounts()
    {
        Tensor p = Tensor.From<double>([0.5, 0.2, 0.3, 0, 0.9, 0.1], [2, 3], Host).WithGrad();
        Multinomial d = new(5, p);
        double[] counts = [.. Enumerable.Range(0, 216).Select(static i => (int[])[i / 36, i / 6 % 6, i % 6]).Where(static k => k.Sum() == 5).SelectMany(static k => k).Select(static k => (double)k)];
        Tensor log = d.LogProb(Tensor.From<double>(counts, [counts.Length / 3, 1, 3], Host)), likely = log.Exp();
        Tensor expected = -(likely * Tensor.Where(likely > 0, log, Tensor.Scalar(0.0, DType.Float64, Host))).Sum(0);
        Close.AssertAll("entropy", expected.Detach(), d.Entropy().Detach(), 1e-12, 1e-12);
        Tensor inside = p.Detach().Narrow(0, 0, 1).WithGrad(), again = inside.Detach().WithGrad();
        new Multinomial(5, inside).Entropy().Sum().Backward();
        Multinomial other = new(5, again);
        Tensor logs = other.LogProb(Tensor.From<double>(counts, [counts.Length / 3, 1, 3], Host));
        (-(logs.Exp() * logs).Sum()).Backward();
        Close.AssertAll("gradient", again.Grad!, inside.Grad!, 1e-10, 1e-10);
    }

    private static double SumOverCounts(double rate)
    {
        double entropy = 0, log = -rate;
        for (int k = 0; k < 2000; k++)
        {
            entropy -= rate == 0 ? 0 : Math.Exp(log) * log;
            log += Math.Log(rate) - Math.Log(k + 1);
        }

        return entropy;
    }

    private static void AssertMoment(string what, Distribution d, Func<Tensor, Tensor> statistic, Tensor parameter, double[] expected)
    {
        const int Draws = 20_000, Parts = 20;
        using TensorScope scope = TensorScope.Begin();
        Generator generator = new(7);
        double[][] means = new double[Parts][];
        for (int part = 0; part < Parts; part++)
        {
            Tensor y = statistic(d.RSample([Draws / Parts], generator)).Sum() * ((double)Parts / Draws);
            means[part] = Autograd.Grad(y, parameter).ToArray<double>();
        }

        for (int i = 0; i < expected.Length; i++)
        {
            double mean = means.Average(m => m[i]), error = Math.Sqrt(means.Average(m => (m[i] - mean) * (m[i] - mean)) / (Parts - 1));
            Assert.That(mean, Is.EqualTo(expected[i]).Within((5 * error) + 1e-9), $"{what}, {i}: error {error}");
            Assert.That(error, Is.LessThan(0.1 * Math.Abs(expected[i])), $"{what}, {i}: the test says something");
        }
    }

    private static void Check(JsonElement[] cases, double[] sizes, double[] actual, DType type) => Assert.Multiple(() =>
    {
        for (int i = 0; i < cases.Length; i++)
        {
            double bound = type == DType.Float64 ? 1e-9 : sizes[i] > 100 ? 1e-4 : 1e-5;
            Assert.That(actual[i], Is.EqualTo(cases[i].GetProperty("slope").GetDouble()).Within(100 * bound).Percent, cases[i].ToString());
            if (cases[i].TryGetProperty("torch", out JsonElement torch))
            {
                Assert.That(actual[i], Is.EqualTo(torch.GetDouble()).Within(cases[i].TryGetProperty("b", out _) ? 0.4 : 0.06).Percent, $"PyTorch: {cases[i]}");
                Assert.That(actual[i], Is.EqualTo(cases[i].GetProperty("quantile").GetDouble()).Within(0.01).Percent, $"differences: {cases[i]}");
            }
        }
    });

    private static JsonElement[] Cases(string name) => [.. s_golden.Value.GetProperty(name).EnumerateArray()];

    private static double[] Numbers(JsonElement[] cases, string key) => Array.ConvertAll(cases, c => c.GetProperty(key).GetDouble());

    private static Tensor Column(JsonElement[] cases, string key, DType type) => Tensor.From<double>(Numbers(cases, key), Host).To(type);

    private static Tensor Rows(JsonElement c, string key) => Tensor.From<double>([.. c.GetProperty(key).EnumerateArray().Select(static v => v.GetDouble())], [2, 3], Host);
}

/// <summary>The same programs on every device.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SampleSlopeDeviceTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Slopes_AreThoseOfTheReference()
    {
        SkipSlowCompilers();
        Tensor a = Tensor.From<float>([0.02f, 0.5f, 1, 3, 40, 700], Device), y = Tensor.From<float>([-4, -0.5f, 0.3f, 1.2f, 3.7f, 6.5f], Device), b = a.Flip();
        Close.AssertAll("gamma", SampleSlopes.OfLogGamma(There(y), There(a)), SampleSlopes.OfLogGamma(y, a), 1e-3, 0);
        Close.AssertAll("beta", SampleSlopes.OfBetaLogit(There(y), There(a), There(b)), SampleSlopes.OfBetaLogit(y, a, b.Contiguous()), 1e-3, 0);
    }

    private static Tensor There(Tensor x) => x.To(ReferenceDevice.Shared).To(DType.Float64);
}
