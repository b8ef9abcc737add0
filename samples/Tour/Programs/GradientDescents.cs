using System.Globalization;
using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>x ← x − α·∇f(x) in one and two variables: a rate that crawls, the best one, one that swings and one that diverges.</summary>
internal sealed class GradientDescents : TourProgram
{
    public override string Name => "gradient-descent";

    public override string Subject => "Gradient descent 梯度下降: the learning rate 学习率";

    public override void Run(Tour tour)
    {
        // f(x) = x²: a step multiplies x by 1 − 2α.
        double[] rates = [0.02, 0.2, 0.95, 1.05];
        List<ReportSeries> falls = [], ways = [new("x²", Range(-12, 12), [.. Range(-12, 12).Select(static x => x * x)]) { IsDashed = true }];
        foreach (double rate in rates)
        {
            MinimizeResult result = Minimize.Run(
                static x => x.Square().Sum(), Tensor.From<double>([10.0]), x => new Sgd(x, rate), new DescentOptions { MaxIterations = 15, GradientTolerance = 0 });
            IReadOnlyList<double> x = result.Trajectory.Coordinate(0);
            falls.Add(new($"rate {rate}", [.. x.Select(Math.Abs)]));
            ways.Add(new($"rate {rate}", x, result.Trajectory.Values));
            tour.Print(string.Create(CultureInfo.InvariantCulture, $"x², rate {rate,-4}: a step multiplies x by {1 - (2 * rate),5:0.00}; from 10 to {x[^1]:g3} in 15 steps"));
        }

        tour.Notice("0.02 crawls, 0.2 arrives, 0.95 jumps over the minimum from side to side, 1.05 moves away: beyond 2/curvature every step makes it worse.");

        // Two variables of curvatures 1 and 10: the steep one limits the rate, the flat one waits.
        TestFunction valley = TestFunctions.Quadratic(10);
        Tensor start = Tensor.From<double>([9.0, 2.0]);
        List<IReadOnlyList<object?>> rows = [];
        List<ReportSeries> paths = [], values = [];
        foreach ((string name, double rate) in new[] { ("too small: 0.02", 0.02), ("best: 2/(1 + 10)", 2 / 11.0), ("too large: 0.205", 0.205) })
        {
            MinimizeResult result = Minimize.Run(valley.Evaluate, start, x => new Sgd(x, rate), new DescentOptions { MaxIterations = 60, GradientTolerance = 0 });
            double slower = Math.Max(Math.Abs(1 - rate), Math.Abs(1 - (10 * rate)));
            double[] last = result.Trajectory.Points[^1], before = result.Trajectory.Points[^2];
            paths.Add(new(name, result.Trajectory.Coordinate(0), result.Trajectory.Coordinate(1)));
            values.Add(new(name, result.Trajectory.Values));
            rows.Add([name, slower, valley.Distance(last) / valley.Distance(before), result.Value]);
            tour.Print(string.Create(CultureInfo.InvariantCulture, $"valley, {name,-17}: the distance shrinks by {valley.Distance(last) / valley.Distance(before):0.0000} a step (theory {slower:0.0000}), f = {result.Value:g3} after 60"));
        }

        tour.Notice("The best rate shrinks the distance by (κ − 1)/(κ + 1) = 9/11 a step, and no rate does better: the narrower the valley, the slower.");
        new Report("Gradient descent 梯度下降")
            .AddText("A step goes against the gradient, as far as the learning rate says. The rate must fit the steepest direction; the flattest one pays for it.")
            .AddLines("x² and the points that each rate visits", "x", ways, yAxis: "f(x)")
            .AddLines("Distance from the minimum", "step", falls, yAxis: "|x|", logY: true)
            .AddContours("A valley ten times as steep across as along", (x, y) => ((x * x) + (10 * y * y)) / 2, (-10, 10), (-5, 5), paths)
            .AddLines("Value in the valley", "step", values, yAxis: "f", logY: true)
            .AddTable("How the distance shrinks in a step", ["rate", "theory", "measured", "f after 60 steps"], rows)
            .Save(tour.ReportPath(this));
    }

    private static double[] Range(double low, double high) => [.. Enumerable.Range(0, 101).Select(i => low + ((high - low) * i / 100))];
}
