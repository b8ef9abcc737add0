using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Search;

internal sealed class SearchSpaceTests
{
    [Test]
    public void RandomSearch_StaysInsideTheRangesAndCoversThem()
    {
        SearchSpace space = new();
        Dimension<double> rate = space.LogUniform("rate", 1e-4, 1e-1), dropout = space.Uniform("dropout", 0, 0.5, step: 0.1), any = space.Uniform("any", -3, 5);
        Dimension<int> width = space.Integer("width", 2, 4), units = space.LogInteger("units", 1, 1000), batch = space.Integer("batch", 8, 70, step: 16);
        Dimension<string> kind = space.Choice("kind", "sgd", "adam");
        IReadOnlyList<Trial> trials = Tried(space, 600);
        Assert.Multiple(() =>
        {
            Assert.That(trials.Select(t => t[rate]), Is.All.InRange(1e-4, 1e-1));
            Assert.That(Share(trials, t => t[rate] < 1e-3), Is.EqualTo(1 / 3.0).Within(0.06), "a third of the trials for each order of magnitude");
            Assert.That(trials.Select(t => t[any]), Is.All.InRange(-3, 5));
            Assert.That(Share(trials, t => t[any] < -1), Is.EqualTo(0.25).Within(0.06));
            Assert.That(trials.Select(t => Math.Round(t[dropout], 12)).Distinct().Order(), Is.EqualTo(new[] { 0, 0.1, 0.2, 0.3, 0.4, 0.5 }));
            Assert.That(Share(trials, t => t[dropout] == 0), Is.EqualTo(1 / 6.0).Within(0.06), "the ends are as likely as the others");
            Assert.That(trials.Select(t => t[width]).Distinct().Order(), Is.EqualTo(new[] { 2, 3, 4 }));
            Assert.That(trials.Select(t => t[batch]).Distinct().Order(), Is.EqualTo(new[] { 8, 24, 40, 56 }), "70 is no step");
            Assert.That(trials.Select(t => t[units]), Is.All.InRange(1, 1000));
            Assert.That(Share(trials, t => t[units] <= 31), Is.EqualTo(Math.Log(31.5 / 0.5) / Math.Log(1000.5 / 0.5)).Within(0.06));
            Assert.That(trials.Select(t => t[kind]).Distinct().Order(), Is.EqualTo(new[] { "adam", "sgd" }));
        });
    }

    [Test]
    public void Branch_IsThereForItsChoicesOnly()
    {
        SearchSpace space = new();
        Dimension<string> optimizer = space.Choice("optimizer", "sgd", "rmsprop", "adam");
        SearchBranch withMomentum = space.When(optimizer, "sgd", "rmsprop");
        Dimension<double> momentum = withMomentum.Uniform("momentum", 0, 0.99);
        Dimension<bool> nesterov = space.When(optimizer, "sgd").Choice("nesterov", false, true);
        Dimension<double> dampening = withMomentum.When(nesterov, false).Uniform("dampening", 0, 1);
        IReadOnlyList<Trial> trials = Tried(space, 60);
        Assert.Multiple(() =>
        {
            Assert.That(trials.Select(t => t.Has(momentum)), Is.EqualTo(trials.Select(t => t[optimizer] != "adam")));
            Assert.That(trials.Select(t => t.Has(nesterov)), Is.EqualTo(trials.Select(t => t[optimizer] == "sgd")));
            Assert.That(trials.Select(t => t.Has(dampening)), Is.EqualTo(trials.Select(t => t[optimizer] == "sgd" && !t.Get(nesterov))));
            Assert.That(trials.Count(t => t.Has(dampening)), Is.InRange(3, 20));
        });
        Trial adam = trials.First(t => t[optimizer] == "adam");
        Assert.That(() => adam[momentum], Throws.InvalidOperationException.With.Message.Contains("'momentum', which is there only if optimizer = sgd or rmsprop"));
        Assert.That(adam.Coordinate(momentum), Is.NaN);
        Assert.That(adam.Coordinate(optimizer), Is.EqualTo(2));
        Assert.That(adam.Values.Select(static v => v.Key), Is.EqualTo(new[] { "optimizer" }));
        Assert.That(space.ToString().Split('\n')[3], Is.EqualTo("dampening: real [0, 1] if nesterov = False"));
    }

    [Test]
    public void Values_OfOneValueOnly_AreThatValue()
    {
        SearchSpace space = new();
        Dimension<double> x = space.Uniform("x", 2, 2), log = space.LogUniform("log", 3, 3), step = space.Uniform("step", 1, 1.5, step: 1);
        Dimension<int> i = space.Integer("i", 7, 7);
        Study study = new(space, new TpeSearch(startupTrials: 2));
        study.Optimize(static t => t.Number, 5);
        Assert.That(study.Trials.Select(t => (t[x], t[log], t[step], t[i])), Is.All.EqualTo((2.0, 3.0, 1.0, 7)));
        Study grid = new(space, new GridSearch(5));
        grid.Optimize(static _ => 0);
        Assert.That(grid.Trials, Has.Count.EqualTo(1));
    }

    [Test]
    public void BadSpaces_Throw()
    {
        SearchSpace space = new(), other = new();
        Dimension<double> x = space.Uniform("x", 0, 1);
        Dimension<string> kind = space.Choice("kind", "a", "b"), foreign = other.Choice("kind", "a", "b");
        Assert.Multiple(() =>
        {
            Assert.That(() => space.Uniform("x", 0, 1), Throws.ArgumentException.With.Message.Contains("'x'"));
            Assert.That(() => space.Uniform("y", 1, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.Uniform("y", double.NaN, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.Uniform("y", 0, 1, step: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.Uniform("y", 0, 1, step: 1e-12), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("larger step"));
            Assert.That(() => space.LogUniform("y", 0, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.Integer("y", 3, 2), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.Integer("y", 1, 2, step: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.LogInteger("y", 0, 2), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => space.Choice<string>("y"), Throws.ArgumentException);
            Assert.That(() => space.Choice("y", 1, 2, 1), Throws.ArgumentException.With.Message.Contains("twice"));
            Assert.That(() => space.When(kind, "c"), Throws.ArgumentException.With.Message.Contains("'kind' is never c; it is one of a, b"));
            Assert.That(() => space.When(kind), Throws.ArgumentException);
            Assert.That(() => space.When(foreign, "a"), Throws.ArgumentException.With.Message.Contains("no choice of this space"));
            Assert.That(() => space.When(x, 0.5), Throws.ArgumentException.With.Message.Contains("no choice of this space"));
            Assert.That(() => new Study(new SearchSpace()), Throws.ArgumentException.With.Message.Contains("no hyper-parameters"));
            Trial trial = Tried(space, 1)[0];
            Assert.That(() => trial[new SearchSpace().Uniform("x", 0, 1)], Throws.ArgumentException.With.Message.Contains("another"));
            Assert.That(trial[x], Is.InRange(0, 1));
        });
    }

    private static Trial[] Tried(SearchSpace space, int trials)
    {
        Study study = new(space, new RandomSearch(3));
        study.Optimize(static _ => 0, trials);
        return [.. study.Trials];
    }

    private static double Share(IReadOnlyList<Trial> trials, Func<Trial, bool> predicate) => trials.Count(predicate) / (double)trials.Count;
}
