using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>Drawn numbers against the distributions' moments and cumulative functions in closed form.</summary>
internal sealed class SampleRandomTests
{
    private const int Count = 20_000;

    // Kolmogorov's bound at a level of 0.1 %: seeds are fixed, so that a test passes always or never.
    private static readonly double s_bound = 1.95 / Math.Sqrt(Count);

    [Test]
    public void NextBeta_HasItsMoments([Values(0.05, 0.2, 0.5, 1, 2, 8)] double a, [Values(0, 3)] double more)
    {
        double b = a + more, mean = a / (a + b), variance = a * b / ((a + b) * (a + b) * (a + b + 1));
        double[] draws = Draw((ref SampleRandom r) => r.NextBeta(a, b));
        Assert.That(draws, Is.All.InRange(0.0, 1.0));
        Assert.That(draws.Average(), Is.EqualTo(mean).Within(4 * Math.Sqrt(variance / Count)));
        Assert.That(draws.Average(x => (x - mean) * (x - mean)), Is.EqualTo(variance).Within(0.05 * variance));
    }

    [Test]
    public void NextBeta_HasItsDistribution()
    {
        AssertDistribution(Draw(static (ref SampleRandom r) => r.NextBeta(1, 1)), static x => x);
        AssertDistribution(Draw(static (ref SampleRandom r) => r.NextBeta(0.5, 0.5)), static x => 2 / Math.PI * Math.Asin(Math.Sqrt(x)));
        AssertDistribution(Draw(static (ref SampleRandom r) => r.NextBeta(2, 2)), static x => x * x * (3 - (2 * x)));
        AssertDistribution(Draw(static (ref SampleRandom r) => r.NextBeta(3, 1)), static x => x * x * x);
        AssertDistribution(Draw(static (ref SampleRandom r) => r.NextBeta(0.2, 1)), static x => Math.Pow(x, 0.2));
    }

    [Test]
    public void NextBeta_TinyParameters_GiveTheEnds()
    {
        double[] draws = Draw(static (ref SampleRandom r) => r.NextBeta(1e-5, 1e-5));
        Assert.That(draws.Count(static x => x is < 1e-6 or > 1 - 1e-6), Is.GreaterThan(0.999 * Count));
        Assert.That(draws.Average(), Is.EqualTo(0.5).Within(0.02));
    }

    [Test]
    public void NextNormal_HasItsMoments()
    {
        double[] draws = Draw(static (ref SampleRandom r) => r.NextNormal());
        Assert.That(draws.Average(), Is.EqualTo(0).Within(0.03));
        Assert.That(draws.Average(static x => x * x), Is.EqualTo(1).Within(0.04));
        Assert.That(draws.Average(static x => x * x * x * x), Is.EqualTo(3).Within(0.3));
        Assert.That(draws.Count(static x => Math.Abs(x) < 1) / (double)Count, Is.EqualTo(0.6827).Within(0.01));
    }

    [Test]
    public void NextBeta_BadParameters_Throw()
    {
        foreach (double bad in (double[])[0, -1, double.NaN, double.PositiveInfinity])
        {
            Assert.That(() => new SampleRandom(1, 0).NextBeta(bad, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new SampleRandom(1, 0).NextBeta(1, bad), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    private delegate double Draws(ref SampleRandom random);

    private static double[] Draw(Draws draw)
    {
        SampleRandom random = new(7, 1);
        double[] values = new double[Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = draw(ref random);
        }

        return values;
    }

    private static void AssertDistribution(double[] draws, Func<double, double> cumulative)
    {
        Array.Sort(draws);
        double distance = draws.Select((x, i) => Math.Max(Math.Abs(cumulative(x) - ((double)i / Count)), Math.Abs(cumulative(x) - ((i + 1.0) / Count)))).Max();
        Assert.That(distance, Is.LessThan(s_bound));
    }
}
