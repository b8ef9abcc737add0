using System.Text.Json.Nodes;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Search;

/// <summary>The densities of the TPE against Optuna's own estimator over the same observations.</summary>
internal sealed class ParzenTests
{
    private static IEnumerable<TestCaseData> Cases => Enumerable.Range(0, 28).Select(static i => new TestCaseData(i));

    [TestCaseSource(nameof(Cases))]
    public void Densities_AreOptunas(int index)
    {
        Assert.That(Optuna.Part("parzen").AsArray(), Has.Count.EqualTo(28));
        JsonNode recorded = Optuna.Part("parzen")[index]!;
        Dimension dimension = DimensionOf(recorded["space"]!.GetValue<string>());
        ParzenEstimator estimator = new(dimension, recorded["observations"]!.Numbers(), priorWeight: 1);
        Assert.Multiple(() =>
        {
            Assert.That(estimator.Weights, Is.EqualTo(recorded["weights"]!.Numbers()).Within(1e-12));
            if (recorded["means"] is { } means)
            {
                Assert.That(estimator.Means, Is.EqualTo(means.Numbers()).Within(1e-12));
                Assert.That(estimator.Stds, Is.EqualTo(recorded["deviations"]!.Numbers()).Within(1e-12));
            }

            // Optuna's own error function is good for about nine digits.
            double[] logs = [.. recorded["points"]!.Numbers().Select(estimator.LogDensity)];
            Assert.That(logs, Is.EqualTo(recorded["logDensity"]!.Numbers()).Within(1e-7), $"{dimension}");
        });
    }

    [TestCase("uniform")]
    [TestCase("log")]
    [TestCase("step")]
    [TestCase("intLog")]
    [TestCase("choice")]
    public void Samples_HaveTheProbabilitiesOfTheMixture(string space)
    {
        Dimension dimension = DimensionOf(space);
        double[] observations = [.. ((double[])[0.1, 0.15, 0.7, 0.72, 0.9]).Select(dimension.FromUnit)];
        ParzenEstimator estimator = new(dimension, observations, priorWeight: 1);
        SearchRandom random = new(5, 0, 0, 0);
        double[] samples = [.. Enumerable.Range(0, 4000).Select(_ => estimator.Sample(random))];
        Assert.That(samples, Is.All.InRange(dimension.Low, dimension.High));

        // The share of samples below a place against the mixture's distribution function there.
        (double low, double high) = dimension.Domain;
        for (double u = 0.1; u < 1; u += 0.2)
        {
            double place = low + (u * (high - low)), expected = 0;
            if (dimension.Kind == DimensionKind.Choice)
            {
                expected = estimator.Probabilities.Where((_, i) => i < place).Sum();
            }
            else
            {
                // A place between two steps is a border where what lies below is rounded down.
                place = dimension.Step == 0 ? place : dimension.ToDomain(dimension.FromDomain(place) + (dimension.Step / 2));
                for (int i = 0; i < estimator.Means.Length; i++)
                {
                    double Cdf(double x) => 0.5 * (1 + SpecialFunctions.Erf((x - estimator.Means[i]) / estimator.Stds[i] / Math.Sqrt(2)));
                    expected += estimator.Weights[i] * (Cdf(place) - Cdf(low)) / (Cdf(high) - Cdf(low));
                }
            }

            Assert.That(samples.Count(s => dimension.ToDomain(s) < place) / 4000.0, Is.EqualTo(expected).Within(0.03), $"{space} at {u}");
        }
    }

    /// <summary>ln(Φ(b) − Φ(a)) by mpmath in 50 digits: log(ncdf(b) - ncdf(a)).</summary>
    [TestCase(-1, 1, -0.381715146302126)]
    [TestCase(-0.25, 0.5, -1.23729250132245)]
    [TestCase(5, 6, -15.0684460965295)]
    [TestCase(-40, -39, -765.083156564378)]
    public void LogMass_IsExactInTheTails(double a, double b, double expected) =>
        Assert.That(TruncatedNormal.LogMass(a, b), Is.EqualTo(expected).Within(1e-11));

    private static Dimension DimensionOf(string space) => space switch
    {
        "uniform" => new SearchSpace().Uniform("v", -5, 10),
        "log" => new SearchSpace().LogUniform("v", 1e-5, 1e-1),
        "step" => new SearchSpace().Uniform("v", 0, 0.95, step: 0.05),
        "int" => new SearchSpace().Integer("v", 1, 6),
        "intStep" => new SearchSpace().Integer("v", 8, 64, step: 8),
        "intLog" => new SearchSpace().LogInteger("v", 8, 512),
        "choice" => new SearchSpace().Choice("v", "a", "b", "c"),
        _ => throw new ArgumentException(space),
    };
}
