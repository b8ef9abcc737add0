using NUnit.Framework;
using static Engine.Expr;

namespace Engine.Tests;

/// <summary>NaN, infinities, zeros and ties, values and gradients; the expected numbers are PyTorch's.</summary>
internal sealed class SpecialValueTests
{
    private const double NaN = double.NaN;
    private const double Inf = double.PositiveInfinity;

    private static readonly Expr s_a = Input(0);
    private static readonly Expr s_b = Input(1);

    // Arguments; value; gradient.
    private static readonly (Expr Formula, double[] X, double[] Y, double[] Dx)[] s_unary =
    [
        (Sign(s_a), [NaN, Inf, -Inf, 0, 1, -1], [0, 1, -1, 0, 1, -1], [0, 0, 0, 0, 0, 0]),
        (Relu(s_a), [NaN, Inf, -Inf, 0, 1, -1], [NaN, Inf, 0, 0, 1, 0], [1, 1, 0, 0, 1, 0]),
        (Abs(s_a), [NaN, Inf, -Inf, 0, 1, -1], [NaN, Inf, Inf, 0, 1, 1], [0, 1, -1, 0, 1, -1]),
        (Round(s_a), [NaN, Inf, 0.5, 1.5, 2.5, -0.5, -1.5], [NaN, Inf, 0, 2, 2, -0.0, -2], [0, 0, 0, 0, 0, 0, 0]),
        (Sqrt(s_a), [NaN, Inf, -Inf, 0, -0.0, 1, -1], [NaN, Inf, NaN, 0, -0.0, 1, NaN], [NaN, 0, NaN, Inf, -Inf, 0.5, NaN]),
        (Rsqrt(s_a), [NaN, Inf, -Inf, 0, -0.0, 1, -1], [NaN, 0, NaN, Inf, -Inf, 1, NaN], [NaN, -0.0, NaN, -Inf, Inf, -0.5, NaN]),
        (Log1p(s_a), [NaN, Inf, -Inf, 0, -0.0, -1, -2], [NaN, Inf, NaN, 0, -0.0, -Inf, NaN], [NaN, 0, -0.0, 1, 1, Inf, -1]),
        (Expm1(s_a), [NaN, Inf, -Inf, 0, -0.0], [NaN, Inf, -1, 0, -0.0], [NaN, Inf, 0, 1, 1]),
        (Erf(s_a), [NaN, Inf, -Inf, 0, -0.0], [NaN, 1, -1, 0, -0.0], [NaN, 0, 0, 1.1283791670955126, 1.1283791670955126]),
        (Sigmoid(s_a), [NaN, Inf, -Inf, 0], [NaN, 1, 0, 0.5], [NaN, 0, 0, 0.25]),
        (Tanh(s_a), [NaN, Inf, -Inf, 0, -0.0], [NaN, 1, -1, 0, -0.0], [NaN, 0, 0, 1, 1]),
        (Reciprocal(s_a), [NaN, Inf, -Inf, 0, -0.0, 2], [NaN, 0, -0.0, Inf, -Inf, 0.5], [NaN, -0.0, -0.0, -Inf, -Inf, -0.25]),
        (Exp(s_a), [NaN, Inf, -Inf, 0], [NaN, Inf, 0, 1], [NaN, Inf, 0, 1]),
        (Log(s_a), [NaN, Inf, -Inf, 0, -0.0, -1], [NaN, Inf, NaN, -Inf, -Inf, NaN], [NaN, 0, -0.0, Inf, -Inf, -1]),
        (Pow(s_a, 0), [NaN, Inf, 0, 2], [1, 1, 1, 1], [0, 0, 0, 0]),
        (Pow(s_a, 0.5), [NaN, Inf, -Inf, 0, -0.0, 4, -1], [NaN, Inf, NaN, 0, -0.0, 2, NaN], [NaN, 0, NaN, Inf, -Inf, 0.25, NaN]),
        (Pow(s_a, 2), [NaN, Inf, -Inf, 0, -1, 2], [NaN, Inf, Inf, 0, 1, 4], [NaN, Inf, -Inf, 0, -2, 4]),
        (Pow(s_a, 3), [NaN, Inf, -Inf, 0, -1, 2], [NaN, Inf, -Inf, 0, -1, 8], [NaN, Inf, Inf, 0, 3, 12]),
        (Pow(s_a, -1), [NaN, Inf, 0, -0.0, -1, 2], [NaN, 0, Inf, -Inf, -1, 0.5], [NaN, -0.0, -Inf, -Inf, -1, -0.25]),
        (Pow(s_a, -2), [NaN, Inf, -Inf, 0, -0.0, -1, 2], [NaN, 0, 0, Inf, Inf, 1, 0.25], [NaN, -0.0, 0, -Inf, Inf, 2, -0.25]),
        (Clamp(s_a, -1, 1), [-2, -1, 0, 1, 2, Inf], [-1, -1, 0, 1, 1, 1], [0, 1, 1, 1, 0, 0]),
        (Clamp(s_a, 1, -1), [-2, 0, 2], [-1, -1, -1], [0, 0, 0]),
        (ClampMin(s_a, 1), [NaN, 0, 1, 2], [NaN, 1, 1, 2], [1, 0, 1, 1]),
        (ClampMax(s_a, 1), [NaN, 0, 1, 2], [NaN, 0, 1, 1], [1, 1, 1, 0]),
        (Not(s_a), [NaN, 0, -0.0, 2], [0, 1, 1, 0], [0, 0, 0, 0]),
        (IsNaN(s_a), [NaN, 0, Inf], [1, 0, 0], [0, 0, 0]),
        // PyTorch has NaN here, 0·∞; a side that is not taken sends nothing.
        (Where(s_a > 0, Log(s_a), 0), [-1, 0, 1], [0, 0, 0], [0, 0, 1]),
        (Where(s_a > 0, Sqrt(s_a), -s_a), [0, 4], [-0.0, 2], [-1, 0.25]),
    ];

