using Engine.Nn;

namespace Engine.Tests.RollCall;

/// <summary>A metric and the same figure counted by hand.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Make">The metric.</param>
/// <param name="Count">The figure from the scores of each sample and the true classes; a negative class counts for nothing.</param>
internal sealed record MetricCase(string Name, Func<Metric> Make, Func<double[][], long[], double> Count)
{
    /// <summary>What the metric is handed, where it is not the scores [N, C] and the classes [N].</summary>
    public Func<Tensor, Tensor, (Tensor Prediction, Tensor Target)> Feed { get; init; } = static (scores, truth) => (scores, truth);

    /// <summary>How far the two may differ: by the rounding of float32, which some devices compute all in.</summary>
    public double Tolerance { get; init; } = 1e-6;

    public override string ToString() => Name;
}

internal static class MetricCases
{
    public const int Classes = 4;

    public static IReadOnlyList<MetricCase> All { get; } =
    [
        new("Accuracy", static () => new Accuracy(), static (s, t) => Share(s, t, static (scores, truth) => Best(scores) == truth)),
        new("TopKAccuracy", static () => new TopKAccuracy(2), static (s, t) => Share(s, t, static (scores, truth) => scores.Count(v => v > scores[truth]) < 2)),
        new("BinaryAccuracy", static () => new BinaryAccuracy(60), static (s, t) => s.Zip(t, static (scores, truth) => scores[0] > 60 == truth > 0 ? 1.0 : 0).Average())
        {
            Feed = static (scores, truth) => (scores.Select(1, 0), truth > 0),
        },
        new("Mean", static () => new Mean("spread", static (y, _) => y.Max(1) - y.Min(1)), static (s, _) => s.Average(static scores => scores.Max() - scores.Min())),
        new("ConfusionMatrix", static () => new ConfusionMatrix(Classes), static (s, t) => Share(s, t, static (scores, truth) => Best(scores) == truth)),
        new("Precision", static () => new Engine.Nn.Precision(Classes), static (s, t) => Macro(s, t, static (tp, fp, _) => tp / (double)(tp + fp))),
        new("Recall", static () => new Recall(Classes), static (s, t) => Macro(s, t, static (tp, _, fn) => tp / (double)(tp + fn))),
        new("F1", static () => new F1(Classes), static (s, t) => Macro(s, t, static (tp, fp, fn) => 2 * tp / (double)((2 * tp) + fp + fn))),
        new("Precision, micro", static () => new Engine.Nn.Precision(Classes, Averaging.Micro), static (s, t) => Share(s, t, static (scores, truth) => Best(scores) == truth)),
        new("JaccardIndex", static () => new JaccardIndex(Classes), static (s, t) => Macro(s, t, static (tp, fp, fn) => tp / (double)(tp + fp + fn))),
        new("BalancedAccuracy", static () => new BalancedAccuracy(Classes), static (s, t) => Macro(s, t, static (tp, _, fn) => tp / (double)(tp + fn))),
        new("CohenKappa", static () => new CohenKappa(Classes), static (s, t) => Agreement(s, t, static (i, j) => i == j ? 0 : 1)),
        new("CohenKappa, quadratic", static () => new CohenKappa(Classes, KappaWeights.Quadratic), static (s, t) => Agreement(s, t, static (i, j) => (i - j) * (i - j))),
        new("MatthewsCorrelation", static () => new MatthewsCorrelation(Classes), static (s, t) =>
        {
            (int Truth, int Guess)[] pairs = Pairs(s, t);
            double Covariance(Func<(int Truth, int Guess), int> a, Func<(int Truth, int Guess), int> b) => Enumerable.Range(0, Classes).Sum(c =>
                pairs.Average(p => (a(p) == c ? 1.0 : 0) * (b(p) == c ? 1.0 : 0)) - (pairs.Average(p => a(p) == c ? 1.0 : 0) * pairs.Average(p => b(p) == c ? 1.0 : 0)));
            return Covariance(static p => p.Truth, static p => p.Guess) / Math.Sqrt(Covariance(static p => p.Truth, static p => p.Truth) * Covariance(static p => p.Guess, static p => p.Guess));
        }),
        Series("MeanAbsoluteError", static () => new MeanAbsoluteError(), static (y, t) => y.Zip(t, static (a, b) => Math.Abs(a - b)).Average()),
        Series("MeanSquaredError", static () => new MeanSquaredError(), static (y, t) => y.Zip(t, static (a, b) => (a - b) * (a - b)).Average()),
        Series("RootMeanSquaredError", static () => new RootMeanSquaredError(), static (y, t) => Math.Sqrt(y.Zip(t, static (a, b) => (a - b) * (a - b)).Average())),
        Series("MeanAbsolutePercentageError", static () => new MeanAbsolutePercentageError(), static (y, t) => y.Zip(t, static (a, b) => Math.Abs(a - b) / Math.Max(Math.Abs(b), 1.17e-6)).Average()),
        Series("R2Score", static () => new R2Score(), static (y, t) => 1 - (y.Zip(t, static (a, b) => (a - b) * (a - b)).Sum() / Spread(t))),
        Series("ExplainedVariance", static () => new ExplainedVariance(), static (y, t) => 1 - (Spread([.. y.Zip(t, static (a, b) => b - a)]) / Spread(t))),
        Series("PearsonCorrelation", static () => new PearsonCorrelation(), Correlation),
        Series("SpearmanCorrelation", static () => new SpearmanCorrelation(), static (y, t) => Correlation(Ranks(y), Ranks(t))),
        Answers("Auroc", static () => new Auroc(), Wins),
        Answers("Auroc, binned", static () => new Auroc(10), static (p, t) => Wins([.. p.Select(static v => Math.Floor((float)v * 10f))], t)),
        Answers("AveragePrecision", static () => new AveragePrecision(), static (p, t) => p.Where((_, i) => t[i]).Average(v => p.Where((w, i) => t[i] && w >= v).Count() / (double)p.Count(w => w >= v))),
        Answers("LogLoss", static () => new LogLoss(), static (p, t) => p.Zip(t, static (v, yes) => -Math.Log(yes ? v : 1 - v)).Average()),
        Answers("BrierScore", static () => new BrierScore(), static (p, t) => p.Zip(t, static (v, yes) => (v - (yes ? 1 : 0)) * (v - (yes ? 1 : 0))).Average()),
        Answers("CalibrationError", static () => new CalibrationError(5), static (p, t) =>
            p.Select((v, i) => (Chance: v, Yes: t[i] ? 1.0 : 0)).GroupBy(static pair => Math.Floor((float)pair.Chance * 5f)).Sum(static g => Math.Abs(g.Average(static pair => pair.Yes) - g.Average(static pair => pair.Chance)) * g.Count()) / p.Length),
        new("Perplexity", static () => new Perplexity(), static (s, t) => Math.Exp(s.Zip(t).Where(static p => p.Second >= 0).Average(static p => -Plain.LogSoftmax([.. p.First.Select(static v => v / 64)])[p.Second])))
        {
            Feed = static (scores, truth) => (scores / 64, truth),
        },
    ];

