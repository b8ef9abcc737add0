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
    ];

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
