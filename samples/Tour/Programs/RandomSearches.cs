using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Looks for a learning rate and a weight decay by a grid, at random, from coarse to fine, and by what earlier trials tell.</summary>
internal sealed class RandomSearches : TourProgram
{
    private const double Low = 1e-5, High = 10;

    private IDataset? _train;
    private IDataset? _validation;
    private int _epochs;

    public override string Name => "random-search";

    public override string Subject => "Hyper-parameter search 超参数搜索: random or grid 随机与网格, log scale 对数尺度, coarse to fine 由粗到细";

    public override void Run(Tour tour)
    {
        (_train, _validation) = Moons.Make(400, noise: 0.25, seed: 3).StratifiedSplit(validation: 0.5);
        _epochs = tour.Steps(20, 1);
        int draws = tour.Steps(20), more = tour.Steps(40, 12);

        // Nine trials: a grid tries three rates, chance tries nine.
        Study grid = Search(new GridSearch(3), null, Low, High, out Dimension<double> gridRate, out Dimension<double> gridDecay);
        Study[] random = [.. Enumerable.Range(0, draws).Select(seed => Search(new RandomSearch(seed), 9, Low, High, out _, out _))];
        double[] best = [.. random.Select(static s => s.Best!.Value).Order()];
        int better = best.Count(value => value < grid.Best!.Value);
        Study nine = Search(new RandomSearch(0), 9, Low, High, out Dimension<double> rate, out Dimension<double> decay);
        tour.Print($"3×3 grid: {Distinct(grid, gridRate)} learning rates tried, best loss {grid.Best!.Value:F3}");
        tour.Print($"9 at random: {Distinct(nine, rate)} learning rates tried, best loss of {draws} such searches {best[0]:F3} to {best[^1]:F3}, median {best[best.Length / 2]:F3}");
        tour.Notice($"The decay hardly matters here, so the grid spends nine trainings on three rates, and none of the three is a good one. {better} of {draws} random searches did better.");

        // Which share of draws is of any use: rates from 0.01 to 1 of a range from 0.00001 to 10.
        SearchSpace scales = new();
        Dimension<double> even = scales.Uniform("uniform", Low, High), log = scales.LogUniform("log", Low, High);
        Study drawn = new(scales, new RandomSearch(1));
        drawn.Optimize(static _ => 0, 1000);
        double usefulEven = drawn.Trials.Average(t => t[even] is > 0.01 and < 1 ? 1.0 : 0), usefulLog = drawn.Trials.Average(t => t[log] is > 0.01 and < 1 ? 1.0 : 0);
        tour.Print($"rates from 0.01 to 1 among those drawn from [0.00001, 10]: {usefulEven:P1} on a linear scale, {usefulLog:P1} on a logarithmic one");
        tour.Notice("Two of six orders of magnitude are a third of the draws on the logarithmic scale only; on the linear one 90 % lie above 1.");

        // Coarse to fine: the second half looks around the best of the first.
        int half = more / 2;
        Study coarse = Search(new RandomSearch(7), half, Low, High, out Dimension<double> coarseRate, out _);
        double centre = coarse.Best![coarseRate];
        Study fine = Search(new RandomSearch(8), more - half, centre / 3, centre * 3, out Dimension<double> fineRate, out _);
        tour.Print($"coarse: {half} trials, best rate {centre:G3}, loss {coarse.Best!.Value:F4}; fine, within a third to three times of it: best rate {fine.Best![fineRate]:G3}, loss {fine.Best!.Value:F4}");

        Study all = Search(new RandomSearch(7), more, Low, High, out _, out _), tpe = Search(new TpeSearch(7), more, Low, High, out Dimension<double> tpeRate, out Dimension<double> tpeDecay);
        double typicalFine = Median(fine), typicalCoarse = Median(coarse), typicalTpe = Median(tpe, 10);
        tour.Print($"{more} trials: at random {all.Best!.Value:F4}, by TPE {tpe.Best!.Value:F4}");
        tour.Print($"the median trial: coarse {typicalCoarse:F3}, fine {typicalFine:F3}, TPE after its first ten {typicalTpe:F3}");
        tour.Notice(tour.IsBrief ? "So few trials tell nothing yet." : "Coarse to fine and TPE spend their trials where losses are low; a plain random search goes on trying rates that never worked.");

        double[] index = [.. Enumerable.Range(1, more).Select(static i => (double)i)];
        new Report(Subject)
            .AddScatter("Nine trials each", "learning rate (decimal logarithm)", "decay (decimal logarithm)", [Dots("3×3 grid", grid, gridRate, gridDecay), Dots("random", nine, rate, decay)], "Seen from below, the grid has three places, chance nine.")
            .AddLines("Best loss so far", "trial", [new("random", index, BestSoFar(all)), new("coarse, then fine", index, BestSoFar(coarse, fine)), new("TPE", index, BestSoFar(tpe))], "validation loss", logY: true)
            .AddScatter("Every trial", "learning rate (decimal logarithm)", "validation loss", [Losses(all, "random"), Losses(coarse, "coarse", coarseRate), Losses(fine, "fine", fineRate), Losses(tpe, "TPE", tpeRate)])
            .AddParallelCoordinates("The trials of the TPE", [new("rate", IsLog: true), new("decay", IsLog: true), new("loss")], [.. Ended(tpe).Select(t => (IReadOnlyList<object?>)[t[tpeRate], t[tpeDecay], t.Value])])
            .Save(tour.ReportPath(this));
    }

