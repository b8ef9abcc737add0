using NUnit.Framework;
using static Engine.Expr;

namespace Engine.Tests;

internal sealed class MapProgramTests
{
    private static readonly Expr s_x = Input(0);
    private static readonly Expr s_y = Input(1);

    [Test]
    public void Compile_SharesAcrossOutputs_AndDropsWhatIsUnused()
    {
        MapProgram program = MapProgram.Compile(3, Exp(s_x) + 1, Exp(s_x) * Parameter(2), Exp(s_x));
        Assert.That(program.ToString(), Is.EqualTo("t0 = exp(in0); t0 + 1, t0 * p2, t0"));
        Assert.That(program.Code.Length, Is.EqualTo(6));
        Assert.That((program.InputCount, program.OutputCount, program.ParameterCount), Is.EqualTo((3, 3, 3)));
        Assert.That((program.UsesInput(0), program.UsesInput(1)), Is.EqualTo((true, false)));
    }

    [Test]
    public void Code_PutsArgumentsBeforeTheirUsers()
    {
        MapProgram program = MapProgram.Compile(2, Where(s_x > s_y, Tanh(s_x) * s_y, Fma(s_x, s_y, Parameter(0))));
        for (int i = 0; i < program.Code.Length; i++)
        {
            Instruction step = program.Code[i];
            int arity = ScalarOp.Of(step.Op).Arity;
            Assert.That((arity > 0 ? step.A : -1) < i && (arity > 1 ? step.B : -1) < i && (arity > 2 ? step.C : -1) < i, $"step {i}");
        }
        Assert.That(program.Outputs[0], Is.EqualTo(program.Code.Length - 1));
    }

    [Test]
    public void Equals_IgnoresHowTheFormulaWasWritten()
    {
        MapProgram a = MapProgram.Compile(2, 2 * (s_y + s_x));
        MapProgram b = MapProgram.Compile(2, (s_x + s_y) * 2);
        Assert.That(a, Is.EqualTo(b));
        Assert.That((a.Key, a.GetHashCode()), Is.EqualTo((b.Key, b.GetHashCode())));
        Assert.That(a, Is.Not.EqualTo(MapProgram.Compile(3, (s_x + s_y) * 2)));
        Assert.That(a, Is.Not.EqualTo(MapProgram.Compile(2, (s_x + s_y) * 3)));
        Assert.That(MapProgram.Compile(1, s_x + 0), Is.Not.EqualTo(MapProgram.Compile(1, s_x + -0.0)));
        Assert.That(MapProgram.Compile(1, s_x, s_x), Is.Not.EqualTo(MapProgram.Compile(1, s_x)));
    }

    [Test]
    public void Key_IsTheSameInEveryProcess() => Assert.That(MapProgram.Compile(2, Relu(s_x + s_y)).Key, Is.EqualTo(8209248656015695238ul));

    [Test]
    public void Evaluate_ReadsInputsParametersAndIndex()
    {
        MapProgram program = MapProgram.Compile(2, s_x * Parameter(1) + Expr.Index, s_y - s_x);
        var outputs = new double[2];
        program.Evaluate([3, 10], [0, 100], 7, outputs);
        Assert.That(outputs, Is.EqualTo([307.0, 7.0]));
        Assert.That(program.UsesIndex && !program.UsesRandom);
        Assert.That(() => program.Evaluate([3.0], [0, 100], 7, outputs), Throws.ArgumentException.With.Message.Contains("2 inputs"));
        Assert.That(() => program.Evaluate([3, 10], [0], 7, outputs), Throws.ArgumentException);
        Assert.That(() => program.Evaluate([3.0, 10], [0, 100]), Throws.ArgumentException);
    }

    [Test]
    public void Evaluate_InIntegers_WrapsInItsType()
    {
        MapProgram program = MapProgram.Compile(2, s_x * s_y + 1);
        Assert.That(Run(program, DType.Int64, 1L << 32, 3), Is.EqualTo((3L << 32) + 1));
        Assert.That(Run(program, DType.Int32, 1 << 30, 4), Is.EqualTo(1));
        Assert.That(Run(program, DType.Int32, int.MaxValue, 1), Is.EqualTo(int.MinValue));
        Assert.That(Run(MapProgram.Compile(2, FloorDiv(s_x, s_y)), DType.Int32, int.MinValue, -1), Is.EqualTo(int.MinValue));
        Assert.That(Run(MapProgram.Compile(2, s_x), DType.Int64, long.MaxValue, 0), Is.EqualTo(long.MaxValue));
        Assert.That(() => Run(program, DType.Float32, 1, 1), Throws.ArgumentException);
        Assert.That(() => Run(MapProgram.Compile(2, Exp(s_x)), DType.Int32, 1, 1), Throws.TypeOf<NotSupportedException>().With.Message.Contains("exp(in0)"));
    }

    [Test]
    public void SupportsFloatingPoint_OperationsOnBits_IsFalse()
    {
        Assert.That(MapProgram.Compile(2, (s_x * 0.5) + s_y).SupportsFloatingPoint);
        Assert.That(MapProgram.Compile(2, s_x + Expr.BitwiseNot(s_y)).SupportsFloatingPoint, Is.False);
        Assert.That(MapProgram.Compile(2, Expr.LeftShift(s_x, 2)).SupportsInteger);
        // Nothing is left of the bits.
        Assert.That(MapProgram.Compile(1, s_x * Expr.BitwiseAnd(6, 3)).SupportsFloatingPoint);
    }

    [Test]
    public void SupportsInteger_AsksForIntegerOperationsAndConstants()
    {
        Assert.That(MapProgram.Compile(2, Where(s_x < s_y, Max(s_x, 3), s_x % 5) + Expr.Index * Parameter(0)).SupportsInteger);
        Assert.That(MapProgram.Compile(1, s_x * 0.5).SupportsInteger, Is.False);
        Assert.That(MapProgram.Compile(1, s_x / s_x).SupportsInteger, Is.False);
        Assert.That(MapProgram.Compile(1, Sqrt(s_x)).SupportsInteger, Is.False);
        Assert.That(MapProgram.Compile(1, s_x + Expr.Random(0)).SupportsInteger, Is.False);
        Assert.That(MapProgram.Compile(1, s_x + Math.Pow(2, 63)).SupportsInteger, Is.False);
    }

    [Test]
    public void Compile_ChecksItsLimits()
    {
        Assert.That(() => MapProgram.Compile(1, s_x + s_y), Throws.ArgumentException.With.Message.Contains("input 1"));
        Assert.That(() => MapProgram.Compile(MapProgram.MaxInputs + 1, s_x), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => MapProgram.Compile(-1, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => MapProgram.Compile(1), Throws.ArgumentException);
        Assert.That(() => MapProgram.Compile(1, [.. Enumerable.Repeat(s_x, MapProgram.MaxOutputs + 1)]), Throws.ArgumentException);
        Assert.That(() => MapProgram.Compile(1, s_x, null!), Throws.ArgumentNullException);
    }

    private static long Run(MapProgram program, DType computeType, params long[] inputs)
    {
        Span<long> outputs = stackalloc long[1];
        program.Evaluate(inputs, [], 0, outputs, computeType);
        return outputs[0];
    }
}
