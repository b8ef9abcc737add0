using System.Text.Json.Nodes;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Search;

internal sealed class PrunerTests
{
    [Test]
    public void Prunings_AreOptunas([Range(0, 7)] int index)
    {
        Assert.That(Optuna.Part("pruning").AsArray(), Has.Count.EqualTo(8));
        JsonNode recorded = Optuna.Part("pruning")[index]!;
        Pruner pruner = recorded["pruner"]!.GetValue<string>() switch
        {
            "halving-1-4" => new SuccessiveHalvingPruner(minResource: 1, reductionFactor: 4),
            "halving-2-3" => new SuccessiveHalvingPruner(minResource: 2, reductionFactor: 3),
            "halving-1-2-late" => new SuccessiveHalvingPruner(minResource: 1, reductionFactor: 2, minEarlyStoppingRate: 1),
            _ => new MedianPruner(startupTrials: 5, warmupSteps: 2),
        };
        double[][] curves = recorded["curves"]!.Rows();
        Study study = Run(pruner, recorded["direction"]!.GetValue<string>() == "minimize" ? MonitorMode.Min : MonitorMode.Max, curves);
        Assert.That(study.Trials.Select(static t => t.Reports.Count), Is.EqualTo(recorded["steps"]!.Numbers().Select(static s => (int)s)));
        Assert.That(study.Trials.Count(static t => t.State == TrialState.Pruned), Is.GreaterThan(curves.Length / 4));
    }

    /// <summary>How many trials go past each rung, by a simulation that keeps a list for each rung.</summary>
    [TestCase(1, 3, 0)]
    [TestCase(2, 2, 0)]
    [TestCase(1, 2, 2)]
    [TestCase(3, 4, 0)]
    public void SuccessiveHalving_PromotesAsASimulationDoes(int minResource, int factor, int skipped)
    {
        const int Steps = 40;
        SearchRandom random = new(minResource + (10 * factor) + (100 * skipped), 0, 0, 0);
        double[][] curves = [.. Enumerable.Range(0, 200).Select(_ =>
        {
            double end = random.NextDouble();
            return Enumerable.Range(1, Steps).Select(s => end + (random.NextDouble() / s)).ToArray();
        })];
        List<int> rungs = [];
        for (int rung = minResource * (int)Math.Pow(factor, skipped); rung <= Steps; rung *= factor)
        {
            rungs.Add(rung);
        }

        List<double>[] reached = [.. rungs.Select(static _ => new List<double>())];
        int[] ends = [.. curves.Select(curve =>
        {
            for (int r = 0; r < rungs.Count; r++)
            {
                double value = curve[rungs[r] - 1];
                reached[r].Add(value);
                int places = Math.Max(1, reached[r].Count / factor);
                if (!reached[r].Order().Take(places).Contains(value))
                {
                    return rungs[r];
                }
            }

            return Steps;
        })];
        Study study = Run(new SuccessiveHalvingPruner(minResource, factor, skipped), MonitorMode.Min, curves);
        Assert.That(study.Trials.Select(static t => t.Reports.Count), Is.EqualTo(ends));

        // In the long run one of so many goes on.
        int[] counts = [.. rungs.Select(rung => ends.Count(end => end >= rung))];
        Assert.That(counts[1] / (double)counts[0], Is.EqualTo(1.0 / factor).Within(0.2));
    }

    [Test]
    public void Halving_TakesTheFirstReportAtOrAfterARung()
    {
        // Reports at 3, 6, 9 …: the rungs 1, 2 are both met by the report at 3, 4 by that at 6.
        SearchSpace space = new();
        _ = space.Uniform("x", 0, 1);
        Study study = new(space, new RandomSearch()) { Pruner = new SuccessiveHalvingPruner(minResource: 1, reductionFactor: 2) };
        study.Optimize(
            static trial =>
            {
                for (int step = 3; step <= 9 && !trial.Report(step, trial.Number); step += 3)
                {
                }

                return trial.Number;
            },
            trials: 3);
        Assert.That(study.Trials.Select(static t => t.Reports.Count), Is.EqualTo(new[] { 3, 1, 1 }));
    }

    [Test]
    public void Pruners_GiveUpNaN()
    {
        double[][] curves = [[1, 1, 1, 1], [double.NaN, double.NaN, double.NaN, double.NaN]];
        foreach (Pruner pruner in (Pruner[])[new MedianPruner(startupTrials: 1), new SuccessiveHalvingPruner()])
        {
            Study study = Run(pruner, MonitorMode.Min, curves);
            Assert.That(study.Trials[1].Reports, Has.Count.EqualTo(1), pruner.GetType().Name);
            Assert.That(study.Trials[1].State, Is.EqualTo(TrialState.Pruned));
        }
    }

    [Test]
    public void BadSettingsAndSteps_Throw()
    {
        Assert.Multiple(static () =>
        {
            Assert.That(static () => new SuccessiveHalvingPruner(minResource: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new SuccessiveHalvingPruner(reductionFactor: 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new SuccessiveHalvingPruner(minEarlyStoppingRate: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new MedianPruner(startupTrials: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
        SearchSpace space = new();
        _ = space.Uniform("x", 0, 1);
        Study study = new(space, new RandomSearch());
        study.Optimize(
            static trial =>
            {
                trial.Report(3, 1);
                Assert.That(() => trial.Report(3, 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("the last report had 3"));
                Assert.That(() => trial.Report(-1, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
                return 1;
            },
            trials: 1);
        Assert.That(() => study.Trials[0].Report(5, 1), Throws.InvalidOperationException.With.Message.Contains("not being tried here"));
        Assert.That(study.Trials[0].Reports, Is.EqualTo(new[] { (3, 1.0) }));
    }

    private static Study Run(Pruner pruner, MonitorMode mode, double[][] curves)
    {
        SearchSpace space = new();
        _ = space.Uniform("x", 0, 1);
        Study study = new(space, new RandomSearch(), mode) { Pruner = pruner };
        study.Optimize(
            trial =>
            {
                double[] curve = curves[trial.Number];
                for (int step = 1; step <= curve.Length; step++)
                {
                    if (trial.Report(step, curve[step - 1]))
                    {
                        break;
                    }
                }

                return trial.Reports[^1].Value;
            },
            curves.Length);
        return study;
    }
}
