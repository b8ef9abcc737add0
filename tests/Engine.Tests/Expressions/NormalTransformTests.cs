using NUnit.Framework;

namespace Engine.Tests.Expressions;

/// <summary>The accuracy of the normal transform where uniform numbers are at their ends, which random ones hardly ever are.</summary>
internal sealed class NormalTransformTests
{
    [Test]
    public void Transform_EndsAndQuarters_AreAccurate()
    {
        MapProgram program = MapProgram.Compile(2, NormalTransform.Of(Expr.Input(0), Expr.Input(1)));
        double unit = Math.ScaleB(1, -24);
        double[] first = [0, unit, 2 * unit, 3 * unit, 0.1, 0.29289323, 0.5, 1 - Math.Sqrt(0.5), 0.9, 0.99, 1 - (7 * unit), 1 - (2 * unit), 1 - unit, 1 - 0.0625, 1 - Math.ScaleB(1, -16)];
        double[] second = [0, unit, 0.125, 0.125 + unit, 0.25, 0.25 - unit, 0.375, 0.5, 0.625, 0.7, 0.75, 0.75 + unit, 0.875, 0.875 - unit, 1 - unit];
        foreach (double u in first.Select(x => Math.Round(x / unit) * unit))
        {
            foreach (double v in second)
            {
                double expected = Math.Sqrt(-2 * Math.Log(1 - u)) * Math.Cos(2 * Math.PI * v);
                Assert.That(program.Evaluate([u, v]), Is.EqualTo(expected).Within(4e-15 + (2e-8 * Math.Abs(expected))), $"u {u}, v {v}");
            }
        }
    }

    [Test]
    public void Transform_Program_HasNothingThatDevicesRoundDifferently()
    {
        ScalarOpcode[] exact =
        [
            ScalarOpcode.Input, ScalarOpcode.Constant, ScalarOpcode.Add, ScalarOpcode.Sub, ScalarOpcode.Mul, ScalarOpcode.Fma, ScalarOpcode.Neg, ScalarOpcode.Round,
            ScalarOpcode.Where, ScalarOpcode.Less, ScalarOpcode.LessEqual, ScalarOpcode.Equal, ScalarOpcode.Or,
        ];
        MapProgram program = MapProgram.Compile(2, NormalTransform.Of(Expr.Input(0), Expr.Input(1)));
        for (int i = 0; i < program.Code.Length; i++)
        {
            Instruction step = program.Code[i];
            Assert.That(exact, Does.Contain(step.Op), step.ToString());
            // A product that meets a sum could be fused with it or not. Fused or not, one by a power of two is the same.
            foreach (int argument in step.Op is ScalarOpcode.Add or ScalarOpcode.Sub ? (int[])[step.A, step.B] : [])
            {
                Assert.That(program.Code[argument].Op != ScalarOpcode.Mul || IsPowerOfTwo(program, argument), $"{program.Code[argument]} in {step}");
            }
        }

        static bool IsPowerOfTwo(MapProgram program, int product) =>
            program.Code[program.Code[product].B] is { Op: ScalarOpcode.Constant } factor && double.IsPow2(Math.Abs(factor.Value));
    }
}
