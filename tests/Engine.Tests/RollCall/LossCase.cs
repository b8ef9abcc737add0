using Engine.Nn;

namespace Engine.Tests.RollCall;

/// <summary>A loss and its definition.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Prediction">The prediction's numbers; those with places where formulas break.</param>
/// <param name="Target">The target's numbers; class numbers where <see cref="Classes"/> is not 0.</param>
/// <param name="Run">The loss.</param>
/// <param name="Formula">The same, number by number in the order of the result.</param>
internal sealed record LossCase(string Name, double[] Prediction, double[] Target, Func<Tensor, Tensor, Tensor> Run, Func<double[], double[], double[]> Formula)
{
    /// <summary>The size of axis 1 where targets are class numbers, otherwise 0.</summary>
    public int Classes { get; init; }

    public override string ToString() => Name;
}

internal static class LossCases
{
    private const int C = 3;

    // Zeros of both signs, the bends of the robust losses, far out on both sides.
    private static readonly double[] s_x = [0, -0.0, 0.5, -0.25, 3, -4, 100, -1000, 1, 2, -0.7, 1.5];
    private static readonly double[] s_t = [0, 0, 1, 0.25, 2.3, -4, 99, 1, 1, 0, 0, 1.5];
    private static readonly double[] s_probabilities = [0.1, 0.5, 0.9, 0.001, 0.999, 0.3, 0.2, 0.7];
    private static readonly double[] s_targets = [0, 0.5, 1, 0, 1, 0.2, 0.9, 0.4];
    private static readonly double[] s_logits = [0, 0, 0, 1, 2, 3, 800, -800, 0, -1, 0.5, -0.5, 2, 2, -2];
    private static readonly double[] s_classes = [0, 2, 1, -100, 0];
    private static readonly double[] s_weights = [0.5, 2, 1];

    // Moderate numbers, four rows of three; beside them labels of the rows, ended by −1.
    private static readonly double[] s_near = [0, -0.0, 0.5, -0.25, 3, -4, 1.5, -2];
    private static readonly double[] s_signs = [1, -1, 1, -1, -1, 1, 1, -1, 1, 1, -1, -1];
    private static readonly double[] s_rows = [0.3, -1, 0.2, 2, 0.1, -0.4, -0.2, 0.7, 0.9, -1.5, 0.4, 1.1];
    private static readonly double[] s_labels = [0, 2, -1, 1, -1, 0, 2, 1, 0, 1, 2, -1];

