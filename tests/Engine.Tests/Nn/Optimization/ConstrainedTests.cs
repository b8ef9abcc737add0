using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>Problems whose solutions and multipliers are known. Hock and Schittkowski, Test Examples for Nonlinear Programming Codes, 1981 (HS).</summary>
internal sealed class ConstrainedTests
{
    /// <param name="Name">Unique.</param>
    /// <param name="Function">What is minimised.</param>
    /// <param name="Start">Where to begin.</param>
    /// <param name="Constraints">Under which constraints.</param>
    /// <param name="Solution">The known point.</param>
    /// <param name="Multipliers">The known multipliers, all in a row; null where a constraint has none.</param>
    internal sealed record Problem(string Name, Func<Tensor, Tensor> Function, double[] Start, Constraint[] Constraints, double[] Solution, double[]? Multipliers)
    {
        public override string ToString() => Name;
    }

    private static IEnumerable<Problem> Problems =>
    [
        new("nearest point of a line", static x => x.Square().Sum(), [3, -1], [Constraint.EqualToZero(static x => x.Sum() - 1)], [0.5, 0.5], [-1]),
        new("lowest point of a circle", static x => x.Sum(), [1, -0.5], [Constraint.EqualToZero(static x => x.Square().Sum() - 2)], [-1, -1], [0.5]),
        new("a floor above the minimum", static x => (x - 1).Square().Sum(), [5, 5], [Constraint.AtMostZero(static x => 2 - x)], [2, 2], [2, 2]),
        new("a floor below the minimum", static x => (x - 1).Square().Sum(), [-5, 5], [Constraint.AtMostZero(static x => -x)], [1, 1], [0, 0]),
        new("HS6", static x => (1 - x[0]).Square(), [-1.2, 1], [Constraint.EqualToZero(static x => 10 * (x[1] - x[0].Square()))], [1, 1], [0]),
        new("HS35", static x => 9 - (8 * x[0]) - (6 * x[1]) - (4 * x[2]) + (2 * x[0].Square()) + (2 * x[1].Square()) + x[2].Square() + (2 * x[0] * x[1]) + (2 * x[0] * x[2]), [0.5, 0.5, 0.5],
            [Constraint.AtMostZero(static x => x[0] + x[1] + (2 * x[2]) - 3), Constraint.AtMostZero(static x => -x)], [4 / 3.0, 7 / 9.0, 4 / 9.0], [2 / 9.0, 0, 0, 0]),
        new("HS71", static x => (x[0] * x[3] * (x[0] + x[1] + x[2])) + x[2], [1, 5, 5, 1],
            [
                Constraint.AtMostZero(static x => 25 - (x[0] * x[1] * x[2] * x[3])), Constraint.EqualToZero(static x => x.Square().Sum() - 40),
                Constraint.AtMostZero(static x => 1 - x), Constraint.AtMostZero(static x => x - 5),
            ],
            [1, 4.7429994, 3.8211503, 1.3794082], [0.5522937, 0.1614686, 1.0878712, 0, 0, 0, 0, 0, 0, 0]),
        new("two limits at a corner", static x => -(2 * x[0]) - x[1], [0, 0], [Constraint.AtMostZero(static x => x - 1)], [1, 1], [2, 1]),
    ];

    [TestCaseSource(nameof(Problems))]
    public void AugmentedLagrangian_FindsPointAndMultipliers(Problem problem)
    {
        ConstrainedResult result = Minimize.AugmentedLagrangian(problem.Function, Tensor.From<double>(problem.Start), problem.Constraints);
        Assert.Multiple(() =>
        {
            Assert.That(result.StopReason, Is.EqualTo(StopReason.GradientTolerance), result.ToString());
            Assert.That(result.Kkt.Largest, Is.LessThanOrEqualTo(1e-6));
            Assert.That(result.Point.ToArray<double>(), Is.EqualTo(problem.Solution).Within(2e-6));
            Assert.That(result.Multipliers.SelectMany(static m => m), Is.EqualTo(problem.Multipliers!).Within(1e-5));
            Assert.That(result.Value, Is.EqualTo(problem.Function(Tensor.From<double>(problem.Solution)).Item()).Within(2e-6));
            Assert.That(result.Penalties.Max(), Is.LessThanOrEqualTo(1e5), "the multipliers spare a large penalty");
        });
    }

