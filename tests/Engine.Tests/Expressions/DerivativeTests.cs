using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using static Engine.Expr;

namespace Engine.Tests;

internal sealed class DerivativeTests
{
    private static readonly Expr s_x = Input(0);

    private static IEnumerable<TestCaseData> Texts() => new (Expr Of, string Is)[]
    {
        (3 * s_x + 1, "3"),
        (Input(1) * 7, "0"),
        (s_x * Input(1), "in1"),
        (Square(s_x), "in0 + in0"),
        (Tanh(s_x), "t0 = tanh(in0); 1 - t0 * t0"),
        (Exp(2 * s_x), "exp(in0 * 2) * 2"),
        (Sin(s_x) / 5, "cos(in0) * 0.2"),
        (Where(s_x > 0, s_x, 0.1 * s_x), "where(0 < in0, 1, 0.1)"),
        (Where(s_x > 0, Log(s_x), 0), "where(0 < in0, reciprocal(in0), 0)"),
        (Floor(s_x) * s_x, "floor(in0)"),
        (s_x * Expr.Random(0), "random(p0)"),
        (s_x * Expr.Index * Parameter(1), "index * p1"),
        (Where(Expr.Random(1) < Parameter(0), 0, s_x * Parameter(5)), "where(random(p1) < p0, 0, p5)"),
    }.Select(row => new TestCaseData(row.Of, row.Is).SetArgDisplayNames(row.Of.ToString()));

    [TestCaseSource(nameof(Texts))]
    public void Of_IsSimple(Expr formula, string derivative) =>
        Assert.That(Derivative.Of(formula, 0).ToString(), Is.EqualTo(derivative));

    [Test]
    public void Of_TheNthDerivativeOfSine_TurnsBackToSine()
    {
        Expr d = Sin(s_x);
        for (int i = 0; i < 4; i++)
        {
            d = Derivative.Of(d, 0);
        }
        Assert.That(d.ToString(), Is.EqualTo("sin(in0)"));
    }

    [Test]
    public void Of_RandomFormulas_MatchesCentralDifferences()
    {
        ScalarOp[] smooth = ScalarOp.All.ToArray().Where(op => op.Opcode is ScalarOpcode.Neg or ScalarOpcode.Sin or ScalarOpcode.Cos
            or ScalarOpcode.Tanh or ScalarOpcode.Sigmoid or ScalarOpcode.Erf or ScalarOpcode.Abs or ScalarOpcode.Relu or ScalarOpcode.Add
            or ScalarOpcode.Sub or ScalarOpcode.Mul or ScalarOpcode.Max or ScalarOpcode.Where or ScalarOpcode.Less or ScalarOpcode.Fma
            or ScalarOpcode.CopySign).ToArray();
        int compared = 0;
        Prop.ForAll(RandomExpr.Of(smooth, [1, -1, 2, 0.5, -0.25]), Arb.From(Gen.Choose(-2000, 2000).Select(n => n / 1000.0).ArrayOf(5)), (formula, point) =>
        {
            MapProgram program = MapProgram.Compile(RandomExpr.Inputs, formula);
            double derivative = MapProgram.Compile(RandomExpr.Inputs, Derivative.Of(formula, 0)).Evaluate(point.AsSpan(0, 3), point.AsSpan(3));
            double coarse = Difference(program, point, 1e-4), fine = Difference(program, point, 5e-5);
            // Across a kink or a jump the two differences part; where the terms are huge both are noise.
            bool trustworthy = Math.Abs(coarse - fine) < 1e-5 * Math.Max(1, Math.Abs(fine)) && Math.Abs(fine) < 1e4;
            if (trustworthy && !OnAKink(program, point))
            {
                compared++;
                return Math.Abs(derivative - fine) < 1e-4 * Math.Max(1, Math.Abs(fine));
            }
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithQuietOnSuccess(true));
        Assert.That(compared, Is.GreaterThan(500));
    }

    [Test]
    public void Of_AKnotOfSharedParts_TakesNoExponentialTime()
    {
        Expr x = s_x;
        for (int i = 0; i < 100; i++)
        {
            x = Sin(x * x);
        }
        Assert.That(MapProgram.Compile(1, Derivative.Of(x, 0)).Code.Length, Is.LessThan(800));
    }

    [Test]
    public void Of_NegativeInput_Throws() => Assert.That(() => Derivative.Of(s_x, -1), Throws.TypeOf<ArgumentOutOfRangeException>());

    private static double Difference(MapProgram program, double[] point, double h) => (At(program, point, h) - At(program, point, -h)) / (2 * h);

    // One-sided differences disagree: a symmetric kink such as |x| at 0, which central differences do not see.
    private static bool OnAKink(MapProgram program, double[] point)
    {
        double h = 1e-5;
        double here = At(program, point, 0);
        double right = (At(program, point, h) - here) / h, left = (here - At(program, point, -h)) / h;
        return Math.Abs(right - left) > 1e-2 * Math.Max(1, Math.Abs(right));
    }

    private static double At(MapProgram program, double[] point, double step) =>
        program.Evaluate([point[0] + step, point[1], point[2]], point.AsSpan(3));
}
