using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Nn.Search;

internal sealed class SearchTests
{
    [Test]
    public void RandomSearch_SameSeed_SameTrials()
    {
        SearchSpace space = Space(out Dimension<double> rate, out Dimension<int> width, out Dimension<string> kind);
        string[][] runs = [.. new long[] { 7, 7, 8 }.Select(seed => new RandomSearch(space, seed).Run(6, static _ => 0).Trials.Select(static t => t.ToString()).ToArray())];
        Assert.That(runs[0], Is.EqualTo(runs[1]));
        Assert.That(runs[0], Is.Not.EqualTo(runs[2]));
        Assert.That(runs[0].Distinct().Count(), Is.EqualTo(6));
    }

    [Test]
    public void RandomSearch_StaysInsideTheRangesAndCoversThem()
    {
        SearchSpace space = Space(out Dimension<double> rate, out Dimension<int> width, out Dimension<string> kind);
        IReadOnlyList<Trial> trials = new RandomSearch(space, 3).Run(400, static _ => 0).Trials;
        Assert.Multiple(() =>
        {
            Assert.That(trials.Select(t => t[rate]), Is.All.InRange(1e-4, 1e-1));
            Assert.That(trials.Count(t => t[rate] < 1e-3) / 400.0, Is.EqualTo(1 / 3.0).Within(0.08), "a third of the trials for each order of magnitude");
            Assert.That(trials.Select(t => t[width]).Distinct().Order(), Is.EqualTo(new[] { 2, 3, 4 }));
            Assert.That(trials.Select(t => t[kind]).Distinct().Order(), Is.EqualTo(new[] { "adam", "sgd" }));
        });
    }

    [Test]
    public void GridSearch_TriesEveryCombination()
    {
        SearchSpace space = Space(out Dimension<double> rate, out Dimension<int> width, out Dimension<string> kind);
        GridSearch search = new(space, points: 4);
        IReadOnlyList<Trial> trials = search.Run(static _ => 0).Trials;
        Assert.That(search.Count, Is.EqualTo(4 * 3 * 2));
        Assert.That(trials.Select(t => (Math.Round(Math.Log10(t[rate]), 9), t[width], t[kind])).Distinct().Count(), Is.EqualTo(24));
        Assert.That(trials.Select(t => Math.Round(Math.Log10(t[rate]), 9)).Distinct(), Is.EqualTo(new double[] { -4, -3, -2, -1 }));
        Assert.That(trials.Take(2).Select(t => t[kind]), Is.EqualTo(new[] { "sgd", "adam" }));
    }

    [Test]
    public void NineTrials_OfARandomSearch_SeeNineRates_OfAGridThree()
    {
        SearchSpace space = new();
        Dimension<double> important = space.Uniform("important", 0, 1), other = space.Uniform("other", 0, 1);
        Assert.That(new RandomSearch(space).Run(9, static _ => 0).Trials.Select(t => t[important]).Distinct().Count(), Is.EqualTo(9));
        Assert.That(new GridSearch(space, 3).Run(static _ => 0).Trials.Select(t => t[important]).Distinct(), Is.EqualTo(new[] { 0, 0.5, 1 }));
    }

    [TestCase(MonitorMode.Min, 3)]
    [TestCase(MonitorMode.Max, 1)]
    public void Best_SkipsNaNAndFailures(MonitorMode mode, int expected)
    {
        SearchSpace space = new();
        _ = space.Uniform("x", 0, 1);
        List<int> told = [];
        SearchResult result = new RandomSearch(space, mode: mode).Run(
            5,
            static t => t.Number switch { 0 => double.NaN, 1 => 5, 2 => throw new EngineException("out of memory"), 3 => 2, _ => 3 },
            new Listener(t => told.Add(t.Number)));
        Assert.That(result.Best!.Number, Is.EqualTo(expected));
        Assert.That(result.Trials[2].State, Is.EqualTo(TrialState.Failed));
        Assert.That(result.Trials[2].Error!.Message, Is.EqualTo("out of memory"));
        Assert.That(told, Is.EqualTo(Enumerable.Range(0, 5)));
    }

