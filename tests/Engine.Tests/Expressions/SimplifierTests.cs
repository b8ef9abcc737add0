using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using static Engine.Expr;

namespace Engine.Tests;

internal sealed class SimplifierTests
{
    private static readonly Expr s_x = Input(0);
    private static readonly Expr s_y = Input(1);

    private static IEnumerable<TestCaseData> Rules() => new (Expr From, string To)[]
    {
        (s_x * 1, "in0"), (1 * s_x, "in0"), (s_x * -1, "-in0"), (s_x / 1, "in0"), (s_x - 0, "in0"), (s_x + -0.0, "in0"),
        (s_x + 0, "in0 + 0"), (s_x * 0, "in0 * 0"), (s_x - s_x, "in0 - in0"),
        (-(-s_x), "in0"), (s_x - (-s_y), "in0 + in1"), (s_x + (-s_y), "in0 - in1"), (-s_x + s_y, "in1 - in0"), (s_x - 2, "in0 - 2"),
        (s_y + s_x, "in0 + in1"), (2 * s_x, "in0 * 2"), (-s_x * s_y, "-(in0 * in1)"), (-s_x * -s_y, "in0 * in1"), (-s_x * 3, "in0 * -3"),
        (s_x / 4, "in0 * 0.25"), (s_x / 3, "in0 / 3"), (1 / s_x, "reciprocal(in0)"), (1 / Sqrt(s_x), "rsqrt(in0)"),
        (Constant(2) * 3 + 4, "10"), (Log(0), "-inf"), (Sqrt(-1), "nan"), (FloorDiv(7, 0), "floordiv(7, 0)"), (Constant(1L << 53) + 1, "1 + 9007199254740992"),
        (Pow(s_x, 0), "1"), (Pow(s_x, 1), "in0"), (Pow(s_x, 2), "in0 * in0"), (Pow(s_x, 0.5), "sqrt(in0)"), (Pow(s_x, -0.5), "rsqrt(in0)"),
        (Where(1, s_x, s_y), "in0"), (Where(0, s_x, s_y), "in1"), (Where(s_x, s_y, s_y), "in1"), (Where(Not(s_x), 1, s_y), "where(in0, in1, 1)"),
        (Where(s_x, Where(s_x, s_y, 1), 2), "where(in0, in1, 2)"), (Where(NotEqual(s_x, 0), s_y, 2), "where(in0, in1, 2)"),
        (Where(s_x < s_y, 1, 0), "in0 < in1"), (Where(s_x, 1, 0), "where(in0, 1, 0)"),
        (Not(Equal(s_x, s_y)), "in0 != in1"), (Not(Not(s_x)), "not(not(in0))"), (Not(Not(s_x < s_y)), "in0 < in1"), (Not(s_x < s_y), "not(in0 < in1)"),
        (And(s_x < s_y, 1), "in0 < in1"), (And(s_x, 1), "in0 != 0"), (And(s_x, 0), "0"), (Or(s_x, 2), "1"), (Or(s_x < s_y, 0), "in0 < in1"),
        (Max(s_x, s_x), "in0"), (Relu(Relu(s_x)), "relu(in0)"), (Abs(-s_x), "abs(in0)"), (Cos(-s_x), "cos(in0)"),
        (Exp(s_x) + Exp(s_x), "t0 = exp(in0); t0 + t0"),
    }.Select(rule => new TestCaseData(rule.From, rule.To).SetArgDisplayNames(rule.From.ToString(), rule.To));

    [TestCaseSource(nameof(Rules))]
    public void Simplify_AppliesTheRule(Expr from, string to) => Assert.That(from.Simplify().ToString(), Is.EqualTo(to));

