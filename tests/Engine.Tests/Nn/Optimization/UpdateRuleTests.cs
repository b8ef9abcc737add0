using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>The update rules of the courses on functions where they can be summed up: a slope that is the same everywhere, and a bowl.</summary>
internal sealed class UpdateRuleTests
{
    private const double Rate = 0.1;
    private static readonly double[] s_slope = [3, -0.02];

    [Test]
    public void Momentum_IsVThenW()
    {
        const double Mu = 0.8;
        double[] w = [1, 2], v = [0, 0];
        IReadOnlyList<double[]> points = OnBowl(x => new Sgd(x, Rate, momentum: Mu), 20);
        for (int k = 1; k <= 20; k++)
        {
            for (int i = 0; i < 2; i++)
            {
                // f = ½·(w₀² + 4·w₁²); v ← μv + g, w ← w − αv
                v[i] = (Mu * v[i]) + ((i == 0 ? 1 : 4) * w[i]);
                w[i] -= Rate * v[i];
            }

            Assert.That(points[k], Is.EqualTo(w).Within(1e-12), $"step {k}");
        }
    }

    [Test]
    public void Momentum_OnASlope_ComesToOneOverOneMinusMuTimesTheRate()
    {
        IReadOnlyList<double[]> points = OnSlope(x => new Sgd(x, Rate, momentum: 0.9), 300);
        Assert.That(points[300][0] - points[299][0], Is.EqualTo(-Rate * 3 / (1 - 0.9)).Within(1e-9));
    }

    [Test]
    public void Momentum_WithoutFriction_NeverStops()
    {
        // With μ = 1: wₖ₊₁ = (2 − α)·wₖ − wₖ₋₁, a swing of constant width: cos(kθ + φ)/cos φ with cos θ = 1 − α/2.
        IReadOnlyList<double[]> points = Minimize.Run(
            x => 0.5 * x.Square().Sum(), Tensor.From<double>([1.0]), x => new Sgd(x, Rate, momentum: 1), DescentRateTests.Exactly(5000)).Trajectory.Points;
        double theta = Math.Acos(1 - (Rate / 2)), phi = Math.Atan((Math.Cos(theta) - (1 - Rate)) / Math.Sin(theta));
        foreach (int k in new[] { 1, 2, 10, 1000, 5000 })
        {
            Assert.That(points[k][0], Is.EqualTo(Math.Cos((k * theta) + phi) / Math.Cos(phi)).Within(1e-8), $"step {k}");
        }

        Assert.That(points.Skip(4900).Max(static p => p[0]), Is.GreaterThan(0.99));
    }

    [Test]
    public void AdaGrad_OnASlope_TakesStepsThatDieAsOneOverTheRoot()
    {
        IReadOnlyList<double[]> points = OnSlope(x => new Adagrad(x, Rate, eps: 0), 100);
        double sum = 0;
        for (int k = 1; k <= 100; k++)
        {
            sum += 1 / Math.Sqrt(k);
            Assert.That(points[k], Is.EqualTo(new[] { -Rate * sum, Rate * sum }).Within(1e-12), $"step {k}");
        }
    }

    [Test]
    public void RmsProp_OnASlope_ComesToStepsOfTheRate()
    {
        const double Rho = 0.9;
        IReadOnlyList<double[]> points = OnSlope(x => new RmsProp(x, Rate, alpha: Rho, eps: 0), 200);
        double sum = 0;
        for (int k = 1; k <= 200; k++)
        {
            // rₖ = (1 − ρᵏ)·g²
            sum += 1 / Math.Sqrt(1 - Math.Pow(Rho, k));
            Assert.That(points[k], Is.EqualTo(new[] { -Rate * sum, Rate * sum }).Within(1e-11), $"step {k}");
        }

        Assert.That(points[199][0] - points[200][0], Is.EqualTo(Rate).Within(1e-9));
    }

    [Test]
    public void Adam_OnASlope_TakesStepsOfTheRateFromTheFirst()
    {
        IReadOnlyList<double[]> points = OnSlope(x => new Adam(x, Rate, eps: 0), 100);
        for (int k = 0; k <= 100; k++)
        {
            Assert.That(points[k], Is.EqualTo(new[] { -Rate * k, Rate * k }).Within(1e-12), $"step {k}");
        }
    }

    private static IReadOnlyList<double[]> OnSlope(Func<IReadOnlyList<Tensor>, Optimizer> optimizer, int steps) => Minimize.Run(
        static x => (x * Tensor.From<double>(s_slope, x.Device)).Sum(), Tensor.From<double>([0.0, 0.0]), optimizer, DescentRateTests.Exactly(steps)).Trajectory.Points;

    private static IReadOnlyList<double[]> OnBowl(Func<IReadOnlyList<Tensor>, Optimizer> optimizer, int steps) => Minimize.Run(
        static x => 0.5 * (x * x * Tensor.From<double>([1.0, 4.0], x.Device)).Sum(), Tensor.From<double>([1.0, 2.0]), optimizer, DescentRateTests.Exactly(steps)).Trajectory.Points;
}
