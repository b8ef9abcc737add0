using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>Points whose nature is known, in 1, 2 and 100 dimensions.</summary>
internal sealed class CriticalPointTests
{
    private static IEnumerable<TestCaseData> Known()
    {
        yield return Row("x²", static x => x.Square().Sum(), [0], CriticalPointKind.Minimum);
        yield return Row("−x²", static x => -x.Square().Sum(), [0], CriticalPointKind.Maximum);
        yield return Row("x² beside its minimum", static x => x.Square().Sum(), [0.1], CriticalPointKind.NotCritical);
        yield return Row("x⁴", static x => x.Pow(4).Sum(), [0], CriticalPointKind.Flat);
        yield return Row("x³", static x => x.Pow(3).Sum(), [0], CriticalPointKind.Flat);
        yield return Row("cos at 0", static x => x.Cos().Sum(), [0], CriticalPointKind.Maximum);
        yield return Row("cos at π", static x => x.Cos().Sum(), [Math.PI], CriticalPointKind.Minimum);
        yield return Row("sin at π", static x => x.Sin().Sum(), [Math.PI], CriticalPointKind.NotCritical);
        yield return Row("x² − y²", static x => x[0].Square() - x[1].Square(), [0, 0], CriticalPointKind.Saddle);
        yield return Row("x·y", static x => x[0] * x[1], [0, 0], CriticalPointKind.Saddle);
        yield return Row("x² + y⁴", static x => x[0].Square() + x[1].Pow(4), [0, 0], CriticalPointKind.Flat);
        yield return Row("x³ − 3·x·y²", static x => x[0].Pow(3) - (3 * x[0] * x[1].Square()), [0, 0], CriticalPointKind.Flat);
        yield return Row("Rosenbrock", static x => (1 - x[0]).Square() + (100 * (x[1] - x[0].Square()).Square()), [1, 1], CriticalPointKind.Minimum);
        yield return Row("100 squares", static x => x.Square().Sum(), new double[100], CriticalPointKind.Minimum);
        yield return Row("100 squares, one negative", static x => x.Square().Sum() - (2 * x[41].Square()), new double[100], CriticalPointKind.Saddle);
        yield return Row("100 negative squares", static x => -x.Square().Sum(), new double[100], CriticalPointKind.Maximum);
        yield return Row("99 of 100 squares", static x => x.Narrow(0, 0, 99).Square().Sum(), new double[100], CriticalPointKind.Flat);
        yield return Row("a constant", static x => x.Detach().Sum(), [3, 4], CriticalPointKind.Flat);
        yield return Row("a plane", static x => x.Sum(), [0, 0], CriticalPointKind.NotCritical);

        static TestCaseData Row(string name, Func<Tensor, Tensor> f, double[] at, CriticalPointKind kind) => new TestCaseData(f, at, kind).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Known))]
    public void Classify_KnownPoints_GivesTheirKind(Func<Tensor, Tensor> f, double[] at, CriticalPointKind kind)
    {
        Assert.That(CriticalPoint.Classify(f, Point(at)).Kind, Is.EqualTo(kind));
        Assert.That(CriticalPoint.Classify(f, Point(at).To(DType.Float32)).Kind, Is.EqualTo(kind), "float32");
    }

    /// <summary>Himmelblau's function has four minima, four saddles and a maximum; published to six digits, Newton's method finds the others.</summary>
    [TestCase(3, 2, CriticalPointKind.Minimum, 0)]
    [TestCase(-2.805118, 3.131312, CriticalPointKind.Minimum, 0)]
    [TestCase(-3.779310, -3.283186, CriticalPointKind.Minimum, 0)]
    [TestCase(3.584428, -1.848126, CriticalPointKind.Minimum, 0)]
    [TestCase(-0.270845, -0.923039, CriticalPointKind.Maximum, 181.617)]
    [TestCase(3.385154, 0.073852, CriticalPointKind.Saddle, 13.312)]
    [TestCase(0.086678, 2.884255, CriticalPointKind.Saddle, 67.719)]
    [TestCase(-3.073026, -0.081353, CriticalPointKind.Saddle, 104.015)]
    [TestCase(-0.127961, -1.953715, CriticalPointKind.Saddle, 178.337)]
    public void Classify_Himmelblau_NineCriticalPoints(double x, double y, CriticalPointKind kind, double value)
    {
        Tensor point = Point(x, y);
        for (int i = 0; i < 2; i++)
        {
            point -= Autograd.Hessian(Himmelblau, point).Solve(Autograd.Vjp(Himmelblau, point).Product);
        }
        Close.AssertAll("the published point", [x, y], point.ToArray<double>(), 0, 2e-6);
        CriticalPoint at = CriticalPoint.Classify(Himmelblau, point);
        Assert.That(at.Kind, Is.EqualTo(kind));
        Assert.That(at.Value, Is.EqualTo(value).Within(1e-3));
    }

    [Test]
    public void Classify_GivesCurvaturesAndTheWayDown()
    {
        // −y² falls fastest.
        CriticalPoint at = CriticalPoint.Classify(static p => (3 * p[0].Square()) - p[1].Square() + 5, Point(0, 0));
        Assert.Multiple(() =>
        {
            Assert.That(at.Curvatures, Is.EqualTo(new double[] { -2, 6 }).Within(1e-14));
            Assert.That(at.LeastCurved.ToArray<double>().Select(Math.Abs), Is.EqualTo(new double[] { 0, 1 }).Within(1e-14));
            Assert.That((at.Value, at.GradientNorm), Is.EqualTo((5.0, 0.0)));
            Assert.That(at.ToString(), Is.EqualTo("Saddle: f = 5, |∇f| = 0, curvatures from -2 to 6"));
        });
    }

    [Test]
    public void Classify_APointOfAnyShape_TurnedAxes()
    {
        // ‖x‖² − 2·(a·x)²/‖a‖² is a saddle whose way down is a.
        Tensor a = Point(1, 2, -2, 4).Reshape(2, 2);
        CriticalPoint at = CriticalPoint.Classify(x => x.Square().Sum() - ((a * x).Sum().Square() * (2 / 25.0)), Tensor.Zeros([2, 2], DType.Float64, ReferenceDevice.Shared));
        Assert.That(at.Kind, Is.EqualTo(CriticalPointKind.Saddle));
        Assert.That(at.Curvatures, Is.EqualTo(new double[] { -2, 2, 2, 2 }).Within(1e-13));
        Assert.That(at.LeastCurved.Shape, Is.EqualTo(new Shape(2, 2)));
        Assert.That(Math.Abs((at.LeastCurved * a).Sum().Item()), Is.EqualTo(5).Within(1e-13));
    }

    [Test]
    public void Classify_Tolerances_DecideWhatCountsAs0()
    {
        Func<Tensor, Tensor> f = static x => (0.01 * x.Square()).Sum();
        Assert.Multiple(() =>
        {
            Assert.That(CriticalPoint.Classify(f, Point(0.05)).Kind, Is.EqualTo(CriticalPointKind.NotCritical));
            Assert.That(CriticalPoint.Classify(f, Point(0.05), gradientTolerance: 0.01).Kind, Is.EqualTo(CriticalPointKind.Minimum));
            Assert.That(CriticalPoint.Classify(f, Point(0), curvatureTolerance: 0.1).Kind, Is.EqualTo(CriticalPointKind.Flat));
        });
    }

    [Test]
    public void Classify_BadFunctionsAndPoints_AreRefused()
    {
        Tensor x = Point(1, -1);
        Assert.Multiple(() =>
        {
            Assert.That(() => CriticalPoint.Classify(static t => t.Log().Sum(), x), Throws.ArgumentException.With.Message.StartsWith("CriticalPoint.Classify: the function is NaN at [1, -1]"));
            Assert.That(() => CriticalPoint.Classify(static t => 1 / t[0], Point(0)), Throws.ArgumentException.With.Message.StartsWith("CriticalPoint.Classify: the function is infinite at [0]"));
            Assert.That(() => CriticalPoint.Classify(static t => t.Sqrt().Sum(), Point(0)), Throws.ArgumentException.With.Message.StartsWith("CriticalPoint.Classify: the gradient is infinite at [0]"));
            Assert.That(() => CriticalPoint.Classify(static t => t.Pow(1.5).Sum(), Point(0)), Throws.ArgumentException.With.Message.StartsWith("CriticalPoint.Classify: the Hessian is infinite at [0]"));
            Assert.That(() => CriticalPoint.Classify(static t => t * 2, x), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("CriticalPoint.Classify: the function returned [2]; it must return one number."));
            Assert.That(() => CriticalPoint.Classify(static _ => null!, x), Throws.ArgumentException.With.Message.Contains("returned null"));
            Assert.That(() => CriticalPoint.Classify(static t => t.Sum(), Point()), Throws.ArgumentException.With.Message.StartsWith("CriticalPoint.Classify: point is [0]"));
            Assert.That(() => CriticalPoint.Classify(static t => t.Sum(), Tensor.Arange(3, ReferenceDevice.Shared)), Throws.TypeOf<DTypeMismatchException>().With.Message.StartsWith("CriticalPoint.Classify: point is i64"));
            Assert.That(() => CriticalPoint.Classify(static t => t.Sum(), x, gradientTolerance: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => CriticalPoint.Classify(static t => t.Sum(), x, curvatureTolerance: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    internal static Tensor Himmelblau(Tensor p) => (p[0].Square() + p[1] - 11).Square() + (p[0] + p[1].Square() - 7).Square();

    private static Tensor Point(params double[] values) => Tensor.From<double>(values, ReferenceDevice.Shared);
}
