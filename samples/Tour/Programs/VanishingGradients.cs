using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>The gradient on its way through deep networks: it vanishes, it explodes, it stays; and what clipping does.</summary>
internal sealed class VanishingGradients : TourProgram
{
    private const int Width = 32;

    public override string Name => "vanishing-gradients";

    public override string Subject => "Vanishing gradients 梯度消失, exploding gradients 梯度爆炸 and clipping 裁剪";

    public override void Run(Tour tour)
    {
        Report report = new(Subject);
        List<ReportSeries> norms = [];
        (string Name, Func<Layer> Activation, double Deviation)[] nets =
        [
            ("sigmoid, Xavier", static () => new Sigmoid(), Math.Sqrt(1.0 / Width)),
            ("tanh, Xavier", static () => new Tanh(), Math.Sqrt(1.0 / Width)),
            ("ReLU, He", static () => new Relu(), Math.Sqrt(2.0 / Width)),
            ("ReLU, deviation 5", static () => new Relu(), 5),
        ];
        foreach ((string name, Func<Layer> activation, double deviation) in nets)
        {
            Sequential net = Net(activation, deviation, new Generator(4));
            using LayerMonitor monitor = new();
            monitor.BeginStep(net);
            Tensor y = net.Call(Tensor.Randn([64, Width], generator: new Generator(1)));
            (y * Tensor.Randn(y.Shape, generator: new Generator(2))).Mean().Backward();
            monitor.EndStep();
            double[] norm = [.. monitor.Observations[0].Layers.Where(static layer => layer.Kind == "Linear").Select(static layer => layer.Gradient!.Norm)];
            norms.Add(new ReportSeries(name, [.. Enumerable.Range(1, norm.Length).Select(static i => (double)i)], norm));
            tour.Print($"{name,-18} gradient at layer 10: {norm[9]:g2}, at layer 1: {norm[0]:g2}, a factor of {Math.Pow(norm[0] / norm[9], 1.0 / 9):g2} a layer");
            foreach (LayerFinding finding in monitor.Findings.Where(static f => f.Problem is LayerProblem.VanishingGradient or LayerProblem.ExplodingGradient))
            {
                tour.Print($"    {finding.Message}");
                report.AddText($"{name}: {finding.Message}");
            }
        }

        tour.Notice("Each sigmoid multiplies the gradient by 1/4 at most: products of small factors vanish. Large weights: products of large factors explode.");
        report.AddLines("Norm of the gradient by layer (the loss is behind layer 10)", "layer", norms, logY: true);

        // Weights half as large again as He's: the step that the gradient asks for throws the network away.
        List<ReportSeries> losses = [];
        foreach (double? limit in (double?[])[null, 1])
        {
            (List<double> path, double share) = Train(limit, tour.Steps(300, 20));
            string name = limit is null ? "without clipping" : "clipped to norm 1";
            losses.Add(new ReportSeries(name, path));
            tour.Print($"ten layers, {name}: loss {path[0]:g3} → {path[^1]:g3}{(limit is null ? string.Empty : $", {share:P0} of the steps clipped")}");
        }

        tour.Notice("Without clipping the first steps throw the weights away; with it their length is bounded and the loss falls.");
        report.AddLines("Loss of ten ReLU layers with too large weights", "step", losses, logY: true)
            .Save(tour.ReportPath(this));
    }

    private static (List<double> Losses, double ClippedShare) Train(double? limit, int steps)
    {
        Generator generator = new(3);
        Sequential net = Net(static () => new Relu(), 1.5 * Math.Sqrt(2.0 / Width), generator);
        Sgd optimizer = new(net.Parameters, 0.1);
        ClippedSteps clipped = new();
        List<double> losses = [];
        for (int step = 0; step < steps; step++)
        {
            using TensorScope scope = TensorScope.Begin();
            Tensor x = Tensor.Randn([64, Width], generator: generator);
            optimizer.ZeroGrad();
            Tensor loss = (net.Call(x) - x.Relu()).Square().Mean();
            losses.Add(loss.Detach().Item());
            loss.Backward();
            if (limit is { } norm)
            {
                clipped.Add(net.Parameters.ClipGradNorm(norm), norm);
            }

            optimizer.Step();
        }

        return (losses, clipped.Share);
    }

    private static Sequential Net(Func<Layer> activation, double deviation, Generator generator)
    {
        Sequential net = [];
        for (int i = 0; i < 10; i++)
        {
            Linear layer = new(Width, Width);
            Init.Normal(layer.Weight, 0, deviation, generator);
            Init.Zeros(layer.Bias!);
            net.Add(layer);
            net.Add(activation());
        }

        return net;
    }
}
