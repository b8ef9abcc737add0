using Engine.Nn;

namespace Engine.Tests.Nn.Search;

/// <summary>Functions that searches are measured on; the same as in make_search.py.</summary>
internal static class TestFunctions
{
    private static readonly double[] s_alpha = [1, 1.2, 3, 3.2];
    private static readonly double[][] s_a = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]];
    private static readonly double[][] s_p =
    [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];

    /// <summary>Adds the hyper-parameters to a space and gives the objective over them.</summary>
    public static Func<Trial, double> Build(string name, SearchSpace space) => name switch
    {
        "branin" => Branin(space),
        "hartmann6" => Hartmann(space),
        "rosenbrock" => Rosenbrock(space),
        "conditional" => Conditional(space),
        _ => throw new ArgumentException(name),
    };

    private static Func<Trial, double> Branin(SearchSpace space)
    {
        Dimension<double> x = space.Uniform("x", -5, 10), y = space.Uniform("y", 0, 15);
        return t => Math.Pow(t[y] - (5.1 / (4 * Math.PI * Math.PI) * t[x] * t[x]) + (5 / Math.PI * t[x]) - 6, 2) + (10 * (1 - (1 / (8 * Math.PI))) * Math.Cos(t[x])) + 10;
    }

    private static Func<Trial, double> Hartmann(SearchSpace space)
    {
        Dimension<double>[] x = [.. Enumerable.Range(0, 6).Select(i => space.Uniform($"x{i}", 0, 1))];
        return t => -s_alpha.Select((c, i) => c * Math.Exp(-x.Select((d, j) => s_a[i][j] * Math.Pow(t[d] - s_p[i][j], 2)).Sum())).Sum();
    }

    private static Func<Trial, double> Rosenbrock(SearchSpace space)
    {
        Dimension<double> x = space.Uniform("x", -2, 2), y = space.Uniform("y", -2, 2);
        return t => Math.Pow(1 - t[x], 2) + (100 * Math.Pow(t[y] - (t[x] * t[x]), 2));
    }

    // A branch for each optimizer; the best of sgd is 1, of adam 1.2.
    private static Func<Trial, double> Conditional(SearchSpace space)
    {
        Dimension<int> layers = space.Integer("layers", 1, 6);
        Dimension<string> optimizer = space.Choice("optimizer", "sgd", "adam");
        SearchBranch sgd = space.When(optimizer, "sgd"), adam = space.When(optimizer, "adam");
        Dimension<double> sgdRate = sgd.LogUniform("sgd_rate", 1e-4, 1), momentum = sgd.Uniform("momentum", 0, 0.95, step: 0.05), adamRate = adam.LogUniform("adam_rate", 1e-5, 1e-1);
        Dimension<int> units = adam.LogInteger("units", 8, 512);
        return t => (0.05 * Math.Pow(t[layers] - 3, 2)) + (t[optimizer] == "sgd"
            ? 1 + (0.3 * Math.Pow(Math.Log10(t[sgdRate] / 0.1), 2)) + (2 * Math.Pow(t[momentum] - 0.9, 2))
            : 1.2 + (0.3 * Math.Pow(Math.Log10(t[adamRate] / 0.001), 2)) + (0.1 * Math.Pow(Math.Log2(t[units] / 128.0), 2)));
    }
}
