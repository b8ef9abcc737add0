using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>Functions of which it is known whether they are convex. A counter-example is computed again without tensors.</summary>
internal sealed class ConvexityTests
{
    private static readonly double[] s_weights = [.. Enumerable.Range(1, 100).Select(static i => i == 30 ? -5.0 : i)];

    private static IEnumerable<TestCaseData> Convex()
    {
        yield return Row("x²", static x => x.Square().Sum(), 1, -2, 3, 2);
        yield return Row("|x|", static x => x.Abs().Sum(), 1, -2, 3, 0);
        yield return Row("eˣ", static x => x.Exp().Sum(), 1, 0, 3, 1);
        yield return Row("−log x", static x => -x.Log().Sum(), 1, 0.1, 1, 1);
        yield return Row("a line", static x => (2 * x).Sum(), 1, -5, 5, 0);
        yield return Row("‖x‖²", static x => x.Square().Sum(), 2, -2, 3, 2);
        yield return Row("‖x‖₁", static x => x.Abs().Sum(), 2, -2, 3, 0);
        yield return Row("log Σ eˣ of 2", static x => x.LogSumExp(0), 2, -4, 4, 0);
        yield return Row("log Σ eˣ of 100", static x => x.LogSumExp(0), 100, -2, 2, 0);
        yield return Row("‖x‖² of 100", static x => x.Square().Sum(), 100, -2, 2, 2);
        yield return Row("max of 100", static x => x.Max(), 100, -2, 2, 0);

        static TestCaseData Row(string name, Func<Tensor, Tensor> f, int n, double low, double high, double leastCurvature) => new TestCaseData(f, n, low, high, leastCurvature).SetArgDisplayNames(name);
    }