    [TestCaseSource(nameof(Problems))]
    public void Penalty_ComesNear(Problem problem)
    {
        ConstrainedResult result = Minimize.Penalty(problem.Function, Tensor.From<double>(problem.Start), problem.Constraints, new ConstrainedOptions { Tolerance = 1e-4 });
        Assert.That(result.Point.ToArray<double>(), Is.EqualTo(problem.Solution).Within(2e-3), result.ToString());
        Assert.That(result.Multipliers.SelectMany(static m => m), Is.EqualTo(problem.Multipliers!).Within(2e-3));
    }

    [TestCaseSource(nameof(Problems))]
    public void KktResidual_IsNoneAtTheSolution_AndLargeWithWrongMultipliers(Problem problem)
    {
        double[][] multipliers = Split(problem, problem.Multipliers!), wrong = Split(problem, [.. problem.Multipliers!.Select(static m => m + 1)]);
        Tensor solution = Tensor.From<double>(problem.Solution);
        KktResidual right = KktResidual.At(problem.Function, solution, problem.Constraints, multipliers);
        Assert.That(right.Largest, Is.LessThan(2e-5), right.ToString());
        Assert.That(KktResidual.At(problem.Function, solution, problem.Constraints, wrong).Largest, Is.GreaterThan(0.5));
    }

    [Test]
    public void Penalty_MissesByTheMultiplierOverThePenalty()
    {
        // The lowest point of x² + ½ρ·(x − 1)² is ρ/(2 + ρ); the multiplier is −2.
        ConstrainedResult result = Minimize.Penalty(static x => x.Square().Sum(), Tensor.From<double>([0.0]), [Constraint.EqualToZero(static x => x - 1)], new ConstrainedOptions { Tolerance = 1e-4 });
        Assert.That(result.Converged, Is.True);
        Assert.That(result.Penalties, Is.EqualTo(new[] { 1.0, 10, 100, 1e3, 1e4, 1e5 }));
        for (int i = 0; i < result.Penalties.Count; i++)
        {
            double penalty = result.Penalties[i];
            Assert.That(result.Trajectory.Points[i + 1][0], Is.EqualTo(penalty / (2 + penalty)).Within(i == 0 ? 0.1 : 0.01));
            Assert.That(result.Violations[i + 1], Is.EqualTo(2 / (2 + penalty)).Within(15).Percent);
        }

        Assert.That(result.Multipliers[0][0], Is.EqualTo(-2).Within(1e-3));
    }

    [Test]
    public void Multiplier_IsWhatMovingTheLimitCosts()
    {
        // Lowest value of x + y on a circle of squared radius 2 + δ: −√(2·(2 + δ)), which falls by ½ per δ.
        double Lowest(double delta) => Minimize.AugmentedLagrangian(static x => x.Sum(), Tensor.From<double>([1.0, -0.5]), [Constraint.EqualToZero(x => x.Square().Sum() - 2 - delta)]).Value;
        double multiplier = Minimize.AugmentedLagrangian(static x => x.Sum(), Tensor.From<double>([1.0, -0.5]), [Constraint.EqualToZero(static x => x.Square().Sum() - 2)]).Multipliers[0][0];
        Assert.That((Lowest(-1e-3) - Lowest(1e-3)) / 2e-3, Is.EqualTo(multiplier).Within(1e-3));
    }