    public static IReadOnlyList<LossCase> All { get; } =
    [
        .. Both("Mse", static (x, t) => Losses.Mse(x, t), static (x, t, r) => Losses.Mse(x, t, r), s_x, s_t, static (x, t) => (x - t) * (x - t)),
        new("Weighted", s_probabilities, s_targets, static (x, t) => Losses.Weighted(static (y, u) => Losses.Mse(y, u, Reduction.None))(x, new Batch(x, t, Tensor.Arange(8, x.Device))),
            static (x, t) => [x.Zip(t).Select(static (pair, i) => i * (pair.First - pair.Second) * (pair.First - pair.Second)).Sum() / 8]),
        .. Both("L1", static (x, t) => Losses.L1(x, t), static (x, t, r) => Losses.L1(x, t, r), s_x, s_t, static (x, t) => Math.Abs(x - t)),
        .. Both("SmoothL1", static (x, t) => Losses.SmoothL1(x, t), static (x, t, r) => Losses.SmoothL1(x, t, 1, r), s_x, s_t, static (x, t) => Robust(x - t, 1)),
        new("SmoothL1, 0.7", s_x, s_t, static (x, t) => Losses.SmoothL1(x, t, 0.7), Mean(static (x, t) => Robust(x - t, 0.7) / 0.7)),
        .. Both("Huber", static (x, t) => Losses.Huber(x, t), static (x, t, r) => Losses.Huber(x, t, 1, r), s_x, s_t, static (x, t) => Robust(x - t, 1)),
        new("Huber, 0.7", s_x, s_t, static (x, t) => Losses.Huber(x, t, 0.7), Mean(static (x, t) => Robust(x - t, 0.7))),
        .. Both("Bce", static (x, t) => Losses.Bce(x, t), static (x, t, r) => Losses.Bce(x, t, r), s_probabilities, s_targets, static (p, t) => -(t * Math.Log(p)) - ((1 - t) * Math.Log(1 - p))),
        .. Both("BceWithLogits", static (x, t) => Losses.BceWithLogits(x, t), static (x, t, r) => Losses.BceWithLogits(x, t, r), s_x, s_t, static (z, t) => Math.Max(z, 0) - (z * t) + Plain.Log1p(Math.Exp(-Math.Abs(z)))),
        .. Both("KlDiv", static (x, t) => Losses.KlDiv(x, t), static (x, t, r) => Losses.KlDiv(x, t, r), [.. s_probabilities.Select(static v => Math.Log(v))], s_targets, static (x, t) => t == 0 ? 0 : t * (Math.Log(t) - x)),
        new("KlDiv, logarithms", [.. s_probabilities.Select(static v => Math.Log(v))], [-1, -2, -3, -0.5, 0, -4, -1, -2], static (x, t) => Losses.KlDiv(x, t, Reduction.Mean, logTarget: true), Mean(static (x, t) => Math.Exp(t) * (t - x))),
        Classed("CrossEntropy", s_logits, static (x, t) => Losses.CrossEntropy(x, t), static (row, c) => (-Plain.LogSoftmax(row)[c], 1)),
        Classed("CrossEntropy, weighted and smooth", s_logits, static (x, t) => Losses.CrossEntropy(x, t, Weights(x), 0.1), static (row, c) =>
        {
            double[] logs = Plain.LogSoftmax(row);
            return ((-0.9 * s_weights[c] * logs[c]) - logs.Select((l, i) => 0.1 / C * s_weights[i] * l).Sum(), s_weights[c]);
        }),
        Classed("Nll", [.. s_logits.Select(static z => -Math.Abs(z))], static (x, t) => Losses.Nll(x, t), static (row, c) => (-row[c], 1)),
        Classed("Nll, weighted", [.. s_logits.Select(static z => -Math.Abs(z))], static (x, t) => Losses.Nll(x, t, Weights(x)), static (row, c) => (-row[c] * s_weights[c], s_weights[c])),
        Classed("CrossEntropyFromProbabilities", Probabilities(), static (x, t) => Losses.CrossEntropyFromProbabilities(x, t), static (row, c) => (-Math.Log(row[c]), 1)),
        Classed("CrossEntropyFromProbabilities, weighted", Probabilities(), static (x, t) => Losses.CrossEntropyFromProbabilities(x, t, Weights(x)), static (row, c) => (-Math.Log(row[c]) * s_weights[c], s_weights[c])),
        .. Both("LogCosh", static (x, t) => Losses.LogCosh(x, t), static (x, t, r) => Losses.LogCosh(x, t, r), s_x, s_t, static (x, t) => Math.Abs(x - t) + Plain.Log1p(Math.Exp(-2 * Math.Abs(x - t))) - Math.Log(2)),
        .. Both("HingeEmbedding", static (x, t) => Losses.HingeEmbedding(x, t), static (x, t, r) => Losses.HingeEmbedding(x, t, 1, r), s_x, s_signs, static (x, t) => t > 0 ? x : Math.Max(0, 1 - x)),
        .. Both("SoftMargin", static (x, t) => Losses.SoftMargin(x, t), static (x, t, r) => Losses.SoftMargin(x, t, r), s_x, s_signs, static (x, t) => Math.Max(0, -x * t) + Plain.Log1p(Math.Exp(-Math.Abs(x)))),
        new("MarginRanking", s_x, s_signs, static (x, t) => Losses.MarginRanking(x, Tensor.Full(x.Shape, 0.25, x.DType, x.Device), t, 0.1), Mean(static (x, t) => Math.Max(0, 0.1 - (t * (x - 0.25))))),
        .. Both("PoissonNll", static (x, t) => Losses.PoissonNll(x, t), static (x, t, r) => Losses.PoissonNll(x, t, true, reduction: r), s_near, s_targets, static (x, t) => Math.Exp(x) - (t * x)),
        new("PoissonNll, rates", s_probabilities, s_targets, static (x, t) => Losses.PoissonNll(x, t, false, eps: 0.1), Mean(static (x, t) => x - (t * Math.Log(x + 0.1)))),
        new("GaussianNll", s_x, s_t, static (x, t) => Losses.GaussianNll(x, t, Tensor.Full(x.Shape, 2, x.DType, x.Device)), Mean(static (x, t) => 0.5 * (Math.Log(2) + ((x - t) * (x - t) / 2)))),
        .. Both("SigmoidFocal", static (x, t) => Losses.SigmoidFocal(x, t), static (x, t, r) => Losses.SigmoidFocal(x, t, 0.25, 2, r), s_near, s_targets, static (z, t) =>
        {
            double p = 1 / (1 + Math.Exp(-z));
            return (0.75 - (0.5 * t)) * Math.Pow(p + t - (2 * p * t), 2) * ((-t * Math.Log(p)) - ((1 - t) * Math.Log(1 - p)));
        }),
        Classed("Focal", s_logits, static (x, t) => Losses.Focal(x, t), static (row, c) => (-Math.Pow(1 - Plain.Softmax(row)[c], 2) * Plain.LogSoftmax(row)[c], 1)),
        Classed("Focal, weighted", s_logits, static (x, t) => Losses.Focal(x, t, 1, Weights(x)), static (row, c) => (-(1 - Plain.Softmax(row)[c]) * Plain.LogSoftmax(row)[c] * s_weights[c], s_weights[c])),
        Paired("MultiMargin", static (x, t) => Losses.MultiMargin(x, ClassesIn(t)), static (row, t) => row.Where((_, i) => i != (int)t[0]).Sum(v => Math.Max(0, 1 - row[(int)t[0]] + v)) / C),
        Paired("MultiMargin, squares", static (x, t) => Losses.MultiMargin(x, ClassesIn(t), 2, 0.5), static (row, t) => row.Where((_, i) => i != (int)t[0]).Sum(v => Math.Pow(Math.Max(0, 0.5 - row[(int)t[0]] + v), 2)) / C),
        Paired("MultiLabelMargin", static (x, t) => Losses.MultiLabelMargin(x, t.Reshape(x.Shape).To(DType.Int64)), LabelMargin),
        Paired("MultiLabelMargin, mean", static (x, t) => Losses.MultiLabelMargin(x, t.Reshape(x.Shape).To(DType.Int64), Reduction.Mean), LabelMargin),
        Paired("MultiLabelSoftMargin", static (x, t) => Losses.MultiLabelSoftMargin(x, Yes(x, t)), LabelSoftMargin),
        Paired("MultiLabelSoftMargin, weighted", static (x, t) => Losses.MultiLabelSoftMargin(x, Yes(x, t), Tensor.Full([C], 2, x.DType, x.Device)), static (row, t) => 2 * LabelSoftMargin(row, t)),
        Paired("CosineEmbedding", static (x, t) => Losses.CosineEmbedding(x, Axis(x), Sides(x, t), 0.2), static (row, t) =>
        {
            double cosine = row[1] / Math.Sqrt((Squares(row) + 1e-12) * (1 + 1e-12));
            return t[0] > 0 ? 1 - cosine : Math.Max(0, cosine - 0.2);
        }),
        Paired("TripletMargin", static (x, _) => Losses.TripletMargin(x, Axis(x), Axis(x).Flip(1)), static (row, _) =>
            Math.Max(0, Away(row, [0, 1, 0]) - Away(row, [0, 1, 0]) + 1)),
        Paired("TripletMargin, swap", static (x, _) => Losses.TripletMargin(x, x * 0.5, Axis(x), 2, swap: true), static (row, _) =>
        {
            double[] half = [.. row.Select(static v => v / 2)];
            return Math.Max(0, Away(row, half) - Math.Min(Away(row, [0, 1, 0]), Away(half, [0, 1, 0])) + 2);
        }),
        Paired("Dice", static (x, t) => Losses.Dice(x.Sigmoid(), Yes(x, t)), static (row, t) => 1 - (((2 * Both(row, t)) + 1) / (Chances(row).Sum() + t.Count(static v => v > 0) + 1))),
        Paired("Dice, rough", static (x, t) => Losses.Dice(x.Sigmoid(), Yes(x, t), 0.5), static (row, t) => 1 - (((2 * Both(row, t)) + 0.5) / (Chances(row).Sum() + t.Count(static v => v > 0) + 0.5))),
        Paired("Jaccard", static (x, t) => Losses.Jaccard(x.Sigmoid(), Yes(x, t)), static (row, t) => 1 - ((Both(row, t) + 1) / (Chances(row).Sum() + t.Count(static v => v > 0) - Both(row, t) + 1))),
        Paired("Jaccard, rough", static (x, t) => Losses.Jaccard(x.Sigmoid(), Yes(x, t), 0.5), static (row, t) => 1 - ((Both(row, t) + 0.5) / (Chances(row).Sum() + t.Count(static v => v > 0) - Both(row, t) + 0.5))),
        new("InfoNce", s_rows, s_labels, static (x, _) => Losses.InfoNce(Rows(x), Following(Rows(x)), 0.5), static (x, _) =>
        {
            double[][] views = Directions(x);
            return [Enumerable.Range(0, 4).Average(i => -Plain.LogSoftmax([.. Enumerable.Range(0, 4).Select(j => Dot(views[i], views[(j + 1) % 4]) / 0.5)])[i])];
        }),
        new("NtXent", s_rows, s_labels, static (x, _) => Losses.NtXent(Rows(x).Narrow(0, 0, 2), Rows(x).Narrow(0, 2, 2)), static (x, _) =>
        {
            double[][] views = Directions(x);
            return [Enumerable.Range(0, 4).Average(i => -Plain.LogSoftmax([.. Enumerable.Range(0, 4).Select(j => j == i ? double.NegativeInfinity : Dot(views[i], views[j]) / 0.5)])[(i + 2) % 4])];
        }),
        new("Ctc", s_rows, s_labels, static (x, _) => Losses.Ctc(
            Rows(x).LogSoftmax(), Tensor.From<long>([1, 2], [1, 2], x.Device).Select(0, 0), Tensor.Scalar(4L, DType.Int64, x.Device), Tensor.Scalar(2L, DType.Int64, x.Device), reduction: Reduction.Sum), static (x, _) =>
        {
            double[][] p = [.. x.Chunk(C).Select(Plain.Softmax)];
            double sum = 0;
            for (int reading = 0; reading < 81; reading++)
            {
                int[] k = [reading / 27, reading / 9 % 3, reading / 3 % 3, reading % 3];
                int[] labels = [.. k.Where((v, i) => v != 0 && (i == 0 || k[i - 1] != v))];
                sum += labels.SequenceEqual([1, 2]) ? k.Select((v, i) => p[i][v]).Aggregate(1.0, static (a, b) => a * b) : 0;
            }

            return [-Math.Log(sum)];
        }),
    ];