    /// <summary>A metric of two series, which the scores of the first two classes are.</summary>
    private static MetricCase Series(string name, Func<Metric> make, Func<double[], double[], double> count) =>
        new(name, make, (s, _) => count([.. s.Select(static row => row[0] / 128)], [.. s.Select(static row => row[1] / 128)]))
        {
            Feed = static (scores, _) => (scores.Select(1, 0) / 128, scores.Select(1, 1) / 128),
            Tolerance = 4e-6,
        };

    /// <summary>A metric of probabilities of a yes, here in steps of 1/128, so that some are equal.</summary>
    private static MetricCase Answers(string name, Func<Metric> make, Func<double[], bool[], double> count) =>
        new(name, make, (s, t) => count([.. s.Select(static row => (Math.Floor(row[0]) + 0.5) / 128)], [.. t.Select(static c => c > 1)]))
        {
            Feed = static (scores, truth) => ((scores.Select(1, 0).Floor() + 0.5) / 128, truth > 1),
        };

    private static double Wins(double[] p, bool[] t)
    {
        double[] yes = [.. p.Where((_, i) => t[i])], no = [.. p.Where((_, i) => !t[i])];
        return yes.Average(a => no.Average(b => a > b ? 1 : a == b ? 0.5 : 0));
    }

    private static double Spread(double[] values) => values.Sum(v => (v - values.Average()) * (v - values.Average()));

    private static double Correlation(double[] a, double[] b) => a.Zip(b, (v, w) => (v - a.Average()) * (w - b.Average())).Sum() / Math.Sqrt(Spread(a) * Spread(b));

    private static double[] Ranks(double[] values) => [.. values.Select(v => values.Count(w => w < v) + (values.Count(w => w == v) / 2.0))];

    private static (int Truth, int Guess)[] Pairs(double[][] scores, long[] truth) => [.. truth.Zip(scores, static (t, s) => ((int)t, Best(s))).Where(static p => p.Item1 >= 0)];

    private static double Agreement(double[][] scores, long[] truth, Func<int, int, double> weight)
    {
        (int Truth, int Guess)[] pairs = Pairs(scores, truth);
        return 1 - (pairs.Average(p => weight(p.Truth, p.Guess)) / pairs.Average(p => pairs.Average(q => weight(p.Truth, q.Guess))));
    }

    private static int Best(double[] scores) => Array.IndexOf(scores, scores.Max());

    private static double Share(double[][] scores, long[] truth, Func<double[], int, bool> right)
    {
        int[] counted = [.. Enumerable.Range(0, truth.Length).Where(i => truth[i] >= 0)];
        return counted.Count(i => right(scores[i], (int)truth[i])) / (double)counted.Length;
    }

    private static double Macro(double[][] scores, long[] truth, Func<int, int, int, double> ratio)
    {
        (int Truth, int Guess)[] pairs = [.. truth.Zip(scores, static (t, s) => ((int)t, Best(s))).Where(static p => p.Item1 >= 0)];
        return Enumerable.Range(0, Classes).Average(c => ratio(
            pairs.Count(p => p.Truth == c && p.Guess == c), pairs.Count(p => p.Truth != c && p.Guess == c), pairs.Count(p => p.Truth == c && p.Guess != c)));
    }
}
