using System.Text.Json;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>Fits against closed forms, SciPy's MINPACK and NIST's certified values.</summary>
internal sealed class LeastSquaresTests
{
    // NIST Statistical Reference Datasets, Misra1a: y = b1·(1 − exp(−b2·x)).
    private static readonly double[] s_misraX = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0];
    private static readonly double[] s_misraY = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78];

    private delegate MinimizeResult Method(Func<Tensor, Tensor> residuals, Tensor start, LeastSquaresOptions? options);

    private static IEnumerable<TestCaseData> Methods =>
    [
        new TestCaseData((Method)(static (r, start, options) => Minimize.GaussNewton(r, start, options))).SetArgDisplayNames("GaussNewton"),
        new TestCaseData((Method)(static (r, start, options) => Minimize.LevenbergMarquardt(r, start, options))).SetArgDisplayNames("LevenbergMarquardt"),
    ];

    [Test]
    public void StraightLine_TakesOneStep_AndMatchesTheNormalEquations()
    {
        double[] x = [0, 1, 2, 3, 4], y = [1.1, 2.9, 5.2, 6.8, 9.1];
        double meanX = x.Average(), meanY = y.Average(), slope = x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum() / x.Sum(a => (a - meanX) * (a - meanX));
        Tensor inputs = Tensor.From<double>(x), targets = Tensor.From<double>(y);
        MinimizeResult result = Minimize.GaussNewton(p => (p[0] * inputs) + p[1] - targets, Tensor.From<double>([10.0, -7]), new LeastSquaresOptions { GradientTolerance = 1e-9 });
        Assert.That(result.Iterations, Is.EqualTo(1));
        Assert.That(result.Point.ToArray<double>(), Is.EqualTo(new[] { slope, meanY - (slope * meanX) }).Within(1e-12));
    }

    [TestCaseSource(nameof(Methods))]
    public void Exponential_MatchesSciPy(Delegate method)
    {
        JsonElement peer = Peers.Document.GetProperty("exponentialFit");
        Tensor t = Tensor.From<double>(peer.GetProperty("t").Numbers()), y = Tensor.From<double>(peer.GetProperty("y").Numbers());
        MinimizeResult result = ((Method)method)(p => (p[0] * (-p[1] * t).Exp()) + p[2] - y, Tensor.From<double>([1.0, 1, 0]), new LeastSquaresOptions { GradientTolerance = 1e-9 });
        Assert.That(result.Converged, Is.True, result.ToString());
        Assert.That(result.Point.ToArray<double>(), Is.EqualTo(peer.GetProperty("solution").Numbers()).Within(1e-7));
        Assert.That(result.Value, Is.EqualTo(peer.GetProperty("cost").GetDouble()).Within(1e-10));
        Assert.That(result.Iterations, Is.LessThan(20));
    }

    [TestCase(500, 0.0001)]
    [TestCase(250, 0.0005)]
    public void Misra1a_MatchesTheCertifiedValues(double b1, double b2)
    {
        Tensor x = Tensor.From<double>(s_misraX), y = Tensor.From<double>(s_misraY);
        MinimizeResult result = Minimize.LevenbergMarquardt(
            b => (b[0] * (1 - (-b[1] * x).Exp())) - y, Tensor.From<double>([b1, b2]), new LeastSquaresOptions { GradientTolerance = 0, StepTolerance = 1e-12 });
        Assert.That(result.Point.ToArray<double>(), Is.EqualTo(new[] { 2.3894212918e2, 5.5015643181e-4 }).Within(1e-6).Percent, result.ToString());
        Assert.That(2 * result.Value, Is.EqualTo(1.2455138894e-1).Within(1e-7).Percent);
    }

    [TestCaseSource(nameof(Methods))]
    public void Rosenbrock_AsASumOfSquares(Delegate method)
    {
        MinimizeResult result = ((Method)method)(
            static x => Tensor.Stack([10 * (x[1] - x[0].Square()), 1 - x[0]]), Tensor.From<double>([-1.2, 1]), new LeastSquaresOptions { GradientTolerance = 1e-10 });
        Assert.That(result.Converged, Is.True, result.ToString());
        Assert.That(result.Point.ToArray<double>(), Is.EqualTo(new[] { 1.0, 1 }).Within(1e-9));
    }

    [TestCaseSource(nameof(Methods))]
    public void MoreVariablesThanResiduals_EndInTheNearestSolution(Delegate method)
    {
        // x + y + z = 3 from the origin: (1, 1, 1) is nearest.
        MinimizeResult result = ((Method)method)(static x => x.Sum() - 3, Tensor.From<double>([0.0, 0, 0]), null);
        Assert.That(result.Point.ToArray<double>(), Is.EqualTo(new[] { 1.0, 1, 1 }).Within(1e-6));
    }

    [Test]
    public void LevenbergMarquardt_IsSafeWhereResidualsAreNotDefined()
    {
        // √x is NaN left of 0; the first full step from 0.01 would go there.
        MinimizeResult result = Minimize.LevenbergMarquardt(static x => x.Sqrt() + (0.1 * x) - 0.05, Tensor.From<double>([0.01]), new LeastSquaresOptions { InitialDamping = 1e-9 });
        Assert.That(double.IsFinite(result.Value), Is.True);
        Assert.That(result.Converged, Is.True, result.ToString());
        Assert.That(result.Value, Is.LessThan(1e-10));
    }

    [Test]
    public void SeveralTensors_AndCancellation()
    {
        Tensor t = Tensor.From<double>([0.0, 1, 2, 3]), y = Tensor.From<double>([1.0, 3, 5, 7]);
        MinimizeResult result = Minimize.LevenbergMarquardt(p => (p[0] * t) + p[1] - y, [Tensor.Scalar(0.0, DType.Float64), Tensor.Zeros([1], DType.Float64)]);
        Assert.That(result.Tensors.Select(static x => x.Item()), Is.EqualTo(new[] { 2.0, 1 }).Within(1e-6));
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.That(Minimize.LevenbergMarquardt(x => x - 1, Tensor.From<double>([0.0]), cancellationToken: source.Token).StopReason, Is.EqualTo(StopReason.Cancelled));
    }

    [Test]
    public void BadInput_IsNamed()
    {
        Tensor start = Tensor.From<double>([1.0, 2]);
        Assert.Multiple(() =>
        {
            Assert.That(() => Minimize.GaussNewton(static x => x.Narrow(0, 0, 0), start), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("at least one residual"));
            Assert.That(() => Minimize.LevenbergMarquardt(static x => x.Detach(), start), Throws.TypeOf<GradientException>());
            Assert.That(() => Minimize.LevenbergMarquardt(static x => (x - 5).Log(), start), Throws.ArgumentException.With.Message.Contains("Start elsewhere"));
            Assert.That(() => new LeastSquaresOptions { InitialDamping = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }
}
