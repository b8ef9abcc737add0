using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using static Engine.Expr;

namespace Engine.Tests;

internal sealed class MapGradientTests
{
    private static readonly Expr s_x = Input(0);
    private static readonly Expr s_y = Input(1);

    // Formula; inputs; saved inputs and "y" for the output; the gradient program.
    private static IEnumerable<TestCaseData> Saved() => new (Expr Formula, string Saves, string Program)[]
    {
        (Exp(s_x), "y", "in0 * in1"),
        (Tanh(s_x), "y", "in0 * (1 - in1 * in1)"),
        (Sqrt(s_x), "y", "in0 / (in1 * 2)"),
        (Sigmoid(s_x), "y", "in0 * (in1 * (1 - in1))"),
        (Relu(s_x), "y", "where(in1 <= 0, 0, in0)"),
        (Relu(s_x + s_y), "y", "t0 = where(in1 <= 0, 0, in0); t0, t0"),
        (s_x + s_y, "", "in0, in0"),
        (s_x - s_y, "", "in0, -in0"),
        (s_x * 3, "", "in0 * 3"),
        (s_x * s_y, "0 1", "in0 * in2, in0 * in1"),
        (s_x / s_y, "1 y", "in0 / in1, -(in0 * in2 / in1)"),
        (Log(s_x), "0", "in0 / in1"),
        (Square(s_x), "0", "t0 = in0 * in1; t0 + t0"),
        // The output occurs in this derivative too, but the input alone will do.
        (s_x * Sigmoid(s_x), "0", "t0 = sigmoid(in1); in0 * t0 + in0 * in1 * (t0 * (1 - t0))"),
        (Where(s_y, s_x, 0), "1", "where(in1, in0, 0), 0"),
        (Where(Expr.Random(1) < Parameter(0), 0, s_x * Parameter(5)), "", "where(random(p1) < p0, 0, in0 * p5)"),
        (Floor(s_x) + 1, "", "0"),
    }.Select(row => new TestCaseData(row.Formula, row.Saves, row.Program).SetArgDisplayNames(row.Formula.ToString()));

    [TestCaseSource(nameof(Saved))]
    public void For_KeepsNoMoreThanNeeded(Expr formula, string saves, string program)
    {
        int inputs = formula.ToString().Contains("in1", StringComparison.Ordinal) ? 2 : 1;
        MapGradient gradient = MapGradient.For(MapProgram.Compile(inputs, formula), (1u << inputs) - 1);
        IEnumerable<string> kept = gradient.SavedInputs.ToArray().Select(i => i.ToString());
        Assert.That(string.Join(' ', gradient.SavesOutput ? kept.Append("y") : kept), Is.EqualTo(saves));
        Assert.That(gradient.Program.ToString(), Is.EqualTo(program));
    }

    [Test]
    public void For_OneOfTwoInputs_KeepsTheOtherOnly()
    {
        MapProgram product = MapProgram.Compile(2, s_x * s_y);
        MapGradient toFirst = MapGradient.For(product, 0b01), toSecond = MapGradient.For(product, 0b10);
        Assert.That(toFirst.SavedInputs.ToArray(), Is.EqualTo([1]));
        Assert.That(toSecond.SavedInputs.ToArray(), Is.EqualTo([0]));
        Assert.That(toFirst.Program.ToString(), Is.EqualTo("in0 * in1"));
    }

    [Test]
    public void For_IsMadeOnce()
    {
        MapProgram product = MapProgram.Compile(2, s_x * s_y);
        MapGradient toBoth = MapGradient.For(product, 3);
        Assert.That(MapGradient.For(product, 3), Is.SameAs(toBoth));
        Assert.That(MapGradient.For(product, 1), Is.Not.SameAs(toBoth));
    }

    [Test]
    public void Single_IsOneOutputOverTheSameInputs()
    {
        MapGradient gradient = MapGradient.For(MapProgram.Compile(2, s_x * s_y), 3);
        Assert.That(gradient.Single(0).ToString(), Is.EqualTo("in0 * in2"));
        Assert.That(gradient.Single(1).ToString(), Is.EqualTo("in0 * in1"));
        Assert.That(gradient.Single(1).InputCount, Is.EqualTo(3));
        MapProgram first = gradient.Single(0);
        Assert.That(gradient.Single(0), Is.SameAs(first));
    }