    [Test]
    public void ConstraintsThatCannotBeMet_AreInfeasible()
    {
        foreach (Constraint[] constraints in new Constraint[][]
        {
            [Constraint.EqualToZero(static x => x), Constraint.EqualToZero(static x => x - 1)],
            [Constraint.AtMostZero(static x => x.Square() + 1)],
            [Constraint.AtMostZero(static x => x), Constraint.AtMostZero(static x => 2 - x)],
        })
        {
            ConstrainedResult result = Minimize.AugmentedLagrangian(static x => (x - 3).Square().Sum(), Tensor.From<double>([0.5]), constraints);
            Assert.That(result.StopReason, Is.EqualTo(StopReason.Infeasible), result.ToString());
            Assert.That(result.Converged, Is.False);
            Assert.That(result.Kkt.Feasibility, Is.GreaterThan(0.4));
            Assert.That(Minimize.Penalty(static x => (x - 3).Square().Sum(), Tensor.From<double>([0.5]), constraints).StopReason, Is.EqualTo(StopReason.Infeasible));
        }
    }

    [Test]
    public void WithoutConstraints_ItIsAPlainMinimisation()
    {
        TestFunction f = TestFunctions.Beale;
        ConstrainedResult result = Minimize.AugmentedLagrangian(f.Evaluate, f.Start(), []);
        Assert.That(result.Converged, Is.True);
        Assert.That(f.Distance(result.Point.ToArray<double>()), Is.LessThan(1e-5));
    }

    [Test]
    public void Cancellation_GivesWhatThereIs()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        ConstrainedResult result = Minimize.AugmentedLagrangian(static x => x.Sum(), Tensor.From<double>([1.0, -0.5]), [Constraint.EqualToZero(static x => x.Square().Sum() - 2)], cancellationToken: source.Token);
        Assert.That((result.StopReason, result.Iterations), Is.EqualTo((StopReason.Cancelled, 1)));
    }

    [Test]
    public void BadInput_IsNamed()
    {
        Tensor start = Tensor.From<double>([1.0, 2]);
        Constraint sum = Constraint.EqualToZero(static x => x.Sum());
        Assert.Multiple(() =>
        {
            Assert.That(() => Minimize.Penalty(static x => x.Sum(), start, [Constraint.EqualToZero(static x => x.Detach())]), Throws.TypeOf<GradientException>().With.Message.Contains("constraint 0 does not depend"));
            Assert.That(() => Minimize.AugmentedLagrangian(static x => x, start, [sum]), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Minimize.AugmentedLagrangian(static x => x.Sum(), start, [Constraint.EqualToZero(static x => (x - 5).Log())]), Throws.ArgumentException.With.Message.Contains("finite"));
            Assert.That(() => Minimize.AugmentedLagrangian(static x => x.Sum(), start, [Constraint.AtMostZero(static _ => null!)]), Throws.ArgumentException.With.Message.Contains("constraint 0 returned null"));
            int calls = 0;
            Constraint changing = Constraint.EqualToZero(x => calls++ < 3 ? x.Sum() : x);
            Assert.That(() => Minimize.AugmentedLagrangian(static x => x.Square().Sum(), start, [changing]), Throws.ArgumentException.With.Message.Contains("constraint 0 gave 1 numbers before and 2 now"));
            Assert.That(() => KktResidual.At(static x => x.Sum(), start, [sum], [[1, 2]]), Throws.ArgumentException.With.Message.Contains("the constraints have 1 elements, the multipliers 2"));
            Assert.That(() => new ConstrainedOptions { Tolerance = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new ConstrainedOptions { PenaltyGrowth = 1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new ConstrainedOptions { InitialPenalty = double.NaN }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new ConstrainedOptions { MaxIterations = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    private static double[][] Split(Problem problem, double[] flat)
    {
        Tensor start = Tensor.From<double>(problem.Start);
        int at = 0;
        return [.. problem.Constraints.Select(c => (int)c.Function(start).ElementCount).Select(count => flat.AsSpan((at += count) - count, count).ToArray())];
    }
}
