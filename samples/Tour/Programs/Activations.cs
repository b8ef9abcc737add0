using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Curves of activations, their slopes by back-propagation, and how much of the input lies where there is hardly any slope.</summary>
internal sealed class Activations : TourProgram
{
    public override string Name => "activations";

    public override string Subject => "Activations 激活函数: curves, slopes, saturation 饱和";

    public override void Run(Tour tour)
    {
        (string Name, Func<Tensor, Tensor> Function)[] functions =
        [
            ("sigmoid", static x => x.Sigmoid()), ("tanh", static x => x.Tanh()), ("ReLU", static x => x.Relu()),
            ("leaky ReLU", static x => x.LeakyRelu(0.1)), ("ELU", static x => x.Elu()), ("GELU", static x => x.Gelu()), ("SiLU", static x => x.Silu()),
        ];
        double[] points = [.. Enumerable.Range(-60, 121).Select(static i => i / 10.0)];
        List<ReportSeries> curves = [], slopes = [];
        List<IReadOnlyList<object?>> rows = [];
        tour.Print($"{"",-12}{"steepest",9}{"at −4",9}{"at 4",9}   flat for inputs of deviation 1, 3, 10");
        foreach ((string name, Func<Tensor, Tensor> function) in functions)
        {
            (double[] y, double[] slope) = Curve(function, points);
            curves.Add(new ReportSeries(name, points, y));
            slopes.Add(new ReportSeries(name, points, slope));
            double steepest = slope.Max();
            double[] flat = [.. ((double[])[1, 3, 10]).Select(deviation => FlatShare(function, deviation, steepest))];
            rows.Add([name, steepest, slope[20], slope[100], flat[0], flat[1], flat[2]]);
            tour.Print($"{name,-12}{steepest,9:F3}{slope[20],9:F4}{slope[100],9:F4}   {flat[0],4:P0} {flat[1],4:P0} {flat[2],4:P0}");
        }

        tour.Notice("The sigmoid's slope is 1/4 at most: ten of them one after another pass on less than a millionth of the gradient.");
        tour.Notice("Sigmoid and tanh saturate on both sides: with inputs of deviation 10 most values have no slope to learn by.");
        tour.Notice("ReLU is flat for half of all inputs whatever their size, and for the other half it passes the gradient on as it is; leaky ReLU is flat nowhere.");

        // Dead: a unit whose inputs are all on the flat side learns nothing any more.
        Sequential net = [new Linear(4, 8), new Relu(), new Linear(8, 1)];
        using (GradMode.Off())
        {
            Init.Constant(net.Parameters[1], -100);
        }

        using LayerMonitor monitor = new();
        monitor.BeginStep(net);
        net.Call(Tensor.Randn([32, 4])).Square().Mean().Backward();
        monitor.EndStep();
        string dead = monitor.Findings.First(static f => f.Problem == LayerProblem.DeadUnits).Message;
        tour.Print(dead);
        tour.Notice("A bias of −100 kills every ReLU of the layer: no gradient gets through, so that no step ever brings it back.");

        new Report(Subject)
            .AddLines("Curves", "x", curves, "y")
            .AddLines("Slopes", "x", slopes, "dy/dx", caption: "By back-propagation. The sigmoid never exceeds 1/4, tanh reaches 1 at 0 only, ReLU is 1 on the whole right side.")
            .AddTable("Slopes and flat shares", ["activation", "steepest", "at −4", "at 4", "flat, deviation 1", "flat, deviation 3", "flat, deviation 10"], rows, caption: "Flat: a slope of less than 6 % of the steepest.")
            .AddText(dead)
            .Save(tour.ReportPath(this));
    }

    private static (double[] Y, double[] Slope) Curve(Func<Tensor, Tensor> function, double[] points)
    {
        Tensor x = Tensor.From<double>(points).To(DType.Float32).WithGrad();
        Tensor y = function(x);
        y.Sum().Backward();
        return (y.Detach().ToArray<double>(), x.Grad!.ToArray<double>());
    }

    private static double FlatShare(Func<Tensor, Tensor> function, double deviation, double steepest)
    {
        Tensor x = Tensor.Randn([10_000], std: deviation, generator: new Generator(1)).WithGrad();
        function(x).Sum().Backward();
        return x.Grad!.Abs().ToArray<float>().Average(slope => slope < 0.06 * steepest ? 1.0 : 0);
    }
}
