using System.Text.Json.Nodes;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Search;

internal sealed class ImportanceTests
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void Shares_AreOptunas(int index)
    {
        JsonNode recorded = Optuna.Part("importance")[index]!;
        string[] names = [.. recorded["names"]!.AsArray().Select(static n => n!.GetValue<string>())];
        double[] values = recorded["values"]!.Numbers(), expected = recorded["importance"]!.Numbers();
        double[][] points = [.. recorded["points"]!.Rows().Select(row => row.Select((v, i) => names[i] == "k" ? (v + 0.5) / 3 : v).ToArray())];

        // Means over ten forests, as those recorded.
        double[][] forests = [.. Enumerable.Range(0, 10).Select(seed => FunctionalAnova.Shares(points, values, trees: 64, seed))];
        double[] shares = [.. names.Select((_, i) => forests.Average(f => f[i]))];
        Assert.That(shares, Is.EqualTo(expected).Within(0.03), recorded["function"]!.GetValue<string>());
        Assert.That(Ranking(shares), Is.EqualTo(Ranking(expected)));
    }

    /// <summary>f = Σ fᵢ(xᵢ): each share is Var fᵢ(xᵢ)/Σ Var, known in closed form.</summary>
    [Test]
    public void Shares_OfAnAdditiveFunction_AreItsVariances()
    {
        SearchSpace space = new();
        Dimension<double> rate = space.LogUniform("rate", 1e-4, 1), line = space.Uniform("line", 0, 1), square = space.Uniform("square", 0, 1);
        Dimension<int> steps = space.Integer("steps", 0, 3);
        Dimension<string> kind = space.Choice("kind", "a", "b", "c");
        _ = space.Uniform("nothing", 0, 1);
        Study study = new(space, new RandomSearch(1));
        study.Optimize(t => Math.Log10(t[rate]) + (3 * t[line]) + (2 * t[square] * t[square]) + t[steps] + (t[kind] == "a" ? 2 : 0), 400);
        Dictionary<string, double> variances = new()
        {
            ["rate"] = 16 / 12.0, // uniform over four decades
            ["line"] = 9 / 12.0,
            ["square"] = 4 * ((1 / 5.0) - (1 / 9.0)),
            ["steps"] = (16 - 1) / 12.0,
            ["kind"] = 4 * (1 / 3.0) * (2 / 3.0),
            ["nothing"] = 0,
        };
        double sum = variances.Values.Sum();
        IReadOnlyList<HyperparameterImportance> found = study.Importance();
        Assert.Multiple(() =>
        {
            Assert.That(found.Select(static i => i.Share), Is.Ordered.Descending);
            Assert.That(found.Sum(static i => i.Share), Is.EqualTo(1).Within(1e-12));
            foreach ((Dimension dimension, double share) in found)
            {
                Assert.That(share, Is.EqualTo(variances[dimension.Name] / sum).Within(0.05), dimension.Name);
            }

            Assert.That(found[^1].Dimension.Name, Is.EqualTo("nothing"));
            Assert.That(study.Importance(), Is.EqualTo(found), "the same seed, the same forest");
        });
    }

    [Test]
    public void Importance_OfBranches_CountsTrialsWithoutThem()
    {
        SearchSpace space = new();
        Dimension<string> kind = space.Choice("kind", "with", "without");
        Dimension<double> branch = space.When(kind, "with").Uniform("branch", 0, 1), other = space.Uniform("other", 0, 1);
        Study study = new(space, new RandomSearch(2));
        study.Optimize(t => t.Has(branch) ? 5 * t[branch] : 2.5, 200);
        Assert.That(study.Importance().Select(static i => i.Dimension.Name), Is.EqualTo(new[] { "branch", "kind", "other" }).Or.EqualTo(new[] { "branch", "other", "kind" }));
        Assert.That(study.Importance()[0].Share, Is.GreaterThan(0.8));
    }

    [Test]
    public void Importance_WithoutDifferences_Throws()
    {
        SearchSpace space = new();
        Dimension<double> x = space.Uniform("x", 0, 1);
        Study study = new(space, new RandomSearch());
        Assert.That(() => study.Importance(), Throws.InvalidOperationException.With.Message.Contains("0 completed trials"));
        study.Optimize(static t => t.Number == 0 ? double.PositiveInfinity : t.Number == 1 ? double.NaN : 3, 5);
        Assert.That(() => study.Importance(), Throws.InvalidOperationException.With.Message.Contains("3 completed trials with 1 different values"));
        Assert.That(() => study.Importance(trees: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(study.Trials[0][x], Is.InRange(0, 1));
    }

    private static int[] Ranking(double[] shares) => [.. Enumerable.Range(0, shares.Length).OrderByDescending(i => shares[i])];
}
