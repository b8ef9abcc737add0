using NUnit.Framework;
using static Engine.Expr;

namespace Engine.Tests;

internal sealed class ReduceProgramTests
{
    private static IEnumerable<TestCaseData> Texts() => new (ReduceProgram Program, string Text)[]
    {
        (ReduceProgram.Sum, "sum(in0) -> in0"),
        (ReduceProgram.Mean, "sum(in0) -> in0 * p0"),
        (ReduceProgram.SumOfSquares, "sum(in0 * in0) -> in0"),
        (ReduceProgram.Product, "product(in0) -> in0"),
        (ReduceProgram.Max, "max(in0) -> in0"),
        (ReduceProgram.Min, "min(in0) -> in0"),
        (ReduceProgram.ArgMax, "argmax(in0) -> in0"),
        (ReduceProgram.ArgMin, "argmin(in0) -> in0"),
        (ReduceProgram.Any, "max(in0 != 0) -> relu(in0)"),
        (ReduceProgram.All, "product(in0 != 0) -> in0"),
    }.Select(row => new TestCaseData(row.Program, row.Text).SetArgDisplayNames(row.Text));

    [TestCaseSource(nameof(Texts))]
    public void ToString_IsReadable(ReduceProgram program, string text) => Assert.That(program.ToString(), Is.EqualTo(text));

    // Elements; sum, mean, sum of squares, product, max, min, any, all.
    [TestCase(new double[] { 1, 2, -3 }, new double[] { 0, 0, 14, -6, 2, -3, 1, 1 })]
    [TestCase(new double[] { 0, 0 }, new double[] { 0, 0, 0, 0, 0, 0, 0, 0 })]
    [TestCase(new[] { double.NaN, 4 }, new[] { double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, 1, 1 })]
    [TestCase(new double[] { }, new[] { 0, double.NaN, 0, 1, double.NegativeInfinity, double.PositiveInfinity, 0, 1 })]
    public void Programs_FoldAsTheySay(double[] values, double[] expected)
    {
        ReduceProgram[] programs =
        [
            ReduceProgram.Sum, ReduceProgram.Mean, ReduceProgram.SumOfSquares, ReduceProgram.Product,
            ReduceProgram.Max, ReduceProgram.Min, ReduceProgram.Any, ReduceProgram.All,
        ];
        double[] actual = [.. programs.Select(program => Fold(program, values))];
        Assert.That(actual, Is.EqualTo(expected));
    }

    [TestCase(Combiner.ArgMax, new[] { 1, 3, 3, double.NaN, 5, double.NaN }, 3)]
    [TestCase(Combiner.ArgMax, new double[] { 1, 3, 3 }, 1)]
    [TestCase(Combiner.ArgMin, new double[] { 3, 1, 1 }, 1)]
    [TestCase(Combiner.ArgMin, new[] { 3, double.NaN, 1 }, 1)]
    public void Replaces_FindsTheFirstExtreme_AndNaNBeatsAll(Combiner combiner, double[] values, int expected)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = combiner.Replaces(values[best], values[i]) ? i : best;
        }
        Assert.That(best, Is.EqualTo(expected));
        Assert.That(combiner.YieldsIndex());
    }

    [Test]
    public void Create_TakesSeveralAccumulators_OverOneParameterList()
    {
        ReduceProgram moments = ReduceProgram.Create(
            MapProgram.Compile(1, Input(0) - Parameter(1), Square(Input(0) - Parameter(1))),
            [Combiner.Sum, Combiner.Sum],
            MapProgram.Compile(2, Input(0) * Parameter(0), Input(1) * Parameter(0)));
        Assert.That((moments.InputCount, moments.OutputCount, moments.ParameterCount), Is.EqualTo((1, 2, 2)));
        Assert.That(moments.ToString(), Is.EqualTo("sum, sum(t0 = in0 - p1; t0, t0 * t0) -> in0 * p0, in1 * p0"));
    }

    [Test]
    public void Create_ChecksThatThePartsFit()
    {
        MapProgram one = MapProgram.Compile(1, Input(0)), two = MapProgram.Compile(1, Input(0), Input(0));
        Assert.That(() => ReduceProgram.Create(two, [Combiner.Sum], one), Throws.ArgumentException.With.Message.Contains("2 prologue outputs"));
        Assert.That(() => ReduceProgram.Create(one, [Combiner.Sum, Combiner.Sum], one), Throws.ArgumentException);
        Assert.That(() => ReduceProgram.Create(one, [], one), Throws.ArgumentException);
    }

    [Test]
    public void Equals_ComparesAllThreeParts()
    {
        ReduceProgram again = ReduceProgram.Create(MapProgram.Compile(1, Input(0)), [Combiner.Sum], MapProgram.Compile(1, Input(0)));
        Assert.That(again, Is.EqualTo(ReduceProgram.Sum));
        Assert.That(again.GetHashCode(), Is.EqualTo(ReduceProgram.Sum.GetHashCode()));
        Assert.That(ReduceProgram.Max, Is.Not.EqualTo(ReduceProgram.Sum));
        Assert.That(ReduceProgram.Max.Key, Is.Not.EqualTo(ReduceProgram.Sum.Key));
        Assert.That(ReduceProgram.SumOfSquares, Is.Not.EqualTo(ReduceProgram.Sum));
    }

    private static double Fold(ReduceProgram program, double[] values)
    {
        Combiner combiner = program.Combiners[0];
        double accumulator = combiner.Identity();
        foreach (double value in values)
        {
            accumulator = combiner.Combine(accumulator, program.Prologue.Evaluate([value]));
        }
        return program.Epilogue.Evaluate([accumulator], [1.0 / values.Length]);
    }
}
