using System.Text.Json;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>Methods that search the length of their steps, against known minima and SciPy's L-BFGS-B.</summary>
internal sealed class LineSearchMethodTests
{
    private static IEnumerable<TestCaseData> ScipyRows() => Peers.Document.GetProperty("lbfgs").EnumerateArray().Select(static row => new TestCaseData(row)
        .SetArgDisplayNames($"{row.GetProperty("function").GetString()}, {row.GetProperty("dimensions")} variables, {row.GetProperty("tolerance")}"));

    private static IEnumerable<TestFunction> Functions =>
    [
        TestFunctions.Rosenbrock(), TestFunctions.Beale, TestFunctions.Booth, TestFunctions.Himmelblau, TestFunctions.Quadratic(1e6), TestFunctions.Quadratic(7, 1),
        TestFunctions.Quadratic(1e4, 100), TestFunctions.Rosenbrock(100),
    ];

    [TestCaseSource(nameof(ScipyRows))]
    public void Lbfgs_NeedsAboutAsManyIterationsAsSciPy(JsonElement row)
    {
        TestFunction f = Make(row.GetProperty("function").GetString()!, row.GetProperty("dimensions").GetInt32());
        LbfgsOptions options = new() { GradientTolerance = row.GetProperty("tolerance").GetDouble(), MaxIterations = 30_000, KeepPoints = false };
        MinimizeResult result = Minimize.Lbfgs(f.Evaluate, f.Start(), options);
        int iterations = row.GetProperty("iterations").GetInt32(), evaluations = row.GetProperty("evaluations").GetInt32();
        Assert.Multiple(() =>
        {
            Assert.That(result.StopReason, Is.EqualTo(StopReason.GradientTolerance));

            // Another line search: a few steps up or down.
            Assert.That(result.Iterations, Is.EqualTo(iterations).Within(2 + (0.1 * iterations)));
            Assert.That(result.Evaluations, Is.EqualTo(evaluations).Within(2 + (0.1 * evaluations)));
            Assert.That(result.Value, Is.EqualTo(row.GetProperty("value").GetDouble()).Within(1e-5), "the same minimum");
        });
    }

    [TestCaseSource(nameof(Functions))]
    public void Lbfgs_FindsTheMinimum(TestFunction f) => AssertFound(f, Minimize.Lbfgs(f.Evaluate, f.Start(), new LbfgsOptions { GradientTolerance = 1e-8, MaxIterations = 5000 }));

    [TestCaseSource(nameof(Functions))]
    public void NewtonCg_FindsTheMinimum(TestFunction f) => AssertFound(f, Minimize.NewtonCg(f.Evaluate, f.Start(), new NewtonOptions { GradientTolerance = 1e-8 }));

    [Test]
    public void SteepestDescent_Descends_AndIsSlowInAValley()
    {
        TestFunction f = TestFunctions.Rosenbrock();
        MinimizeResult slow = Minimize.SteepestDescent(f.Evaluate, f.Start(), new MinimizeOptions { MaxIterations = 5000 }), fast = Minimize.Lbfgs(f.Evaluate, f.Start());
        AssertFound(f, slow, 1e-5);
        Assert.That(slow.Trajectory.Values, Is.Ordered.Descending);
        Assert.That(slow.Iterations, Is.GreaterThan(5 * fast.Iterations));
    }

    [Test]
    public void NewtonCg_OnAQuadratic_NeedsNoMoreProductsThanVariables()
    {
        // Conjugate gradients solve n equations in n steps, so that a step or two of Newton suffice, whatever the condition number.
        TestFunction f = TestFunctions.Quadratic(1e6, 5);
        MinimizeResult result = Minimize.NewtonCg(f.Evaluate, f.Start(), new NewtonOptions { GradientTolerance = 1e-6 });
        AssertFound(f, result, 1e-6);
        Assert.That(result.Iterations, Is.LessThanOrEqualTo(8));
    }