    private static Tensor Rows(Tensor x) => x.Reshape(-1, C);

    private static Tensor Following(Tensor x) => Tensor.Concat([x.Narrow(0, 1, x.Shape[0] - 1), x.Narrow(0, 0, 1)]);

    private static Tensor ClassesIn(Tensor t) => Rows(t).Select(1, 0).To(DType.Int64);

    private static Tensor Yes(Tensor x, Tensor t) => (Rows(t) > 0).To(x.DType);

    private static Tensor Sides(Tensor x, Tensor t) => ((Rows(t).Select(1, 0) > 0).To(x.DType) * 2) - 1;

    /// <summary>The second unit vector for each row.</summary>
    private static Tensor Axis(Tensor x) => Tensor.Full([x.Shape[0]], 1L, DType.Int64, x.Device).OneHot(C, x.DType);

    private static double Squares(double[] row) => row.Sum(static v => v * v);

    private static double Away(double[] a, double[] b) => Math.Sqrt(a.Zip(b, static (v, w) => (v - w + 1e-6) * (v - w + 1e-6)).Sum());

    private static double[] Chances(double[] row) => [.. row.Select(static v => 1 / (1 + Math.Exp(-v)))];

    private static double Both(double[] row, double[] t) => Chances(row).Where((_, i) => t[i] > 0).Sum();

