using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>Newton's method with the exact Hessian.</summary>
internal sealed class NewtonTests
{
    private static readonly NewtonOptions s_pure = new() { LineSearch = false, ModifyHessian = false };

    private static IEnumerable<TestFunction> Functions =>
    [
        TestFunctions.Rosenbrock(), TestFunctions.Beale, TestFunctions.Booth, TestFunctions.Himmelblau, TestFunctions.Quadratic(7, 1), TestFunctions.Quadratic(1e6, 100),
    ];

    [TestCaseSource(nameof(Functions))]
    public void FindsTheMinimum(TestFunction f)
    {
        MinimizeResult result = Minimize.Newton(f.Evaluate, f.Start(), new NewtonOptions { GradientTolerance = 1e-8 });
        Assert.That(result.Converged, Is.True, result.ToString());
        Assert.That(f.Distance(result.Point.ToArray<double>()), Is.LessThan(1e-6));
        Assert.That(result.Trajectory.Values, Is.Ordered.Descending);
    }

    [Test]
    public void Rosenbrock_OfAHundredVariables_HasTwoMinima()
    {
        // From the usual start the long valley leads to the local minimum near (−1, 1, …, 1); from the origin to the lowest.
        TestFunction f = TestFunctions.Rosenbrock(100);
        MinimizeResult result = Minimize.Newton(f.Evaluate, Tensor.Zeros([100], DType.Float64), new NewtonOptions { GradientTolerance = 1e-8 });
        Assert.That(result.Converged, Is.True, result.ToString());
        Assert.That(f.Distance(result.Point.ToArray<double>()), Is.LessThan(1e-6));
        MinimizeResult other = Minimize.Newton(f.Evaluate, f.Start(), new NewtonOptions { GradientTolerance = 1e-8 });
        Assert.That(other.Point.ToArray<double>()[0], Is.EqualTo(-1).Within(0.02));
    }

    [TestCase(1, 1)]
    [TestCase(1e6, 2)]
    [TestCase(1e6, 100)]
    public void Quadratic_TakesOneStep(double condition, int dimensions)
    {
        TestFunction f = TestFunctions.Quadratic(condition, dimensions);
        foreach (NewtonOptions options in new[] { new NewtonOptions(), s_pure })
        {
            MinimizeResult result = Minimize.Newton(f.Evaluate, f.Start(), options);
            Assert.That(result.Iterations, Is.EqualTo(1));
            Assert.That(result.Point.ToArray<double>(), Is.All.EqualTo(0).Within(1e-12));
        }
    }

    [Test]
    public void Rosenbrock_PureSteps_AreTheTextbooks()
    {
        // Dennis and Schnabel's example: from (−1.2, 1) the values go 24.2, 4.73, 1411.8, 0.0559, 0.313, 1.85e-11, 3.43e-20.
        TestFunction f = TestFunctions.Rosenbrock();
        MinimizeResult result = Minimize.Newton(f.Evaluate, f.Start(), s_pure with { GradientTolerance = 1e-7 });
        double[] values = [24.2, 4.731884, 1411.845, 0.05596, 0.31319, 1.853e-11, 3.4e-20];
        Assert.That(result.Trajectory.Values, Has.Count.EqualTo(7));
        for (int i = 0; i < 7; i++)
        {
            Assert.That(result.Trajectory.Values[i], Is.EqualTo(values[i]).Within(2).Percent, $"step {i}");
        }
    }

    [Test]
    public void NearTheMinimum_TheRightDigitsDouble()
    {
        // x − ln x: Newton's step is xₖ₊₁ = 2xₖ − xₖ², so that the error is squared.
        MinimizeResult result = Minimize.Newton(static x => (x - x.Log()).Sum(), Tensor.From<double>([1.5]), s_pure with { GradientTolerance = 1e-14 });
        IReadOnlyList<double> x = result.Trajectory.Coordinate(0);
        for (int k = 1; k < x.Count; k++)
        {
            Assert.That(1 - x[k], Is.EqualTo(Math.Pow(0.5, Math.Pow(2, k))).Within(1e-15), $"step {k}");
        }

        Assert.That(result.Iterations, Is.LessThanOrEqualTo(6));
    }

    [Test]
    public void Damping_MakesThatPartOfTheStep()
    {
        TestFunction f = TestFunctions.Quadratic(100);
        MinimizeResult result = Minimize.Newton(f.Evaluate, f.Start(), s_pure with { Damping = 0.25, MaxIterations = 10, GradientTolerance = 0 });
        Assert.That(result.Trajectory.Points[10], Is.All.EqualTo(Math.Pow(0.75, 10)).Within(1e-12));
    }

    [Test]
    public void Saddle_AttractsThePureMethod_NotTheModifiedOne()
    {
        Tensor start = Tensor.From<double>([1.0, 0.1]);
        MinimizeResult pure = Minimize.Newton(TestFunctions.Saddle.Evaluate, start, s_pure);
        Assert.That(pure.Point.ToArray<double>(), Is.EqualTo(new[] { 0.0, 0 }).Within(1e-12));
        MinimizeResult modified = Minimize.Newton(TestFunctions.Saddle.Evaluate, start, new NewtonOptions { TargetValue = -1e6 });
        Assert.That(modified.StopReason, Is.EqualTo(StopReason.TargetValue));

        // Himmelblau's function is concave at (0, 0): the pure method climbs its hill at (−0.27, −0.92).
        TestFunction f = TestFunctions.Himmelblau;
        MinimizeResult hill = Minimize.Newton(f.Evaluate, f.Start(), s_pure);
        Assert.That(hill.Point.ToArray<double>(), Is.EqualTo(new[] { -0.270845, -0.923039 }).Within(1e-5));
        Assert.That(hill.Value, Is.GreaterThan(f.Value(0, 0)));
    }

    [Test]
    public void SingularHessian_StopsThePureMethod_NotTheModifiedOne()
    {
        static Tensor Function(Tensor x) => x[0].Square() + (0 * x[1]);
        Tensor start = Tensor.From<double>([3.0, 4]);
        Assert.That(Minimize.Newton(Function, start, s_pure).StopReason, Is.EqualTo(StopReason.SingularHessian));
        MinimizeResult modified = Minimize.Newton(Function, start);
        Assert.That(modified.Converged, Is.True);
        Assert.That(modified.Point.ToArray<double>(), Is.EqualTo(new[] { 0.0, 4 }).Within(1e-6));
        Assert.That(Minimize.Newton(static x => x.Sum(), start, s_pure).StopReason, Is.EqualTo(StopReason.SingularHessian), "a slope has no curvature");
    }
}
