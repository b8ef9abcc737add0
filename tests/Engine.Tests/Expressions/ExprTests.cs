using NUnit.Framework;
using static Engine.Expr;

namespace Engine.Tests;

internal sealed class ExprTests
{
    private static readonly Expr s_x = Input(0);
    private static readonly Expr s_y = Input(1);

    private static IEnumerable<TestCaseData> Texts() => new (Expr Formula, string Text)[]
    {
        (Relu(s_x + s_y) * Parameter(0), "relu(in0 + in1) * p0"),
        ((s_x + s_y) * 2, "(in0 + in1) * 2"),
        (s_x - (s_y - 1), "in0 - (in1 - 1)"),
        (s_x - s_y - 1, "in0 - in1 - 1"),
        (s_x / (s_y * 2), "in0 / (in1 * 2)"),
        (-(s_x + s_y), "-(in0 + in1)"),
        (-s_x * s_y, "-in0 * in1"),
        (-(-s_x), "--in0"),
        (s_x + -2.5, "in0 - 2.5"),
        (s_x * -2, "in0 * -2"),
        (And(s_x < s_y, Equal(s_x, 1)), "in0 < in1 & in0 == 1"),
        (Or(And(s_x, s_y), Not(s_x)), "in0 & in1 | not(in0)"),
        (s_x % 3, "in0 % 3"),
        (Where(s_x >= 1, Exp(s_x), double.PositiveInfinity), "where(1 <= in0, exp(in0), inf)"),
        (Expr.Random(2) + Expr.Index, "random(p2) + index"),
        (Fma(s_x, s_y, 1e-5), "fma(in0, in1, 1E-05)"),
        (0.1f * s_x, "0.10000000149011612 * in0"),
    }.Select(row => new TestCaseData(row.Formula, row.Text).SetArgDisplayNames(row.Text));

    [TestCaseSource(nameof(Texts))]
    public void ToString_IsReadable(Expr formula, string text) => Assert.That(formula.ToString(), Is.EqualTo(text));

    [Test]
    public void ToString_NamesWhatIsUsedTwice()
    {
        Expr e = Exp(s_x);
        Assert.That((e / (1 + e)).ToString(), Is.EqualTo("t0 = exp(in0); t0 / (1 + t0)"));
    }

    [Test]
    public void Equals_ComparesStructure()
    {
        Assert.That(Tanh(s_x * 2) + Parameter(1), Is.EqualTo(Tanh(Input(0) * 2) + Parameter(1)));
        Assert.That((Tanh(s_x) + 1).GetHashCode(), Is.EqualTo((Tanh(Input(0)) + 1).GetHashCode()));
        Assert.That(s_x + s_y, Is.Not.EqualTo(s_y + s_x));
        Assert.That(Constant(0), Is.Not.EqualTo(Constant(-0.0)));
        Expr nan = Constant(double.NaN);
        Assert.That(nan, Is.EqualTo(Constant(double.NaN)));
        Assert.That(Parameter(0), Is.Not.EqualTo(s_x));
        Assert.That(s_x.Equals(null), Is.False);
    }

    [Test]
    public void Equals_OfFormulasThatShareTheirParts_TakesNoExponentialTime()
    {
        Expr a = s_x, b = s_x;
        for (int i = 0; i < 300; i++)
        {
            (a, b) = (a * a, b * b);
        }
        Assert.That(a, Is.EqualTo(b));
        Assert.That(a, Is.Not.EqualTo(b * b));
    }

    [Test]
    public void Hash_IsTheSameInEveryProcess() => Assert.That((Tanh(s_x * 2) + Parameter(1)).Hash, Is.EqualTo(12146700099782782973ul));

    [Test]
    public void Substitute_ComposesFormulas()
    {
        Expr scaled = s_x * Parameter(0) + Expr.Random(1);
        Expr composed = scaled.Substitute([Tanh(s_y)], parameterOffset: 3);
        Assert.That(composed.ToString(), Is.EqualTo("tanh(in1) * p3 + random(p4)"));
        Assert.That(() => (s_x + s_y).Substitute([s_x]), Throws.ArgumentException.With.Message.Contains("Input 1"));
    }

    [Test]
    public void Apply_ChecksTheNumberOfArguments()
    {
        Assert.That(() => Apply(ScalarOpcode.Add, s_x), Throws.ArgumentException);
        Assert.That(() => Apply(ScalarOpcode.Input), Throws.ArgumentException);
        Assert.That(Apply(ScalarOpcode.Add, s_x, s_y), Is.EqualTo(s_x + s_y));
    }

    [Test]
    public void Nulls_AndNegativeNumbers_Throw()
    {
        Expr none = null!;
        Assert.That(() => s_x + none, Throws.ArgumentNullException);
        Assert.That(() => Exp(none), Throws.ArgumentNullException);
        Assert.That(() => Where(s_x, none, s_x), Throws.ArgumentNullException);
        Assert.That(() => Input(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Parameter(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => s_x[0], Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
