using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Search;

/// <summary>The best values that searches find against those of Optuna, over thirty seeds of each.</summary>
internal sealed class OptunaTests
{
    private const int Seeds = 30;

    // The medians of both must agree to 5 %, or lie both within this share of a function's range of its minimum.
    private const double NearShare = 1e-4;

    private static readonly Dictionary<string, (double Minimum, double Maximum)> s_functions = new()
    {
        ["branin"] = (0.397887, 308.129),
        ["hartmann6"] = (-3.32237, 0),
        ["rosenbrock"] = (0, 3609),
        ["conditional"] = (1, 4.45),
    };

    [Test]
    public void Tpe_FindsWhatOptunaFinds([Values("branin", "hartmann6", "rosenbrock", "conditional")] string function)
    {
        double[] ours = Best(function, static seed => new TpeSearch(seed)), random = Best(function, static seed => new RandomSearch(seed));
        Compare(function, "tpe", ours);
        Assert.That(Median(ours) - s_functions[function].Minimum, Is.LessThan(0.7 * (Median(random) - s_functions[function].Minimum)), "and more than a random search does");
    }

    [Test]
    public void Random_FindsWhatOptunaFinds([Values("branin", "hartmann6", "rosenbrock", "conditional")] string function) =>
        Compare(function, "random", Best(function, static seed => new RandomSearch(seed)));

    private static void Compare(string function, string algorithm, double[] ours)
    {
        double[] theirs = Optuna.Part("best")[function]![algorithm]!.Rows()[^1];
        double median = Median(ours), reference = Median(theirs);
        TestContext.Out.WriteLine($"{function}, {algorithm}: {median:F4}, Optuna {reference:F4}, p = {MannWhitney(ours, theirs):F3}");
        Assert.That(MannWhitney(ours, theirs), Is.GreaterThan(0.05), "as samples of one distribution");
        (double minimum, double maximum) = s_functions[function];
        double near = NearShare * (maximum - minimum);
        if (median - minimum > near || reference - minimum > near)
        {
            Assert.That(median, Is.EqualTo(reference).Within(5).Percent);
        }
    }

    private static double[] Best(string function, Func<int, SearchAlgorithm> algorithm) => [.. Enumerable.Range(0, Seeds).Select(seed =>
    {
        SearchSpace space = new();
        Func<Trial, double> objective = TestFunctions.Build(function, space);
        Study study = new(space, algorithm(seed));
        study.Optimize(objective, 100);
        return study.Best!.Value;
    })];

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The two-sided p of Mann and Whitney's test, by the normal distribution.</summary>
    private static double MannWhitney(double[] a, double[] b)
    {
        double u = a.Sum(x => b.Sum(y => x < y ? 1 : x == y ? 0.5 : 0));
        double z = (Math.Abs(u - (a.Length * b.Length / 2.0)) - 0.5) / Math.Sqrt(a.Length * b.Length * (a.Length + b.Length + 1) / 12.0);
        return 1 - SpecialFunctions.Erf(z / Math.Sqrt(2));
    }
}
