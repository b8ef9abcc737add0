using System.Globalization;
using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>What curvature is worth: descent, L-BFGS and Newton on Rosenbrock's valley, and where Newton alone goes wrong.</summary>
internal sealed class NewtonsMethods : TourProgram
{
    public override string Name => "newton";

    public override string Subject => "Newton's method 牛顿法, L-BFGS and descent";

    public override void Run(Tour tour)
    {
        TestFunction f = TestFunctions.Rosenbrock();
        int most = tour.Steps(20_000, 300);
        NewtonOptions pure = new() { LineSearch = false, ModifyHessian = false, GradientTolerance = 1e-8 };
        (string Name, MinimizeResult Result)[] runs =
        [
            ("descent, rate 0.001", Minimize.Run(f.Evaluate, f.Start(), static x => new Sgd(x, 1e-3), new DescentOptions { MaxIterations = most })),
            ("steepest descent, searched", Minimize.SteepestDescent(f.Evaluate, f.Start(), new MinimizeOptions { MaxIterations = most })),
            ("L-BFGS", Minimize.Lbfgs(f.Evaluate, f.Start())),
            ("Newton-CG", Minimize.NewtonCg(f.Evaluate, f.Start())),
            ("Newton, searched", Minimize.Newton(f.Evaluate, f.Start())),
            ("Newton, pure", Minimize.Newton(f.Evaluate, f.Start(), pure)),
        ];
        foreach ((string name, MinimizeResult result) in runs)
        {
            tour.Print(string.Create(CultureInfo.InvariantCulture, $"{name,-27} {result.Iterations,6} steps, {result.Evaluations,6} evaluations: f = {result.Value:g3}"));
        }

        tour.Notice("The valley's floor bends: descent creeps along it, L-BFGS learns the curvature from the gradients it sees, Newton computes it and needs the fewest steps (Newton-CG solves its equations only roughly at first).");

        // Near a minimum the number of right digits doubles: x − ln x has its minimum at 1, and Newton's step squares the error.
        MinimizeResult digits = Minimize.Newton(static x => (x - x.Log()).Sum(), Tensor.From<double>([1.5]), pure with { GradientTolerance = 1e-15 });
        tour.Print("errors of Newton's steps on x − ln x: " + string.Join(", ", digits.Trajectory.Coordinate(0).Select(static x => Math.Abs(x - 1).ToString("g2", CultureInfo.InvariantCulture))));
        tour.Notice("Each error is the square of the one before, until nothing is left but rounding.");

        // Concave at the start: the pure method climbs.
        TestFunction hills = TestFunctions.Himmelblau;
        MinimizeResult up = Minimize.Newton(hills.Evaluate, hills.Start(), pure), down = Minimize.Newton(hills.Evaluate, hills.Start());
        tour.Print(string.Create(CultureInfo.InvariantCulture, $"Himmelblau from (0, 0), f = 170: pure Newton ends at f = {up.Value:0.00}, with a modified Hessian at f = {down.Value:g2}"));
        tour.Notice("Newton's step goes to where the gradient is 0, uphill as well. A Hessian that is not positive definite must be modified to descend.");
        new Report("Newton's method 牛顿法")
            .AddTable("Rosenbrock's valley from (−1.2, 1)", ["method", "steps", "evaluations", "f", "|∇f|", "ended by"],
                [.. runs.Select(static r => (IReadOnlyList<object?>)[r.Name, r.Result.Iterations, r.Result.Evaluations, r.Result.Value, r.Result.GradientNorm, r.Result.StopReason.ToString()])])
            .AddContours("The ways along the valley", (x, y) => (100 * (y - (x * x)) * (y - (x * x))) + ((1 - x) * (1 - x)), (-2, 2), (-1, 3), [.. runs.Where(static r => r.Name is not "Newton, pure").Select(static r => Path(r.Name, r.Result))], logLevels: true)
            .AddLines("Value by step", "step + 1", [.. runs.Select(static r => new ReportSeries(r.Name, [.. Enumerable.Range(1, r.Result.Trajectory.Count).Select(static i => (double)i)], r.Result.Trajectory.Values))], yAxis: "f", logY: true, logX: true)
            .AddContours("Himmelblau: pure Newton climbs the hill, the modified one descends", (x, y) => Math.Pow((x * x) + y - 11, 2) + Math.Pow(x + (y * y) - 7, 2), (-5, 5), (-5, 5), [Path("pure", up), Path("modified", down)], logLevels: true)
            .Save(tour.ReportPath(this));
    }

    private static ReportSeries Path(string name, MinimizeResult result) => new(name, result.Trajectory.Coordinate(0), result.Trajectory.Coordinate(1));
}
