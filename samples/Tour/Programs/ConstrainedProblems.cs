using System.Globalization;
using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>The point of a circle that is nearest to (2, 1), three ways: penalties, Lagrange multipliers, projection.</summary>
internal sealed class ConstrainedProblems : TourProgram
{
    public override string Name => "constraints";

    public override string Subject => "Constraints 有限制条件的优化: Lagrange multipliers 拉格朗日乘子法, penalties 惩罚项, projection 投影法";

    public override void Run(Tour tour)
    {
        // By hand: the solution is (2, 1)/√5; 2·(x − 2) + 2·λ·x = 0 gives λ = √5 − 1.
        static Tensor Distance(Tensor p) => (p - Tensor.From<double>([2.0, 1.0])).Square().Sum();
        Constraint circle = Constraint.EqualToZero(static p => p.Square().Sum() - 1);
        Tensor start = Tensor.From<double>([-0.5, 1.4]);
        double[] solution = [2 / Math.Sqrt(5), 1 / Math.Sqrt(5)];
        ConstrainedResult penalty = Minimize.Penalty(Distance, start, [circle]), lagrange = Minimize.AugmentedLagrangian(Distance, start, [circle]);
        MinimizeResult projected = Minimize.Run(Distance, start, static x => new Sgd(x, 0.1), new DescentOptions { Projection = Projection.Ball(1), GradientTolerance = 1e-8 });
        foreach ((string name, ConstrainedResult result) in new[] { ("penalty", penalty), ("augmented Lagrangian", lagrange) })
        {
            tour.Print(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-21}: {result.Iterations,2} subproblems, largest ρ {result.Penalties.Max():g1}, misses the circle by {result.Violations[^1]:g2}, λ = {result.Multipliers[0][0]:0.000000} (by hand {Math.Sqrt(5) - 1:0.000000})"));
        }

        tour.Print(string.Create(CultureInfo.InvariantCulture, $"{"projected descent",-21}: {projected.Iterations,2} steps, always inside, {Off(projected.Trajectory.Points[^1]):g2} from the solution"));
        tour.Notice("The penalty's solutions miss the circle by about λ/ρ: only ρ → ∞ meets it. The multiplier does the penalty's work, so that ρ can stay small.");
        double[] costs = [-1e-2, 1e-2];
        costs = [.. costs.Select(delta => Minimize.AugmentedLagrangian(Distance, start, [Constraint.EqualToZero(p => p.Square().Sum() - 1 - delta)]).Value)];
        tour.Print(string.Create(CultureInfo.InvariantCulture, $"moving the limit by ±0.01 changes the lowest value by {(costs[0] - costs[1]) / 2e-2:0.0000} per unit: the multiplier"));

        // An inequality that does not bind has no multiplier.
        ConstrainedResult wide = Minimize.AugmentedLagrangian(Distance, start, [Constraint.AtMostZero(static p => p.Square().Sum() - 9)]);
        ConstrainedResult impossible = Minimize.AugmentedLagrangian(Distance, start, [circle, Constraint.AtMostZero(static p => 2 - p[0])]);
        tour.Print(string.Create(CultureInfo.InvariantCulture, $"inside of a circle of radius 3: f = {wide.Value:g2}, ν = {wide.Multipliers[0][0]:g2}; on the unit circle with x ≥ 2: {impossible.StopReason}"));
        tour.Notice("A limit that is not reached pulls with no force: ν = 0 (complementarity). Constraints that contradict each other are reported, not averaged.");
        double[] angles = [.. Enumerable.Range(0, 101).Select(static i => i * Math.PI / 50)];
        ReportSeries drawn = new("the circle", [.. angles.Select(Math.Cos)], [.. angles.Select(Math.Sin)]) { IsDashed = true };
        new Report("Constraints 有限制条件的优化")
            .AddText("Nearest point of the unit circle to (2, 1): (2, 1)/√5, with the multiplier λ = √5 − 1.")
            .AddContours("From (−0.5, 1.4) to the solution", static (x, y) => ((x - 2) * (x - 2)) + ((y - 1) * (y - 1)), (-1.5, 2.5), (-1.5, 2), [drawn, Path("penalty", penalty.Trajectory), Path("augmented Lagrangian", lagrange.Trajectory), Path("projection", projected.Trajectory)])
            .AddLines("How far the circle is missed", "subproblem", [new("penalty", penalty.Violations), new("augmented Lagrangian", lagrange.Violations)], yAxis: "|h|", logY: true)
            .AddTable("Penalty method", ["ρ", "x", "y", "misses by"], [.. penalty.Penalties.Select((rho, i) => (IReadOnlyList<object?>)[rho, penalty.Trajectory.Points[i + 1][0], penalty.Trajectory.Points[i + 1][1], penalty.Violations[i + 1]])])
            .AddTable("Nearest points of sets to (1.5, −0.2, 0.4)", ["set", "x", "y", "z"], [.. Sets().Select(Row)])
            .Save(tour.ReportPath(this));

        double Off(double[] p) => Math.Sqrt(Math.Pow(p[0] - solution[0], 2) + Math.Pow(p[1] - solution[1], 2));
    }

    private static ReportSeries Path(string name, Trajectory way) => new(name, way.Coordinate(0), way.Coordinate(1));

    private static IEnumerable<Projection> Sets() =>
        [Projection.Box(0, 1), Projection.Ball(1), Projection.Simplex(), Projection.Affine(Tensor.From<double>(new[,] { { 1.0, 1, 1 } }), Tensor.From<double>([1.0]))];

    private static IReadOnlyList<object?> Row(Projection set)
    {
        double[] p = set.Apply(Tensor.From<double>([1.5, -0.2, 0.4])).ToArray<double>();
        return [set.Name, p[0], p[1], p[2]];
    }
}