    // Arguments; value; both gradients.
    private static readonly (Expr Formula, double[] A, double[] B, double[] Y, double[] Da, double[] Db)[] s_binary =
    [
        (Max(s_a, s_b), [NaN, 1, NaN, 2, 3], [1, NaN, NaN, 2, 1], [NaN, NaN, NaN, 2, 3], [1, 1, 1, 0.5, 1], [1, 1, 1, 0.5, 0]),
        (Min(s_a, s_b), [NaN, 1, NaN, 2, 3], [1, NaN, NaN, 2, 1], [NaN, NaN, NaN, 2, 1], [1, 1, 1, 0.5, 0], [1, 1, 1, 0.5, 1]),
        (Pow(s_a, s_b), [0, 0, 0, 0, -2, -8, NaN, 1, Inf, 2], [0, 1, 2, -1, 3, 1 / 3.0, 0, NaN, 0.5, Inf],
            [1, 0, 0, Inf, -8, NaN, 1, 1, Inf, Inf],
            [0, 1, 0, -Inf, 12, NaN, 0, NaN, 0, Inf],
            [0, 0, 0, -Inf, NaN, NaN, NaN, 0, Inf, Inf]),
        (s_a % s_b, [5, -5, 5, -5, 5, Inf, 5, 0, 5.5, -5], [3, 3, -3, -3, 0, 3, Inf, -3, -2.5, Inf],
            [2, 1, -1, -2, NaN, NaN, 5, 0, -2, Inf],
            [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            [-1, 2, 2, -1, -Inf, NaN, -0.0, 0, 3, 1]),
        (FloorDiv(s_a, s_b), [5, -5, 5, -5, 5, Inf, 5, -0.0, 0, 1, -5, 0], [3, 3, -3, -3, 0, 3, Inf, 3, -3, 0.1, Inf, 0],
            [1, -2, -2, 1, Inf, NaN, 0, -0.0, -0.0, 9, -1, NaN],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (CopySign(s_a, s_b), [1, -1, 0, -0.0, 2, 2, -3], [-1, 1, -1, 1, 0, -0.0, -1], [-1, 1, -0.0, 0, 2, -2, -3],
            [-1, -1, 0, 0, 1, -1, 1], [0, 0, 0, 0, 0, 0, 0]),
        (s_a < s_b, [NaN, 1, 2], [1, NaN, 3], [0, 0, 1], [0, 0, 0], [0, 0, 0]),
        (s_a >= s_b, [NaN, 1, 3], [1, NaN, 3], [0, 0, 1], [0, 0, 0], [0, 0, 0]),
        (Equal(s_a, s_b), [NaN, 1, 0], [NaN, 1, -0.0], [0, 1, 1], [0, 0, 0], [0, 0, 0]),
        (NotEqual(s_a, s_b), [NaN, 1, 0], [NaN, 1, -0.0], [1, 0, 0], [0, 0, 0], [0, 0, 0]),
        (And(s_a, s_b), [NaN, 0, 2, 0], [1, 1, 3, 0], [1, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]),
        (Or(s_a, s_b), [NaN, 0, 2, 0], [0, 1, 3, 0], [1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]),
        (Where(s_a, s_b, 7), [1, 0, NaN, -2], [5, NaN, 6, 3], [5, 7, 6, 3], [0, 0, 0, 0], [1, 0, 1, 1]),
    ];

    private static IEnumerable<TestCaseData> Unary() => s_unary.Select((_, i) => new TestCaseData(i).SetArgDisplayNames(s_unary[i].Formula.ToString()));

    private static IEnumerable<TestCaseData> Binary() => s_binary.Select((_, i) => new TestCaseData(i).SetArgDisplayNames(s_binary[i].Formula.ToString()));

    [TestCaseSource(nameof(Unary))]
    public void Unary_ValueAndGradient_ArePyTorchs(int row)
    {
        (Expr formula, double[] xs, double[] ys, double[] dxs) = s_unary[row];
        for (int i = 0; i < xs.Length; i++)
        {
            MapRun run = MapRun.Of(formula, xs[i]);
            Assert.That(run.Y, Is.EqualTo(ys[i]).Within(1e-15), $"y at {xs[i]}");
            Assert.That(run.Gradients[0], Is.EqualTo(dxs[i]).Within(1e-15), $"dx at {xs[i]}");
        }
    }

    [TestCaseSource(nameof(Binary))]
    public void Binary_ValueAndGradients_ArePyTorchs(int row)
    {
        var (formula, a, b, y, da, db) = s_binary[row];
        for (int i = 0; i < a.Length; i++)
        {
            MapRun run = MapRun.Of(formula, a[i], b[i]);
            Assert.That(run.Y, Is.EqualTo(y[i]).Within(1e-15), $"y at ({a[i]}, {b[i]})");
            Assert.That(run.Gradients[0], Is.EqualTo(da[i]).Within(1e-13), $"da at ({a[i]}, {b[i]})");
            Assert.That(run.Gradients[1], Is.EqualTo(db[i]).Within(1e-13), $"db at ({a[i]}, {b[i]})");
        }
    }
}