    private static double Dot(double[] a, double[] b) => a.Zip(b, static (v, w) => v * w).Sum();

    private static double[][] Directions(double[] x) => [.. x.Chunk(C).Select(static row => row.Select(v => v / Math.Sqrt(Squares(row))).ToArray())];

    private static double LabelMargin(double[] row, double[] t)
    {
        int[] named = [.. t.TakeWhile(static v => v >= 0).Select(static v => (int)v)];
        return named.Sum(j => Enumerable.Range(0, C).Where(i => !named.Contains(i)).Sum(i => Math.Max(0, 1 - row[j] + row[i]))) / C;
    }

    private static double LabelSoftMargin(double[] row, double[] t) => row.Select((z, i) => Math.Max(z, 0) - (t[i] > 0 ? z : 0) + Plain.Log1p(Math.Exp(-Math.Abs(z)))).Average();

    /// <summary>The mean over rows of something of each row of three and its labels.</summary>
    private static LossCase Paired(string name, Func<Tensor, Tensor, Tensor> run, Func<double[], double[], double> f) =>
        new(name, s_rows, s_labels, (x, t) => run(Rows(x), t), (x, t) => [x.Chunk(C).Zip(t.Chunk(C), f).Average()]);

    private static Tensor Weights(Tensor x) => Tensor.From<float>([.. s_weights.Select(static w => (float)w)], x.Device).To(x.DType);

