using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Nn.Search;

internal sealed class StudyTests
{
    [TestCase("random")]
    [TestCase("tpe")]
    public void OneByOne_SameSeed_SameTrials(string algorithm)
    {
        string[][] runs = [.. new long[] { 7, 7, 8 }.Select(seed =>
        {
            SearchSpace space = new();
            Func<Trial, double> objective = TestFunctions.Build("conditional", space);
            Study study = new(space, algorithm == "tpe" ? new TpeSearch(seed) : new RandomSearch(seed));
            study.Optimize(objective, 25);
            return study.Trials.Select(static t => t.ToString()).ToArray();
        })];
        Assert.That(runs[0], Is.EqualTo(runs[1]));
        Assert.That(runs[0], Is.Not.EqualTo(runs[2]));
        Assert.That(runs[0].Distinct().Count(), Is.EqualTo(25));
    }

    [Test]
    public void Optimize_CountsAllTrialsOfTheStudy()
    {
        Study study = Line(out Dimension<double> x), whole = Line(out Dimension<double> y);
        study.Optimize(t => t[x], 15);
        study.Optimize(t => t[x], 25);
        study.Optimize(t => t[x], 25);
        whole.Optimize(t => t[y], 25);
        Assert.That(study.Trials.Select(t => t[x]), Is.EqualTo(whole.Trials.Select(t => t[y])), "two calls go on as one");
        Assert.That(study.Trials.Select(static t => t.Number), Is.EqualTo(Enumerable.Range(0, 25)));
    }

    [TestCase(MonitorMode.Min, 3)]
    [TestCase(MonitorMode.Max, 1)]
    public void NaNAndFailures_DoNotEndTheStudy(MonitorMode mode, int expected)
    {
        SearchSpace space = new();
        _ = space.Uniform("x", 0, 1);
        List<int> told = [];
        Study study = new(space, new RandomSearch(), mode);
        study.Optimize(
            static t => t.Number switch { 0 => double.NaN, 1 => 5, 2 => throw new EngineException("out of memory"), 3 => 2, _ => 3 },
            5,
            progress: new Listener(t => told.Add(t.Number)));
        Assert.That(study.Best!.Number, Is.EqualTo(expected));
        Assert.That(study.Trials.Select(static t => t.State == TrialState.Failed), Is.EqualTo(new[] { true, false, true, false, false }));
        Assert.That(study.Trials[0].Error, Is.EqualTo("The objective was NaN."));
        Assert.That(study.Trials[2].Error, Is.EqualTo("out of memory"));
        Assert.That(study.Trials.Select(static t => t.Finished >= t.Started), Is.All.True);
        Assert.That(told, Is.EqualTo(Enumerable.Range(0, 5)));
    }

    [Test]
    public void TpeSearch_GoesOnWithFailuresAndPrunedTrials()
    {
        SearchSpace space = new();
        Dimension<double> x = space.Uniform("x", -1, 1);
        Study study = new(space, new TpeSearch()) { Pruner = new MedianPruner() };
        study.Optimize(
            t =>
            {
                double value = t[x] > 0.5 ? double.NaN : t[x] * t[x];
                return t.Number % 7 == 3 ? throw new EngineException("lost") : t.Report(1, value) ? t.Reports[^1].Value : value;
            },
            60);
        Assert.That(study.Best!.Value, Is.LessThan(1e-3));
        Assert.That(study.Trials.Select(static t => t.State).Distinct().Order(), Is.EqualTo(new[] { TrialState.Completed, TrialState.Pruned, TrialState.Failed }));
    }

    [Test]
    public void OtherExceptions_FailTheirTrialAndEndTheSearch()
    {
        Study study = Line(out _);
        Assert.That(() => study.Optimize(static _ => throw new FormatException("no number"), 3), Throws.TypeOf<FormatException>());
        Assert.That(study.Trials.Single().Error, Is.EqualTo("no number"));
        Study patient = Line(out _, new Settings(static e => e is FormatException));
        patient.Optimize(static _ => throw new FormatException(), 3);
        Assert.That(patient.Trials, Has.Count.EqualTo(3));
        Assert.That(patient.Best, Is.Null);
    }