    [Test]
    public void OtherExceptionsAndCancellation_EndTheSearch()
    {
        SearchSpace space = new();
        _ = space.Uniform("x", 0, 1);
        using CancellationTokenSource source = new();
        int tried = 0;
        Assert.That(() => new RandomSearch(space).Run(3, static _ => throw new FormatException()), Throws.TypeOf<FormatException>());
        Assert.That(
            () => new RandomSearch(space).Run(9, _ => { tried++; source.Cancel(); return 1; }, cancellationToken: source.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(tried, Is.EqualTo(1));
    }

    [Test]
    public void MedianPruner_GivesUpTrialsThatAreWorseThanTheMedian()
    {
        SearchSpace space = new();
        _ = space.Uniform("x", 0, 1);
        double[] finals = [1, 2, 3, 2.5, 1.5, double.NaN];
        RandomSearch search = new(space) { Pruner = new MedianPruner(firstTrials: 3, firstSteps: 1).ShouldPrune };
        SearchResult result = search.Run(finals.Length, trial =>
        {
            for (int step = 0; step < 3; step++)
            {
                if (trial.Report(step, finals[trial.Number]))
                {
                    break;
                }
            }

            return finals[trial.Number];
        });
        Assert.That(result.Trials.Select(static t => t.State == TrialState.Pruned), Is.EqualTo(new[] { false, false, false, true, false, true }));
        Assert.That(result.Trials.Select(static t => t.Reports.Count), Is.EqualTo(new[] { 3, 3, 3, 2, 3, 2 }));
        Assert.That(result.Best!.Number, Is.Zero);
    }

    [Test]
    public void TrialCallback_EndsTheRunOfAGivenUpTrial()
    {
        using ToyTraining toy = new();
        SearchSpace space = new();
        Dimension<double> rate = space.LogUniform("rate", 1e-3, 1e-1);
        RandomSearch search = new(space) { Pruner = static (trial, _) => trial.Reports.Count == 2 };
        SearchResult result = search.Run(1, trial =>
        {
            Layer model = ToyTraining.Model();
            Trainer trainer = new(model, new Adam(model.Parameters, trial[rate]), Losses.CrossEntropy) { Callbacks = [new TrialCallback(trial, "loss")] };
            return trainer.Fit(toy.Train, epochs: 5)["loss"][^1];
        });
        Assert.That(result.Trials[0].State, Is.EqualTo(TrialState.Pruned));
        Assert.That(result.Trials[0].Reports.Select(static r => r.Step), Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void BadSpaces_Throw()
    {
        SearchSpace space = new();
        Dimension<double> x = space.Uniform("x", 0, 1);
        Assert.Multiple(() =>
        {
            Assert.That(() => space.Uniform("x", 0, 1), Throws.ArgumentException.With.Message.Contains("'x'"));
            Assert.That(() => space.Uniform("y", 1, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.LogUniform("y", 0, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.Integer("y", 3, 2), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.Choice<string>("y"), Throws.ArgumentException);
            Assert.That(() => new RandomSearch(new SearchSpace()), Throws.ArgumentException);
            Trial trial = new RandomSearch(space).Run(1, static _ => 0).Trials[0];
            Assert.That(() => trial[new SearchSpace().Uniform("x", 0, 1)], Throws.ArgumentException.With.Message.Contains("another"));
            Assert.That(trial[x], Is.InRange(0, 1));
        });
    }

    private static SearchSpace Space(out Dimension<double> rate, out Dimension<int> width, out Dimension<string> kind)
    {
        SearchSpace space = new();
        rate = space.LogUniform("rate", 1e-4, 1e-1);
        width = space.Integer("width", 2, 4);
        kind = space.Choice("kind", "sgd", "adam");
        return space;
    }

    private sealed class Listener(Action<Trial> listen) : IProgress<Trial>
    {
        public void Report(Trial value) => listen(value);
    }
}
