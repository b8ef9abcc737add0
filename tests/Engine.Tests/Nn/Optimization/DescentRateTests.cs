using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>Gradient descent and momentum on quadratics, where every step is known in closed form.</summary>
internal sealed class DescentRateTests
{
    [TestCase(10, 2)]
    [TestCase(100, 2)]
    [TestCase(1e4, 2)]
    [TestCase(1e6, 2)]
    [TestCase(1e3, 100)]
    public void BestRate_ShrinksTheDistanceByTheTextbookFactor(double condition, int dimensions)
    {
        const int Steps = 200;
        TestFunction f = TestFunctions.Quadratic(condition, dimensions);
        MinimizeResult result = Minimize.Run(f.Evaluate, f.Start(), x => new Sgd(x, 2 / (1 + condition)), Exactly(Steps));
        IReadOnlyList<double[]> points = result.Trajectory.Points;
        double factor = (condition - 1) / (condition + 1);
        Assert.That(points, Has.Count.EqualTo(Steps + 1));
        for (int k = 0; k <= Steps; k += 50)
        {
            // The flattest and the steepest direction shrink alike, the latter from side to side; all others faster.
            Assert.That(points[k][0], Is.EqualTo(Math.Pow(factor, k)).Within(1e-9 * Math.Pow(factor, k)), $"step {k}");
            Assert.That(points[k][^1], Is.EqualTo(Math.Pow(-factor, k)).Within(1e-9 * Math.Pow(factor, k)), $"step {k}");
            Assert.That(points[k], Is.All.InRange(-Math.Pow(factor, k) * (1 + 1e-9), Math.Pow(factor, k) * (1 + 1e-9)), $"step {k}");
        }
    }

    [TestCase(10, 100)]
    [TestCase(100, 400)]
    [TestCase(1e4, 3000)]
    [TestCase(1e6, 20000)]
    public void Momentum_WithItsBestSettings_ShrinksByTheRootOfTheConditionNumber(double condition, int steps)
    {
        double root = Math.Sqrt(condition), factor = (root - 1) / (root + 1), rate = 4 / ((root + 1) * (root + 1));
        TestFunction f = TestFunctions.Quadratic(condition);
        MinimizeResult result = Minimize.Run(f.Evaluate, f.Start(), x => new Sgd(x, rate, momentum: factor * factor), Exactly(steps));
        foreach (int k in new[] { 0, 1, 2, steps / 10, steps / 2, steps })
        {
            // wₖ₊₁ = (1 + μ − αλ)·wₖ − μ·wₖ₋₁ has a double root ±√μ for the smallest and the largest λ: wₖ = (1 + b·k)·(±√μ)ᵏ.
            foreach ((int i, double curvature, double sign) in new[] { (0, 1.0, 1.0), (1, condition, -1.0) })
            {
                double b = ((1 - (rate * curvature)) / (sign * factor)) - 1;
                double expected = (1 + (b * k)) * Math.Pow(sign * factor, k);
                Assert.That(result.Trajectory.Points[k][i], Is.EqualTo(expected).Within((1e-6 * Math.Abs(expected)) + (1e-9 * Math.Pow(factor, k))), $"step {k}, variable {i}");
            }
        }
    }

    [Test]
    public void Momentum_ReachesTheSameAccuracyInTheRootOfTheSteps()
    {
        const double Condition = 1000;
        double root = Math.Sqrt(Condition);
        TestFunction f = TestFunctions.Quadratic(Condition);
        DescentOptions options = new() { MaxIterations = 20_000, GradientTolerance = 1e-3, KeepPoints = false };
        int plain = Minimize.Run(f.Evaluate, f.Start(), x => new Sgd(x, 2 / (1 + Condition)), options).Iterations;
        int momentum = Minimize.Run(f.Evaluate, f.Start(), x => new Sgd(x, 4 / ((root + 1) * (root + 1)), momentum: Math.Pow((root - 1) / (root + 1), 2)), options).Iterations;

        // The steep direction starts with a gradient of 1000, which is to shrink to 1e-3 by a factor of 1 − 2/1001 a step.
        Assert.That(plain, Is.EqualTo(Math.Log(1e6) / -Math.Log(999 / 1001.0)).Within(0.01).Percent);
        Assert.That(momentum, Is.LessThan(plain / 20));
    }

    [Test]
    public void OneVariable_TooSmallCrawls_TooLargeDiverges()
    {
        TestFunction f = TestFunctions.Quadratic(2, 1);
        double After(double rate, int steps) => Minimize.Run(f.Evaluate, f.Start(), x => new Sgd(x, rate), Exactly(steps)).Trajectory.Points[^1][0];
        Assert.Multiple(() =>
        {
            Assert.That(After(0.005, 10), Is.EqualTo(Math.Pow(0.99, 10)).Within(1e-12), "crawls");
            Assert.That(After(0.5, 1), Is.Zero.Within(1e-15), "at once");
            Assert.That(After(0.9, 10), Is.EqualTo(Math.Pow(-0.8, 10)).Within(1e-12), "from side to side");
            Assert.That(After(1, 10), Is.EqualTo(1).Within(1e-12), "for ever");
            Assert.That(After(1.1, 10), Is.EqualTo(Math.Pow(-1.2, 10)).Within(1e-9), "diverges");
        });
    }

    [Test]
    public void Divergence_EndsAtTheLastFinitePoint()
    {
        TestFunction f = TestFunctions.Quadratic(2, 1);
        MinimizeResult result = Minimize.Run(f.Evaluate, f.Start(), x => new Sgd(x, 1e3), new DescentOptions { MaxIterations = 10_000 });
        Assert.That(result.StopReason, Is.EqualTo(StopReason.NotFinite));
        Assert.That(result.Converged, Is.False);
        Assert.That(double.IsFinite(result.Value) && double.IsFinite(result.Point.Item()), Is.True);
        Assert.That(result.Trajectory.Values, Is.All.Matches<double>(double.IsFinite));
    }

    internal static DescentOptions Exactly(int steps) => new() { MaxIterations = steps, GradientTolerance = 0 };
}
