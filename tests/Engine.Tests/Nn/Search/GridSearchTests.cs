using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Search;

internal sealed class GridSearchTests
{
    [Test]
    public void Grid_TriesEveryCombination()
    {
        SearchSpace space = new();
        Dimension<double> rate = space.LogUniform("rate", 1e-4, 1e-1);
        Dimension<int> width = space.Integer("width", 2, 4);
        Dimension<string> kind = space.Choice("kind", "sgd", "adam");
        GridSearch grid = new(points: 4);
        IReadOnlyList<Trial> trials = All(space, grid);
        Assert.That(grid.Count(space), Is.EqualTo(4 * 3 * 2));
        Assert.That(trials.Select(t => (Math.Round(Math.Log10(t[rate]), 9), t[width], t[kind])).Distinct().Count(), Is.EqualTo(24));
        Assert.That(trials.Select(t => Math.Round(Math.Log10(t[rate]), 9)).Distinct(), Is.EqualTo(new double[] { -4, -3, -2, -1 }));
        Assert.That(trials.Take(2).Select(t => t[kind]), Is.EqualTo(new[] { "sgd", "adam" }));
    }

    [Test]
    public void Grid_CombinesABranchWithItsOwnChoice()
    {
        SearchSpace space = new();
        Dimension<string> optimizer = space.Choice("optimizer", "sgd", "adam", "plain");
        Dimension<double> momentum = space.When(optimizer, "sgd").Uniform("momentum", 0, 1), beta = space.When(optimizer, "adam").Uniform("beta", 0, 1), rate = space.Uniform("rate", 0, 1);
        Dimension<bool> nesterov = space.When(optimizer, "sgd").Choice("nesterov", false, true);
        IReadOnlyList<Trial> trials = All(space, new GridSearch(points: 3));

        // By nested loops.
        List<string> expected = [];
        foreach (string o in (string[])["sgd", "adam", "plain"])
        {
            foreach (double m in o == "sgd" ? (double[])[0, 0.5, 1] : [double.NaN])
            {
                foreach (bool? n in o == "sgd" ? (bool?[])[false, true] : [null])
                {
                    foreach (double b in o == "adam" ? (double[])[0, 0.5, 1] : [double.NaN])
                    {
                        expected.AddRange(((double[])[0, 0.5, 1]).Select(r => $"{o} {m} {n} {b} {r}"));
                    }
                }
            }
        }

        string[] found = [.. trials.Select(t => $"{t[optimizer]} {t.Coordinate(momentum)} {(t.Has(nesterov) ? t.Get(nesterov) : null)} {t.Coordinate(beta)} {t[rate]}")];
        Assert.That(expected, Has.Count.EqualTo((6 + 3 + 1) * 3));
        Assert.That(found, Is.EquivalentTo(expected));
    }

    /// <summary>The picture of the notes: of nine trials on a 3×3 grid the important hyper-parameter sees three values, at random nine.</summary>
    [Test]
    public void NineTrials_AtRandom_SeeNineRates_OnAGridThree()
    {
        SearchSpace space = new();
        Dimension<double> important = space.Uniform("important", 0, 1), other = space.Uniform("other", 0, 1);
        Study random = new(space, new RandomSearch());
        random.Optimize(static _ => 0, 9);
        Assert.That(random.Trials.Select(t => t[important]).Distinct().Count(), Is.EqualTo(9));
        Assert.That(random.Trials.Select(t => t[other]).Distinct().Count(), Is.EqualTo(9));
        Assert.That(All(space, new GridSearch(3)).Select(t => t[important]), Is.EqualTo(new[] { 0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1 }));
    }

    [Test]
    public void Grid_TooLargeOrWithoutPoints_Throws()
    {
        SearchSpace space = new();
        for (int i = 0; i < 8; i++)
        {
            _ = space.Uniform("x" + i, 0, 1);
        }

        Assert.That(() => new Study(space, new GridSearch(1000)), Throws.ArgumentException.With.Message.Contains("combinations"));
        Assert.That(() => new GridSearch(0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static IReadOnlyList<Trial> All(SearchSpace space, GridSearch grid)
    {
        Study study = new(space, grid);
        study.Optimize(static _ => 0);
        return study.Trials;
    }
}
