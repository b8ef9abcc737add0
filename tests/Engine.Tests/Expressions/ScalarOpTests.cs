using NUnit.Framework;

namespace Engine.Tests;

/// <summary>Walks all rows of the operation table: what a row claims must be true of its reference.</summary>
internal sealed class ScalarOpTests
{
    private const int Samples = 200;

    private static IEnumerable<ScalarOp> Rows() => ScalarOp.All.ToArray();

    private static IEnumerable<ScalarOp> Operations() => Rows().Where(op => !op.IsLeaf);

    private static IEnumerable<ScalarOp> Differentiable() => Rows().Where(op => op.Derivative is not null);

    [Test]
    public void Table_HasOneRowForEachOpcode_WithItsOwnName()
    {
        ScalarOp[] rows = ScalarOp.All.ToArray();
        Assert.That(rows.Select(row => row.Opcode), Is.EqualTo(Enum.GetValues<ScalarOpcode>()));
        Assert.That(rows.Select(row => row.Name), Is.Unique);
    }

    [TestCaseSource(nameof(Rows))]
    public void Row_IsLeafOrDifferentiableOrPiecewiseConstant(ScalarOp op)
    {
        int kinds = (op.IsLeaf ? 1 : 0) + (op.Derivative is not null ? 1 : 0) + (op.IsPiecewiseConstant ? 1 : 0);
        Assert.That(kinds, Is.EqualTo(1), "exactly one of leaf, Derivative, IsPiecewiseConstant");
        Assert.That(op.Reference is null, Is.EqualTo(op.IsLeaf));
    }

    [TestCaseSource(nameof(Differentiable))]
    public void Derivative_MatchesCentralDifference(ScalarOp op)
    {
        Expr y = Expr.Apply(op.Opcode, Inputs(op));
        for (int argument = 0; argument < op.Arity; argument++)
        {
            MapProgram derivative = MapProgram.Compile(op.Arity, Derivative.Of(y, argument));
            foreach (double[] x in Points(op))
            {
                double expected = CentralDifference(op, x, argument);
                Assert.That(derivative.Evaluate(x), Is.EqualTo(expected).Within(1e-6 * Math.Max(1, Math.Abs(expected))),
                    $"argument {argument} at ({string.Join(", ", x)})");
            }
        }
    }

    [TestCaseSource(nameof(Operations))]
    public void PiecewiseConstant_DoesNotMove(ScalarOp op)
    {
        if (!op.IsPiecewiseConstant)
        {
            return;
        }
        for (int argument = 0; argument < op.Arity; argument++)
        {
            Assert.That(Derivative.Of(Expr.Apply(op.Opcode, Inputs(op)), argument), Is.EqualTo(Expr.Constant(0)));
            foreach (double[] x in Points(op))
            {
                Assert.That(CentralDifference(op, x, argument), Is.Zero);
            }
        }
    }

    [TestCaseSource(nameof(Operations))]
    public void Flags_HoldForTheReference(ScalarOp op)
    {
        Assert.That(op.Reference!(0, 0, 0) == 0, Is.EqualTo(op.ZeroToZero), nameof(op.ZeroToZero));
        bool alwaysBoolean = true, commutes = op.Arity > 1;
        foreach (double[] x in Points(op))
        {
            double value = op.Reference(x[0], x[1], x[2]);
            alwaysBoolean &= value is 0 or 1;
            commutes &= value.Equals(op.Reference(x[1], x[0], x[2]));
            Assert.That(double.IsFinite(value), $"({string.Join(", ", x)}) is in the domain");
        }
        Assert.That(alwaysBoolean, Is.EqualTo(op.IsBoolean), nameof(op.IsBoolean));
        Assert.That(commutes, Is.EqualTo(op.IsCommutative), nameof(op.IsCommutative));
    }

    [TestCaseSource(nameof(Operations))]
    public void IntegerReference_AgreesWithTheReference(ScalarOp op)
    {
        bool onIntegers = op.Opcode is ScalarOpcode.Add or ScalarOpcode.Sub or ScalarOpcode.Mul or ScalarOpcode.FloorDiv or ScalarOpcode.Mod
            or ScalarOpcode.Min or ScalarOpcode.Max or ScalarOpcode.Abs or ScalarOpcode.Neg or ScalarOpcode.Sign or ScalarOpcode.Less
            or ScalarOpcode.LessEqual or ScalarOpcode.Equal or ScalarOpcode.NotEqual or ScalarOpcode.And or ScalarOpcode.Or or ScalarOpcode.Not
            or ScalarOpcode.Where or ScalarOpcode.Relu or ScalarOpcode.CopySign or ScalarOpcode.Fma or ScalarOpcode.Pow or ScalarOpcode.Fmod || op.IsIntegerOnly;
        Assert.That(op.IntegerReference is not null, Is.EqualTo(onIntegers));
        if (!onIntegers)
        {
            return;
        }
        for (long a = -7; a <= 7; a++)
        {
            for (long b = -4; b <= 4; b++)
            {
                if (b == 0 && op.Opcode is ScalarOpcode.FloorDiv or ScalarOpcode.Mod or ScalarOpcode.Fmod || a == 0 && b < 0 && op.Opcode == ScalarOpcode.Pow)
                {
                    continue;
                }
                Assert.That(op.IntegerReference!(a, b, 3), Is.EqualTo((long)op.Reference!(a, b, 3)), $"{a}, {b}, 3");
            }
        }
    }

    [Test]
    public void IntegerDivision_ByZeroIsZero_AndItsOverflowWraps()
    {
        Assert.That(SpecialFunctions.FloorDiv(5L, 0L), Is.Zero);
        Assert.That(SpecialFunctions.Mod(5L, 0L), Is.Zero);
        Assert.That(SpecialFunctions.FloorDiv(long.MinValue, -1L), Is.EqualTo(long.MinValue));
        Assert.That(SpecialFunctions.Mod(long.MinValue, -1L), Is.Zero);
    }

    [Test]
    public void Of_UnknownOpcode_Throws() =>
        Assert.That(() => ScalarOp.Of((ScalarOpcode)250), Throws.TypeOf<ArgumentOutOfRangeException>());

    private static Expr[] Inputs(ScalarOp op) => [.. Enumerable.Range(0, op.Arity).Select(Expr.Input)];

    // Always three numbers; those past the arity are ignored.
    private static IEnumerable<double[]> Points(ScalarOp op)
    {
        var random = new Random(17);
        (double low, double high) = op.Domain;
        for (int i = 0; i < Samples; i++)
        {
            yield return [.. Enumerable.Range(0, 3).Select(_ => low + (high - low) * random.NextDouble())];
        }
    }

    private static double CentralDifference(ScalarOp op, double[] x, int argument)
    {
        double h = 1e-5;
        return (At(h) - At(-h)) / (2 * h);

        double At(double step)
        {
            double[] moved = [.. x];
            moved[argument] += step;
            return op.Reference!(moved[0], moved[1], moved[2]);
        }
    }
}