    [Test]
    public void Simplify_KeepsEveryValueBitForBit()
    {
        // Apart from powers, whose products and roots may round differently, and from what shows the sign of a NaN.
        ScalarOp[] operations = ScalarOp.All.ToArray()
            .Where(op => !op.IsLeaf && op.Opcode is not (ScalarOpcode.Pow or ScalarOpcode.CopySign)).ToArray();
        Prop.ForAll(RandomExpr.Of(operations), formula =>
        {
            MapProgram plain = MapProgram.Linearize([formula], RandomExpr.Inputs);
            MapProgram simplified = MapProgram.Compile(RandomExpr.Inputs, formula);
            return Prop.ForAll(Arb.From(RandomExpr.SpecialPoint(RandomExpr.Inputs + RandomExpr.Parameters)), point =>
            {
                double expected = plain.Evaluate(point.AsSpan(0, RandomExpr.Inputs), point.AsSpan(RandomExpr.Inputs), 5);
                double actual = simplified.Evaluate(point.AsSpan(0, RandomExpr.Inputs), point.AsSpan(RandomExpr.Inputs), 5);
                return IsSame(actual, expected);
            });
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithQuietOnSuccess(true));
    }

    [Test]
    public void Simplify_KeepsEveryIntegerValue()
    {
        ScalarOp[] operations = ScalarOp.All.ToArray().Where(op => op.IntegerReference is not null).ToArray();
        Prop.ForAll(RandomExpr.Of(operations, [0, 1, -1, 2, 3, -7]), formula =>
        {
            MapProgram plain = MapProgram.Linearize([formula], RandomExpr.Inputs);
            MapProgram simplified = MapProgram.Compile(RandomExpr.Inputs, formula);
            // A division by zero that folds is an infinity, which no integer program has.
            if (!simplified.SupportsInteger)
            {
                return true.ToProperty();
            }
            return Prop.ForAll(Arb.From(Gen.Choose(-9, 9).Select(n => (long)n).ArrayOf(RandomExpr.Inputs + RandomExpr.Parameters)), point =>
            {
                Span<long> values = stackalloc long[2];
                plain.Evaluate(point.AsSpan(0, RandomExpr.Inputs), point.AsSpan(RandomExpr.Inputs), 5, values[..1], DType.Int64);
                simplified.Evaluate(point.AsSpan(0, RandomExpr.Inputs), point.AsSpan(RandomExpr.Inputs), 5, values[1..], DType.Int64);
                return values[0] == values[1];
            });
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithQuietOnSuccess(true));
    }

    [Test]
    public void Simplify_PowerOfConstantsThatIsNoInteger_IsKeptForIntegers()
    {
        MapProgram program = MapProgram.Compile(1, Expr.Sign(Expr.Pow(Expr.Constant(2), Expr.Constant(-1))) + s_x);
        long[] result = new long[1];
        program.Evaluate([5L], [], 0, result, DType.Int64);
        double[] real = [program.Evaluate([5.0], [], 0)];
        Assert.That((result[0], real[0]), Is.EqualTo((5L, 6.0)));
    }

    [Test]
    public void Simplify_IsIdempotent() =>
        Prop.ForAll(RandomExpr.Of(ScalarOp.All.ToArray().Where(op => !op.IsLeaf).ToArray()), formula =>
        {
            Expr once = formula.Simplify();
            return once.Simplify().Equals(once);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithQuietOnSuccess(true));

    [Test]
    public void Simplify_OfAFormulaThatSharesItsParts_TakesNoExponentialTime()
    {
        Expr x = s_x;
        for (int i = 0; i < 200; i++)
        {
            x = x * x + 1;
        }
        Assert.That(MapProgram.Compile(1, x).Code.Length, Is.EqualTo(402));
    }

    [Test]
    public void Simplify_OfADeepFormula_DoesNotOverflowTheStack()
    {
        Expr x = s_x;
        for (int i = 0; i < 100_000; i++)
        {
            x = Sin(x) + s_y;
        }
        Assert.That(x.Simplify().Equals(x.Simplify()));
        Assert.That(() => MapProgram.Compile(2, x), Throws.ArgumentException.With.Message.Contains("steps"));
    }

    private static bool IsSame(double a, double b) =>
        double.IsNaN(a) ? double.IsNaN(b) : BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b);
}
