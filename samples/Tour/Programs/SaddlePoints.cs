using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Where the slope is 0: minima, maxima, saddles and flats told apart by the Hessian's eigenvalues; how descent gets stuck at a saddle, and momentum away.</summary>
internal sealed class SaddlePoints : TourProgram
{
    public override string Name => "saddle-points";

    public override string Subject => "Saddle points and vanishing slopes 鞍点与梯度消失";

    public override void Run(Tour tour)
    {
        (string Text, Func<Tensor, Tensor> F, double[] At)[] points =
        [
            ("x² + y²", static p => p[0].Square() + p[1].Square(), [0, 0]),
            ("−x² − y²", static p => -p[0].Square() - p[1].Square(), [0, 0]),
            ("x² − y²", static p => p[0].Square() - p[1].Square(), [0, 0]),
            ("x⁴ + y⁴", static p => p[0].Pow(4) + p[1].Pow(4), [0, 0]),
            ("x³ − 3·x·y² (monkey saddle)", static p => p[0].Pow(3) - (3 * p[0] * p[1].Square()), [0, 0]),
            ("Himmelblau", Himmelblau, [3, 2]), ("Himmelblau", Himmelblau, [-0.270845, -0.923039]), ("Himmelblau", Himmelblau, [3.385154, 0.073852]), ("Himmelblau", Himmelblau, [1, 1]),
        ];
        List<object?[]> rows = [];
        foreach ((string text, Func<Tensor, Tensor> f, double[] at) in points)
        {
            // Published to six digits, so that the slope there is not exactly 0.
            CriticalPoint point = CriticalPoint.Classify(f, Tensor.From<double>(at), gradientTolerance: 1e-3);
            rows.Add([text, $"({at[0]:g6}, {at[1]:g6})", point.Kind.ToString(), point.GradientNorm, point.Curvatures[0], point.Curvatures[1]]);
            tour.Print($"{text,-28} {point}");
        }

        tour.Notice("Curvatures of both signs: a saddle. All 0: flat, where second derivatives do not decide (x⁴ + y⁴ has a minimum there, the monkey saddle has none).");

        // Down to the saddle of x² − y² + y⁴/4 from beside its ridge; the minima are at y = ±√2, f = −1.
        int steps = tour.Steps(300, 60);
        Way plain = Descend(new Sgd([Start()], 0.05), steps), momentum = Descend(new Sgd([Start()], 0.05, momentum: 0.9), steps), ridge = Descend(new Sgd([Start(0)], 0.05, momentum: 0.9), steps);
        tour.Print($"steps until f < −0.99 from 0.0001 beside the ridge: plain descent {Escape(plain)}, momentum {Escape(momentum)}, exactly on the ridge {Escape(ridge)}");
        tour.Print($"smallest slope before that: plain {Least(plain):g3}, momentum {Least(momentum):g3}, on the ridge {Least(ridge):g3}");
        tour.Notice(tour.IsBrief
            ? "In a few steps only momentum gets away; the full run shows how long plain descent stays."
            : "Near the saddle the slope falls to a hundredth of what it was and plain descent crawls; momentum adds small steps up and leaves in less than half of them. On the ridge itself nothing points down the side.");

        new Report("Saddle points 鞍点")
            .AddTable("What the Hessian says", ["function", "point", "kind", "|∇f|", "least curvature", "most"], rows)
            .AddContours("x² − y² + y⁴/4: over the saddle at (0, 0) into a minimum", static (x, y) => (x * x) - (y * y) + (y * y * y * y / 4), (-1.6, 1.6), (-2, 2), [plain.Path("plain descent"), momentum.Path("momentum 0.9"), ridge.Path("on the ridge")])
            .AddLines("The slope vanishes near the saddle", "step", [First("plain descent", plain.Slopes), First("momentum 0.9", momentum.Slopes), First("on the ridge", ridge.Slopes)], yAxis: "|∇f|", logY: true)
            .AddLines("Value", "step", [First("plain descent", plain.Values), First("momentum 0.9", momentum.Values), First("on the ridge", ridge.Values)], yAxis: "f")
            .Save(tour.ReportPath(this));

        // Up to where all that leave have left.
        static ReportSeries First(string name, List<double> values) => new(name, [.. values.Take(121)]);
        static int Leaves(Way way) => way.Values.FindIndex(static f => f < -0.99);
        static string Escape(Way way) => Leaves(way) is >= 0 and int step ? $"{step}" : $"not in {way.Values.Count - 1}";
        static double Least(Way way) => way.Slopes.Take(Leaves(way) is >= 0 and int step ? step : way.Slopes.Count).Min();
    }

    private static Tensor Himmelblau(Tensor p) => (p[0].Square() + p[1] - 11).Square() + (p[0] + p[1].Square() - 7).Square();

    private static Tensor Start(double y = 1e-4) => Tensor.From<double>([1.5, y]).WithGrad();

    private static Way Descend(Sgd optimizer, int steps)
    {
        Tensor p = optimizer.Parameters.Single();
        Way way = new();
        for (int i = 0; i <= steps; i++)
        {
            optimizer.ZeroGrad();
            Tensor f = p[0].Square() - p[1].Square() + (p[1].Pow(4) / 4);
            f.Backward();
            way.Add(p.ToArray<double>(), f.Item(), p.Grad!.Norm().Item());
            optimizer.Step();
        }

        return way;
    }

    private sealed class Way
    {
        private readonly List<double> _x = [];
        private readonly List<double> _y = [];

        public List<double> Values { get; } = [];

        public List<double> Slopes { get; } = [];

        public void Add(double[] point, double value, double slope)
        {
            _x.Add(point[0]);
            _y.Add(point[1]);
            Values.Add(value);
            Slopes.Add(slope);
        }

        public ReportSeries Path(string name) => new(name, _x, _y);
    }
}