    private static IEnumerable<TestCaseData> NotConvex()
    {
        yield return Row("−x²", static x => -x.Square().Sum(), static x => -x[0] * x[0], 1, -1, 2, -2);
        yield return Row("sin", static x => x.Sin().Sum(), static x => Math.Sin(x[0]), 1, 0, 2 * Math.PI, -1);
        yield return Row("√|x|", static x => (x.Abs() + 1e-3).Sqrt().Sum(), static x => Math.Sqrt(Math.Abs(x[0]) + 1e-3), 1, -1, 1, -0.25 / Math.Pow(1e-3, 1.5));
        yield return Row("x² − y²", static x => x[0].Square() - x[1].Square(), static x => (x[0] * x[0]) - (x[1] * x[1]), 2, -1, 1, -2);
        yield return Row(
            "Himmelblau", CriticalPointTests.Himmelblau, static x => Math.Pow((x[0] * x[0]) + x[1] - 11, 2) + Math.Pow(x[0] + (x[1] * x[1]) - 7, 2), 2, -5, 5, -66);
        yield return Row(
            "100 squares, one negative",
            static x => (Tensor.From<double>(s_weights, x.Device).To(x.DType) * x.Square()).Sum(), static x => x.Zip(s_weights, static (a, w) => w * a * a).Sum(), 100, -1, 1, -10);

        static TestCaseData Row(string name, Func<Tensor, Tensor> f, Func<double[], double> plain, int n, double low, double high, double leastCurvature) =>
            new TestCaseData(f, plain, n, low, high, leastCurvature).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Convex))]
    public void Check_ConvexFunctions_FindsNoCounterexample(Func<Tensor, Tensor> f, int n, double low, double high, double leastCurvature)
    {
        foreach (DType dtype in (DType[])[DType.Float64, DType.Float32])
        {
            ConvexityReport report = Convexity.Check(f, Corner(n, low, dtype), Corner(n, high, dtype), chords: 200, hessians: n == 100 ? 3 : 30);
            Assert.That(report.IsConvex, $"{dtype}: {report}");
            Assert.That(report.SmallestCurvature, Is.GreaterThanOrEqualTo(leastCurvature - (dtype == DType.Float64 ? 1e-12 : 1e-5)));
            Assert.That((report.Chords, report.Hessians), Is.EqualTo((200, n == 100 ? 3 : 30)));
            Assert.That(report.ToString(), Does.StartWith("convex as far as was looked"));
        }
    }

    [TestCaseSource(nameof(NotConvex))]
    public void Check_OtherFunctions_FindsChordAndCurvature(Func<Tensor, Tensor> f, Func<double[], double> plain, int n, double low, double high, double leastCurvature)
    {
        // Along most chords of 100 dimensions the one negative square does not show; along short ones neither. The curvature cannot miss it.
        ConvexityReport report = Convexity.Check(f, Corner(n, low), Corner(n, high), chords: n == 100 ? 0 : 400, hessians: n == 100 ? 2 : 60);
        Assert.That(report.IsConvex, Is.False);
        CurvatureCounterexample curvature = report.Curvature!;
        Assert.That(report.SmallestCurvature, Is.EqualTo(curvature.Curvature).And.GreaterThanOrEqualTo(leastCurvature - (1e-9 * Math.Abs(leastCurvature))));
        double[] point = curvature.Point.ToArray<double>(), direction = curvature.Direction.ToArray<double>();
        Assert.That(direction.Sum(static d => d * d), Is.EqualTo(1).Within(1e-12));
        Assert.That(point, Is.All.InRange(low, high));
        double step = 1e-4;
        double second = (plain(Along(step)) - (2 * plain(point)) + plain(Along(-step))) / (step * step);
        Assert.That(second, Is.EqualTo(curvature.Curvature).Within(1e-3 * Math.Max(1, Math.Abs(curvature.Curvature))));
        if (report.Chords == 0)
        {
            return;
        }
        ChordCounterexample chord = report.Chord!;
        double[] x = chord.X.ToArray<double>(), y = chord.Y.ToArray<double>();
        double value = plain([.. x.Zip(y, (a, b) => (chord.T * a) + ((1 - chord.T) * b))]), below = (chord.T * plain(x)) + ((1 - chord.T) * plain(y));
        Assert.That(chord.T, Is.InRange(0.0, 1.0));
        Assert.That(value, Is.EqualTo(chord.Value).Within(1e-12 * Math.Max(1, Math.Abs(value))));
        Assert.That(below, Is.EqualTo(chord.Chord).Within(1e-12 * Math.Max(1, Math.Abs(below))));
        Assert.That(value - below, Is.Positive.And.EqualTo(chord.Excess).Within(1e-9));
        Assert.That(report.ToString(), Does.StartWith("not convex"));

        double[] Along(double h) => [.. point.Zip(direction, (p, d) => p + (h * d))];
    }

    [Test]
    public void Check_AKinkThatPointsUp_IsFoundByChordsAlone()
    {
        // −|x| has the second derivative 0 wherever it has one.
        ConvexityReport report = Convexity.Check(static x => -x.Abs().Sum(), Corner(1, -1), Corner(1, 1));
        Assert.That((report.IsConvex, report.Curvature, report.SmallestCurvature), Is.EqualTo((false, (CurvatureCounterexample?)null, 0.0)));
        Assert.That(report.Chord!.Excess, Is.GreaterThan(0.5));
    }

    [Test]
    public void Check_DependsOnTheBox()
    {
        Assert.That(Convexity.Check(static x => x.Pow(3).Sum(), Corner(1, 0), Corner(1, 2)).IsConvex);
        Assert.That(Convexity.Check(static x => x.Pow(3).Sum(), Corner(1, -2), Corner(1, 2)).IsConvex, Is.False);
    }

    [Test]
    public void Check_WithoutHessians_TakesFunctionsWithoutDerivatives()
    {
        ConvexityReport report = Convexity.Check(static x => x.Detach().Floor().Sum(), Corner(1, 0), Corner(1, 5), hessians: 0);
        Assert.That((report.IsConvex, report.Hessians, report.SmallestCurvature), Is.EqualTo((false, 0, double.NaN)));
    }

    [Test]
    public void Check_SameSeed_LooksAtTheSamePlaces()
    {
        double[] excesses = [.. ((int[])[1, 1, 2]).Select(seed => Convexity.Check(static x => x.Sin().Sum(), Corner(2, 0), Corner(2, 6), seed: seed).Chord!.Excess)];
        Assert.That(excesses[0], Is.EqualTo(excesses[1]).And.Not.EqualTo(excesses[2]));
    }

    [Test]
    public void Check_BadBoxesAndFunctions_AreRefused()
    {
        Tensor low = Corner(2, 0), high = Corner(2, 1);
        Assert.Multiple(() =>
        {
            Assert.That(() => Convexity.Check(static x => x.Log().Sum(), Corner(1, -2), Corner(1, -1)), Throws.ArgumentException.With.Message.StartsWith("Convexity.Check: the function is NaN at [-1."));
            Assert.That(() => Convexity.Check(static x => x * 2, low, high), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("Convexity.Check: the function returned [2]; it must return one number."));
            Assert.That(() => Convexity.Check(Sum, high, low), Throws.ArgumentException.With.Message.StartsWith("Convexity.Check: coordinate 0 of the box goes from 1 to 0"));
            Assert.That(() => Convexity.Check(Sum, low, Corner(2, double.NaN)), Throws.ArgumentException.With.Message.StartsWith("Convexity.Check: coordinate 0 of the box goes from 0 to NaN"));
            Assert.That(() => Convexity.Check(Sum, low, Corner(2, double.PositiveInfinity)), Throws.ArgumentException);
            Assert.That(() => Convexity.Check(Sum, low, low), Throws.ArgumentException.With.Message.StartsWith("Convexity.Check: low and high are equal"));
            Assert.That(() => Convexity.Check(Sum, low, Corner(3, 1)), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("Convexity.Check: low is [2], high is [3]"));
            Assert.That(() => Convexity.Check(Sum, low, Corner(2, 1, DType.Float32)), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => Convexity.Check(Sum, low.To(DType.Int64), high.To(DType.Int64)), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => Convexity.Check(Sum, Corner(0, 0), Corner(0, 1)), Throws.ArgumentException);
            Assert.That(() => Convexity.Check(Sum, low, high, chords: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Convexity.Check(Sum, low, high, chords: 0, hessians: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        });

        static Tensor Sum(Tensor x) => x.Sum();
    }

    private static Tensor Corner(int n, double value, DType dtype = DType.Float64) => Tensor.Full([n], value, dtype, ReferenceDevice.Shared);
}
