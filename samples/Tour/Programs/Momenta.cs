using System.Globalization;
using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Across a narrow valley plain descent zig-zags; momentum, AdaGrad, RMSProp and Adam each have an answer.</summary>
internal sealed class Momenta : TourProgram
{
    public override string Name => "momentum";

    public override string Subject => "Momentum 动量, AdaGrad, RMSProp and Adam 自适应矩估计";

    public override void Run(Tour tour)
    {
        // ½·(x² + 50·y²): fifty times as steep across as along.
        TestFunction valley = TestFunctions.Quadratic(50);
        Tensor start = Tensor.From<double>([9.0, 1.5]);
        DescentOptions options = new() { MaxIterations = 200, GradientTolerance = 0 };
        (string Name, Func<IReadOnlyList<Tensor>, Optimizer> Make)[] optimizers =
        [
            ("plain descent", static x => new Sgd(x, 0.038)), ("momentum 0.8", static x => new Sgd(x, 0.038, momentum: 0.8)), ("Nesterov 0.8", static x => new Sgd(x, 0.02, momentum: 0.8, nesterov: true)),
            ("AdaGrad", static x => new Adagrad(x, 0.9)), ("RMSProp", static x => new RmsProp(x, 0.1, alpha: 0.9)), ("Adam", static x => new Adam(x, 0.5)),
        ];
        List<IReadOnlyList<object?>> rows = [];
        List<ReportSeries> paths = [], distances = [];
        foreach ((string name, Func<IReadOnlyList<Tensor>, Optimizer> make) in optimizers)
        {
            Trajectory way = Minimize.Run(valley.Evaluate, start, make, options).Trajectory;
            double[] far = [.. way.Points.Select(static p => Math.Sqrt((p[0] * p[0]) + (p[1] * p[1])))];
            int there = Array.FindIndex(far, static d => d < 0.5);
            int turns = way.Points.Take(40).Zip(way.Points.Take(40).Skip(1), static (a, b) => Math.Sign(a[1]) != Math.Sign(b[1]) ? 1 : 0).Sum();
            paths.Add(new(name, [.. way.Coordinate(0).Take(60)], [.. way.Coordinate(1).Take(60)]));
            distances.Add(new(name, far));
            rows.Add([name, there < 0 ? "–" : there, turns, far[^1]]);
            tour.Print(string.Create(CultureInfo.InvariantCulture, $"{name,-14}: within 0.5 after {(there < 0 ? "–" : there.ToString(CultureInfo.InvariantCulture)),3} steps; crosses the floor {turns,2} times in 40 steps; {far[^1]:g2} after 200"));
        }

        tour.Notice("Plain descent crosses the valley at every step and creeps along it. Momentum adds up along the valley and cancels across it.");
        tour.Notice("AdaGrad, RMSProp and Adam divide by the size of past gradients, so that both directions move alike and the floor is hardly crossed; RMSProp keeps the size of its steps and ends swinging around the minimum.");

        // v ← μv + g, w ← w − αv on a bowl: 1 − μ is the friction.
        double[] frictions = [0.5, 0.9, 1];
        ReportSeries[] swings = [.. frictions.Select(mu => new ReportSeries($"μ = {mu.ToString(CultureInfo.InvariantCulture)}", Minimize.Run(
            static x => 0.5 * x.Square().Sum(), Tensor.From<double>([1.0]), x => new Sgd(x, 0.05, momentum: mu), options).Trajectory.Coordinate(0)))];
        for (int i = 0; i < frictions.Length; i++)
        {
            tour.Print(string.Create(CultureInfo.InvariantCulture, $"bowl, μ = {frictions[i],-3}: swings {swings[i].Y.Skip(150).Max(Math.Abs):g2} wide after 150 steps"));
        }

        tour.Notice("With μ = 1 there is no friction: it swings as wide for ever.");

        // The same slope of 3 at every step: how long steps are.
        ReportSeries[] steps = [.. optimizers.Skip(3).Select(o => new ReportSeries(o.Name, StepLengths(o.Make)))];
        tour.Print("step on an even slope, first and 200th: " + string.Join("; ", steps.Select(static s => string.Create(CultureInfo.InvariantCulture, $"{s.Name} {s.Y[0]:0.000}, {s.Y[^1]:0.000}"))));
        tour.Notice("AdaGrad's steps die as 1/√t, for its sum only grows; RMSProp forgets and settles at its rate; Adam's bias correction has it there from the first step.");
        new Report("Momentum 动量, AdaGrad, RMSProp, Adam")
            .AddContours("Sixty steps in a narrow valley", static (x, y) => ((x * x) + (50 * y * y)) / 2, (-4, 10), (-2, 2), paths)
            .AddLines("Distance from the minimum", "step", distances, yAxis: "distance", logY: true)
            .AddTable("In numbers", ["optimizer", "steps until 0.5", "crossings in 40 steps", "distance after 200"], rows)
            .AddLines("Momentum as friction: a swing in a bowl", "step", swings, yAxis: "x")
            .AddLines("Length of steps on an even slope", "step", steps, yAxis: "length")
            .Save(tour.ReportPath(this));

        double[] StepLengths(Func<IReadOnlyList<Tensor>, Optimizer> make)
        {
            IReadOnlyList<double> x = Minimize.Run(static x => (3 * x).Sum(), Tensor.From<double>([0.0]), make, options).Trajectory.Coordinate(0);
            return [.. x.Zip(x.Skip(1), static (a, b) => a - b)];
        }
    }
}