    private static double[] Probabilities() => [.. s_logits.Chunk(C).SelectMany(static row => Plain.Softmax([.. row.Select(static z => Math.Clamp(z, -3, 3))]))];

    /// <summary>½d² near 0, δ·(|d| − ½δ) beyond δ.</summary>
    private static double Robust(double d, double delta) => Math.Abs(d) < delta ? d * d / 2 : delta * (Math.Abs(d) - (delta / 2));

    private static Func<double[], double[], double[]> Mean(Func<double, double, double> f) => (x, t) => [x.Zip(t, f).Average()];

    /// <summary>The form of two arguments, which is the mean, and the one that keeps the elements.</summary>
    private static LossCase[] Both(string name, Func<Tensor, Tensor, Tensor> mean, Func<Tensor, Tensor, Reduction, Tensor> reduced, double[] x, double[] t, Func<double, double, double> f) =>
    [
        new(name, x, t, mean, Mean(f)),
        new(name + ", each", x, t, (a, b) => reduced(a, b, Reduction.None), (a, b) => [.. a.Zip(b, f)]),
        new(name + ", sum", x, t, (a, b) => reduced(a, b, Reduction.Sum), (a, b) => [a.Zip(b, f).Sum()]),
    ];

    /// <summary>Σ losses / Σ weights over the samples that count.</summary>
    private static LossCase Classed(string name, double[] scores, Func<Tensor, Tensor, Tensor> run, Func<double[], int, (double Loss, double Weight)> f) =>
        new(name, scores, s_classes, run, (x, t) =>
        {
            (double Loss, double Weight)[] parts = [.. x.Chunk(C).Zip(t).Where(static p => p.Second >= 0).Select(p => f(p.First, (int)p.Second))];
            return [parts.Sum(static p => p.Loss) / parts.Sum(static p => p.Weight)];
        })
        {
            Classes = C,
        };
}
