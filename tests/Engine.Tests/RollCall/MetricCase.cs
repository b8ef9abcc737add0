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
    ];

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