    [Test]
    public void For_SkipsInputsThatAreNotUsed()
    {
        MapGradient gradient = MapGradient.For(MapProgram.Compile(4, Input(1) * Input(3)), 0b1010);
        Assert.That(gradient.SavedInputs.ToArray(), Is.EqualTo([1, 3]));
        Assert.That(gradient.Program.InputCount, Is.EqualTo(3));
    }

    [Test]
    public void For_RandomFormulas_EqualsTheDerivativeTimesDy()
    {
        ScalarOp[] operations = ScalarOp.All.ToArray().Where(op => op.Opcode is ScalarOpcode.Tanh or ScalarOpcode.Sigmoid or ScalarOpcode.Sin
            or ScalarOpcode.Erf or ScalarOpcode.Relu or ScalarOpcode.Abs or ScalarOpcode.Add or ScalarOpcode.Sub or ScalarOpcode.Mul or ScalarOpcode.Max
            or ScalarOpcode.Where or ScalarOpcode.Less).ToArray();
        Prop.ForAll(RandomExpr.Of(operations, [1, -1, 2, 0.5]), Arb.From(Gen.Choose(-2000, 2000).Select(n => n / 1000.0).ArrayOf(5)), (formula, point) =>
        {
            double[] x = point[..RandomExpr.Inputs], parameters = point[RandomExpr.Inputs..];
            MapProgram forward = MapProgram.Compile(RandomExpr.Inputs, formula);
            double[] gradients = MapRun.Backward(forward, 0b111, x, forward.Evaluate(x, parameters), dy: 3, parameters);
            for (int i = 0; i < RandomExpr.Inputs; i++)
            {
                double derivative = MapProgram.Compile(RandomExpr.Inputs, Derivative.Of(formula, i)).Evaluate(x, parameters);
                if (!(Math.Abs(gradients[i] - 3 * derivative) <= 1e-10 * Math.Max(1, Math.Abs(derivative))))
                {
                    return false;
                }
            }
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithQuietOnSuccess(true));
    }

    [Test]
    public void Gradient_OfAGradient_IsTheSecondDerivative()
    {
        // y = tanh x keeps y: d/dx of dy·(1 − y²) flows through y, as a graph of the backward pass has it.
        MapProgram forward = MapProgram.Compile(1, Tanh(s_x));
        double x = 0.3;
        double y = Math.Tanh(x);
        MapProgram backward = MapGradient.For(forward, 1).Program;
        double toOutput = MapRun.Backward(backward, 0b10, [1, y], backward.Evaluate([1, y]))[0];
        double second = MapRun.Backward(forward, 1, [x], y, dy: toOutput)[0];
        Assert.That(second, Is.EqualTo(-2 * y * (1 - y * y)).Within(1e-15));
    }

    [Test]
    public void Dropout_DrawsTheSameMaskBackward()
    {
        MapProgram dropout = MapProgram.Compile(1, Where(Expr.Random(1) < Parameter(0), 0, s_x * Parameter(5)));
        double[] parameters = [0.5, 1, 2, 3, 4, 2];
        int dropped = 0;
        for (int i = 0; i < 64; i++)
        {
            double y = dropout.Evaluate([1.0], parameters, i);
            Assert.That(MapRun.Backward(dropout, 1, [1], y, 1, parameters, i)[0], Is.EqualTo(y));
            dropped += y == 0 ? 1 : 0;
        }
        Assert.That(dropped, Is.InRange(16, 48));
    }

    [Test]
    public void For_ChecksItsArguments()
    {
        MapProgram sum = MapProgram.Compile(2, s_x + s_y);
        Assert.That(() => MapGradient.For(sum, 0), Throws.ArgumentException);
        Assert.That(() => MapGradient.For(sum, 0b100), Throws.ArgumentException);
        Assert.That(() => MapGradient.For(MapProgram.Compile(2, s_x, s_y), 1), Throws.ArgumentException.With.Message.Contains("one output"));
        MapProgram wide = MapProgram.Compile(16, Enumerable.Range(0, 16).Select(Input).Aggregate((a, b) => a + b));
        Assert.That(() => MapGradient.For(wide, 0xFFFF), Throws.ArgumentException);
        Assert.That(MapGradient.For(wide, 0xFF00).Program.OutputCount, Is.EqualTo(8));
    }
}
