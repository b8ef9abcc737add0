using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Chords above the function, curvatures that are not negative, and one minimum wherever descent begins; counter-examples where that is not so.</summary>
internal sealed class ConvexFunctions : TourProgram
{
    public override string Name => "convexity";

    public override string Subject => "Convex functions 凸函数";

    public override void Run(Tour tour)
    {
        (string Text, Func<Tensor, Tensor> F, int Dimensions, double Low, double High)[] functions =
        [
            ("x²", static x => x.Square().Sum(), 1, -3, 3),
            ("|x|", static x => x.Abs().Sum(), 1, -3, 3),
            ("log(e^x + e^y)", static x => x.LogSumExp(0), 2, -3, 3),
            ("‖x‖² of 100 variables", static x => x.Square().Sum(), 100, -1, 1),
            ("sin x", static x => x.Sin().Sum(), 1, 0, 6),
            ("x² − y²", static x => x[0].Square() - x[1].Square(), 2, -1, 1),
            ("x²/4 + sin 3x", Wavy, 1, -3, 3),
        ];
        List<object?[]> rows = [];
        foreach ((string text, Func<Tensor, Tensor> f, int n, double low, double high) in functions)
        {
            ConvexityReport found = Check(f, n, low, high);
            rows.Add([text, $"[{low}, {high}]", found.IsConvex ? "convex" : "not convex", found.SmallestCurvature, found.Chord is { } c ? $"f = {c.Value:g4} above the chord's {c.Chord:g4} at t = {c.T:g3}" : "none"]);
            tour.Print($"{text,-22} {found}");
        }

        tour.Notice("Of the convex ones no chord runs below and no curvature is negative beyond rounding (|x| has 0 beside its kink); of the others a chord and a curvature prove it.");

        // The chord that was found, drawn: x from 0 to 1 along it, so that functions of any number of variables can be looked at.
        Report report = new Report("Convex functions 凸函数").AddTable("Is it convex?", ["function", "box", "verdict", "smallest curvature", "counter-example"], rows);
        report.AddLines("x²: a chord lies above", "x", [Curve("x²", static x => x * x), new("chord", [-2, 2.5], [4, 6.25])], yAxis: "f");
        ChordCounterexample chord = Check(static x => x.Sin().Sum(), 1, 0, 6).Chord!;
        double left = chord.X.Item(), right = chord.Y.Item();
        report.AddLines("sin x: the chord that was found lies below", "x", [Curve("sin x", Math.Sin, 0, 6), new("chord", [left, right], [Math.Sin(left), Math.Sin(right)])], yAxis: "f");

        double[] starts = [-2.8, -1, 0, 1, 2.8];
        double[] convexEnds = [.. starts.Select(x => Descend(static t => t.Square().Sum(), x))], wavyEnds = [.. starts.Select(x => Descend(Wavy, x))];
        tour.Print($"descent on x² from five starts ends at {string.Join(", ", convexEnds.Select(static x => $"{x:f3}"))}");
        tour.Print($"descent on x²/4 + sin 3x ends at {string.Join(", ", wavyEnds.Select(static x => $"{x:f3}"))}");
        tour.Notice("The convex function has one valley, whatever the start; of the wavy one descent finds the local minimum 局部最小值 of the valley it begins in, and only one of them is the lowest.");
        report.AddScatter(
            "Local minima of a function that is not convex", "x", "f",
            [Curve("x²/4 + sin 3x", static x => (x * x / 4) + Math.Sin(3 * x), -4, 4, points: 80), new("ends of descent", wavyEnds, [.. wavyEnds.Select(static x => (x * x / 4) + Math.Sin(3 * x))])]);
        report.AddContours("x² − y²: along y it bends down", static (x, y) => (x * x) - (y * y), (-1, 1), (-1, 1)).Save(tour.ReportPath(this));
    }

    private static ConvexityReport Check(Func<Tensor, Tensor> f, int n, double low, double high) =>
        Convexity.Check(f, Tensor.Full([n], low, DType.Float64), Tensor.Full([n], high, DType.Float64), chords: 300, hessians: n > 10 ? 3 : 30);

    private static Tensor Wavy(Tensor x) => ((x.Square() / 4) + (3 * x).Sin()).Sum();

    private static ReportSeries Curve(string name, Func<double, double> f, double low = -3, double high = 3, int points = 200)
    {
        double[] x = [.. Enumerable.Range(0, points + 1).Select(i => low + ((high - low) * i / points))];
        return new ReportSeries(name, x, [.. x.Select(f)]);
    }

    private static double Descend(Func<Tensor, Tensor> f, double start)
    {
        Tensor x = Tensor.From<double>([start]).WithGrad();
        Sgd optimizer = new([x], 0.05);
        for (int i = 0; i < 300; i++)
        {
            optimizer.ZeroGrad();
            f(x).Backward();
            optimizer.Step();
        }

        return x.Item();
    }
}