    [Test]
    public void Rastrigin_EndsInTheMinimumNextDoor()
    {
        // Started in the pit around (2, 2), a local method finds its floor, not the origin's: x ≈ 1.98991 solves 2x + 20π·sin 2πx = 0.
        TestFunction f = TestFunctions.Rastrigin();
        MinimizeResult result = Minimize.Lbfgs(f.Evaluate, f.Start(), new LbfgsOptions { GradientTolerance = 1e-9 });
        double x = result.Point.ToArray<double>()[0];
        Assert.That(x, Is.EqualTo(1.98991).Within(1e-5));
        Assert.That((2 * x) + (20 * Math.PI * Math.Sin(2 * Math.PI * x)), Is.Zero.Within(1e-8));
        Assert.That(f.Distance(result.Point.ToArray<double>()), Is.GreaterThan(2));
    }

    [Test]
    public void Saddle_DescentThatStartsOnTheRidge_RunsIntoIt_AndBesideIt_RunsAway()
    {
        TestFunction f = TestFunctions.Saddle;
        MinimizeResult into = Minimize.SteepestDescent(f.Evaluate, f.Start());
        Assert.That(into.StopReason, Is.EqualTo(StopReason.GradientTolerance));
        Assert.That(into.Point.ToArray<double>(), Is.EqualTo(new[] { 0.0, 0 }).Within(1e-6));
        MinimizeResult away = Minimize.Lbfgs(f.Evaluate, Tensor.From<double>([1.0, 1e-3]), new LbfgsOptions { TargetValue = -1e6 });
        Assert.That(away.StopReason, Is.EqualTo(StopReason.TargetValue), "there is no minimum");
        MinimizeResult curved = Minimize.NewtonCg(f.Evaluate, Tensor.From<double>([1.0, 1e-3]), new NewtonOptions { TargetValue = -1e6 });
        Assert.That(curved.StopReason, Is.EqualTo(StopReason.TargetValue), "negative curvature is no obstacle");
    }

    [Test]
    public void ShapesAndSeveralTensors_AreOneVector()
    {
        // The same 6 variables as a vector, as a matrix, and as a matrix and a scalar.
        TestFunction f = TestFunctions.Rosenbrock(6);
        double[] start = f.Start().ToArray<double>();
        MinimizeResult vector = Minimize.Lbfgs(f.Evaluate, f.Start());
        MinimizeResult matrix = Minimize.Lbfgs(x => f.Evaluate(x.Reshape(6)), Tensor.From<double>(start, [2, 3]));
        MinimizeResult parts = Minimize.Lbfgs(
            x => f.Evaluate(Tensor.Concat([x[0].Reshape(5), x[1].Reshape(1)])), [Tensor.From<double>(start.AsSpan(0, 5), [5, 1]), Tensor.Scalar(start[5], DType.Float64)]);
        Assert.That(matrix.Point.Shape, Is.EqualTo(new Shape(2, 3)));
        Assert.That(matrix.Trajectory.Values, Is.EqualTo(vector.Trajectory.Values));
        Assert.That(parts.Trajectory.Values, Is.EqualTo(vector.Trajectory.Values).Within(1e-12));
        Assert.That(parts.Tensors.Select(static t => t.Shape), Is.EqualTo(new Shape[] { [5, 1], [] }));
        Assert.That(Minimize.NewtonCg(x => f.Evaluate(Tensor.Concat([x[0].Reshape(5), x[1].Reshape(1)])), parts.Tensors.ToArray()).Converged, Is.True);
    }

    private static void AssertFound(TestFunction f, MinimizeResult result, double within = 1e-6)
    {
        Assert.That(result.Converged, Is.True, result.ToString());
        Assert.That(f.Distance(result.Point.ToArray<double>()), Is.LessThan(within), result.ToString());
        Assert.That(result.Value, Is.EqualTo(f.Minimum).Within(1e-9));
        Assert.That(result.Trajectory.Count, Is.EqualTo(result.Iterations + 1));
    }

    private static TestFunction Make(string name, int dimensions) => name switch
    {
        "Rosenbrock" => TestFunctions.Rosenbrock(dimensions),
        "Beale" => TestFunctions.Beale,
        "Booth" => TestFunctions.Booth,
        "Himmelblau" => TestFunctions.Himmelblau,
        "Rastrigin" => TestFunctions.Rastrigin(dimensions),
        _ => TestFunctions.Quadratic(double.Parse(name.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), dimensions),
    };
}