    [Test]
    public void Cancellation_PutsTheTrialBack()
    {
        Study study = Line(out Dimension<double> x);
        using CancellationTokenSource source = new();
        List<double> tried = [];
        Assert.That(
            () => study.Optimize(
                t =>
                {
                    tried.Add(t[x]);
                    if (t.Number == 2)
                    {
                        source.Cancel();
                        t.Report(0, 5);
                        t.CancellationToken.ThrowIfCancellationRequested();
                    }

                    return t[x];
                },
                9,
                cancellationToken: source.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(tried, Has.Count.EqualTo(3));
        Assert.That(study.Trials[2].State, Is.EqualTo(TrialState.Running), "it waits");
        study.Optimize(t => { tried.Add(t[x]); return t[x]; }, 4);
        Assert.That(tried[3], Is.EqualTo(tried[2]), "the same values again");
        Assert.That(study.Trials[2].Reports, Is.Empty);
        Assert.That(study.Trials.Select(static t => t.State), Is.All.EqualTo(TrialState.Completed));
        Assert.That(study.Trials, Has.Count.EqualTo(4));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Parallel_TriesEachTrialOnce(bool liar)
    {
        SearchSpace space = new();
        Func<Trial, double> objective = TestFunctions.Build("branin", space);
        Study study = new(space, new TpeSearch(constantLiar: liar));
        int running = 0, most = 0, calls = 0;
        using Barrier together = new(3);
        study.Optimize(
            t =>
            {
                Interlocked.Increment(ref calls);
                int now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                if (t.Number < 3)
                {
                    together.SignalAndWait(TimeSpan.FromSeconds(60));
                }

                double value = objective(t);
                Interlocked.Decrement(ref running);
                return value;
            },
            60,
            parallelism: 3);
        Assert.That(most, Is.EqualTo(3));
        Assert.That(calls, Is.EqualTo(60));
        Assert.That(study.Trials.Select(static t => t.Number), Is.EqualTo(Enumerable.Range(0, 60)));
        Assert.That(study.Trials.Select(static t => t.State), Is.All.EqualTo(TrialState.Completed));
        Assert.That(study.Best!.Value, Is.LessThan(2));
    }

    [Test]
    public void Parallel_RandomSearch_HasTheValuesOfOneByOne()
    {
        Study study = Line(out Dimension<double> x, algorithm: new RandomSearch(4)), alone = Line(out Dimension<double> y, algorithm: new RandomSearch(4));
        study.Optimize(t => t[x], 40, parallelism: 4);
        alone.Optimize(t => t[y], 40);
        Assert.That(study.Trials.Select(t => t[x]), Is.EqualTo(alone.Trials.Select(t => t[y])));
    }

    [Test]
    public void Parallel_AnExceptionStopsAllWorkers()
    {
        Study study = Line(out _);
        Assert.That(() => study.Optimize(static t => t.Number == 5 ? throw new FormatException() : 1, 100_000, parallelism: 3), Throws.TypeOf<FormatException>());
        Assert.That(study.Trials, Has.Count.LessThan(100_000));
    }

    [Test]
    public void TrialCallback_ReportsEpochsAndEndsTheRunOfAGivenUpTrial()
    {
        using ToyTraining toy = new();
        SearchSpace space = new();
        Dimension<double> rate = space.LogUniform("rate", 1e-3, 1e-1);
        Study study = new(space, new RandomSearch()) { Pruner = new AtTheSecond() };
        study.Optimize(
            trial =>
            {
                Layer model = ToyTraining.Model();
                Trainer trainer = new(model, new Adam(model.Parameters, trial[rate]), Losses.CrossEntropy) { Callbacks = [new TrialCallback(trial, "loss")] };
                return trainer.Fit(toy.Train, epochs: 5)["loss"][^1];
            },
            1);
        Assert.That(study.Trials[0].State, Is.EqualTo(TrialState.Pruned));
        Assert.That(study.Trials[0].Reports.Select(static r => r.Step), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(study.Trials[0].Value, Is.EqualTo(study.Trials[0].Reports[^1].Value));
    }

    [Test]
    public void Storage_OfAnotherStudy_Throws()
    {
        InMemoryStudyStorage storage = new();
        SearchSpace one = new(), other = new();
        _ = one.Uniform("rate", 0, 1);
        _ = one.Integer("width", 1, 2);
        _ = other.Uniform("rate", 0, 1);
        _ = other.Integer("width", 1, 3);
        Study study = new(one, storage: storage);
        Assert.That(() => new Study(other, storage: storage), Throws.TypeOf<StudyFileException>().With.Message.Contains("'width: integer [1, 2]' there, 'width: integer [1, 3]' here"));
        Assert.That(() => new Study(one, mode: MonitorMode.Max, storage: storage), Throws.TypeOf<StudyFileException>().With.Message.Contains("mode"));
        study.Optimize(static _ => 1, 3);
        Assert.That(new Study(one, storage: storage).Trials, Has.Count.EqualTo(3), "the same study again");
    }

    [Test]
    public void BadArguments_Throw()
    {
        Study study = Line(out _);
        Assert.Multiple(() =>
        {
            Assert.That(() => study.Optimize(static _ => 1), Throws.ArgumentException.With.Message.Contains("TpeSearch has no end; say how many trials"));
            Assert.That(() => study.Optimize(static _ => 1, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => study.Optimize(static _ => 1, 1, parallelism: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new TpeSearch(candidates: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new TpeSearch(priorWeight: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new TpeSearch(startupTrials: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Line(out _, new Settings(null, -1)), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
        study.Optimize(static _ => 1, 0);
        Assert.That(study.Trials, Is.Empty);
    }

    private static Study Line(out Dimension<double> x, Settings? settings = null, SearchAlgorithm? algorithm = null)
    {
        SearchSpace space = new();
        x = space.Uniform("x", 0, 1);
        return settings is null ? new Study(space, algorithm ?? new TpeSearch()) : new Study(space) { IsFailure = settings.IsFailure ?? (static _ => false), Retries = settings.Retries };
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value)
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private sealed record Settings(Func<Exception, bool>? IsFailure, int Retries = 1);

    private sealed class AtTheSecond : Pruner
    {
        public override bool ShouldPrune(Trial trial, IReadOnlyList<Trial> others, MonitorMode mode) => trial.Reports.Count == 2;
    }
}