    private Study Search(SearchAlgorithm algorithm, int? trials, double low, double high, out Dimension<double> rate, out Dimension<double> decay)
    {
        SearchSpace space = new();
        Dimension<double> r = rate = space.LogUniform("rate", low, high), d = decay = space.LogUniform("decay", 1e-7, 1e-4);
        Study study = new(space, algorithm);
        study.Optimize(trial => Train(trial[r], trial[d]), trials);
        return study;
    }

    // From the same start each time, so that only the hyper-parameters differ.
    private double Train(double rate, double decay)
    {
        Generator.Default.Restore(seed: 1, draws: 0);
        using TensorScope scope = TensorScope.Begin();
        Mlp model = new(2, [8], classes: 2);
        Trainer trainer = new(model, new Sgd(model.Parameters, rate, momentum: 0.9, weightDecay: decay), Engine.Nn.Losses.CrossEntropy);
        trainer.Fit(new DataLoader(_train!, batchSize: 25) { Shuffle = true }, epochs: _epochs);

        // A run that has diverged is as bad as one that learned nothing or worse, however large the number.
        return Math.Min(trainer.Evaluate(new DataLoader(_validation!, batchSize: 200)).Loss, 5);
    }

    private static int Distinct(Study study, Dimension<double> rate) => study.Trials.Select(t => t[rate]).Distinct().Count();

    private static IEnumerable<Trial> Ended(params Study[] studies) => studies.SelectMany(static s => s.Trials).Where(static t => t.State == TrialState.Completed);

    private static double Median(Study study, int after = 0)
    {
        double[] sorted = [.. Ended(study).Where(t => t.Number >= after).Select(static t => t.Value).Order()];
        return sorted[sorted.Length / 2];
    }

    private static double[] BestSoFar(params Study[] studies)
    {
        double best = double.PositiveInfinity;
        return [.. studies.SelectMany(static s => s.Trials).Select(t => best = t.Value < best ? t.Value : best)];
    }

    private static ReportSeries Dots(string name, Study study, Dimension<double> x, Dimension<double> y) =>
        new(name, [.. study.Trials.Select(t => Math.Log10(t[x]))], [.. study.Trials.Select(t => Math.Log10(t[y]))]);

    private static ReportSeries Losses(Study study, string name, Dimension<double>? rate = null)
    {
        Dimension dimension = rate ?? study.Space.Dimensions[0];
        return new(name, [.. Ended(study).Select(t => Math.Log10(t.Coordinate(dimension)))], [.. Ended(study).Select(static t => t.Value)]);
    }
}
