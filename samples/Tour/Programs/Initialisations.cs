using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Ten tanh and ten ReLU layers from different start values: what becomes of the activations on the way.</summary>
internal sealed class Initialisations : TourProgram
{
    private const int Layers = 10;
    private const int Width = 100;

    public override string Name => "initialisation";

    public override string Subject => "Initialisation 权值初始化: histograms of ten layers";

    public override void Run(Tour tour)
    {
        Report report = new(Subject);
        (string Name, Func<Layer> Activation, Action<Tensor> Fill)[] starts =
        [
            ("all equal (0.01), tanh", static () => new Tanh(), static w => Init.Constant(w, 0.01)),
            ("small normal (0.01), tanh", static () => new Tanh(), static w => Init.Normal(w, 0, 0.01)),
            ("large normal (1), tanh", static () => new Tanh(), static w => Init.Normal(w, 0, 1)),
            ("Xavier, tanh", static () => new Tanh(), static w => Init.XavierNormal(w)),
            ("Xavier, ReLU", static () => new Relu(), static w => Init.XavierNormal(w)),
            ("He, ReLU", static () => new Relu(), static w => Init.KaimingNormal(w)),
        ];
        List<ReportSeries> deviations = [], gradients = [];
        tour.Print($"{"deviation of the activations in layer",-40}{"1",10}{"4",10}{"7",10}{"10",10}");
        foreach ((string name, Func<Layer> activation, Action<Tensor> fill) in starts)
        {
            Sequential net = Net(activation, fill);
            using LayerMonitor monitor = new();
            monitor.BeginStep(net);
            Tensor y = net.Call(Tensor.Randn([256, Width], generator: new Generator(1)));
            (y * Tensor.Randn(y.Shape, generator: new Generator(2))).Sum().Backward();
            monitor.EndStep();
            LayerFigures[] layers = [.. monitor.Observations[0].Layers.Where(static layer => layer.Kind is "Tanh" or "Relu")];
            double[] deviation = [.. layers.Select(static layer => layer.Activation.Deviation)];
            tour.Print($"{name,-40}{deviation[0],10:g2}{deviation[3],10:g2}{deviation[6],10:g2}{deviation[9],10:g2}");
            foreach (LayerFinding finding in monitor.Findings.DistinctBy(static f => f.Problem))
            {
                tour.Print($"    {finding.Message}");
            }

            deviations.Add(new ReportSeries(name, deviation));
            gradients.Add(new ReportSeries(name, [.. layers.Select(static layer => layer.Gradient!.Norm)]));
            report.AddHistograms(name, [.. layers.Select(static (layer, i) => new ReportSample($"layer {i + 1}", [.. layer.Activation.Sample.Select(static v => (double)v)]))]);
        }

        tour.Notice("Small numbers shrink to 0 with depth; large ones push tanh to −1 and 1, where it is flat; Xavier keeps a spread for tanh, which falls slowly.");
        tour.Notice("Behind ReLUs Xavier loses a factor √2 a layer; He's √(2/n) makes up for the half that a ReLU cuts off.");

        // Equal weights: what one unit learns, all of them learn.
        Sequential copies = Net(static () => new Tanh(), static w => Init.Constant(w, 0.01));
        Adam optimizer = new(copies.Parameters, 1e-2);
        for (int step = 0; step < tour.Steps(20); step++)
        {
            optimizer.ZeroGrad();
            copies.Call(Tensor.Randn([64, Width])).Square().Mean().Backward();
            optimizer.Step();
        }

        Tensor weight = copies.Parameters[0].Detach();
        double between = (weight - weight.Narrow(0, 0, 1)).Abs().Max().Item(), moved = (weight - 0.01).Abs().Max().Item();
        tour.Print($"equal start: after {tour.Steps(20)} steps weights have moved by up to {moved:g2}, units differ by up to {between:g2}");
        tour.Notice("Units that start equal get equal gradients and stay copies of each other: a hundred of them are worth one.");
        report.AddLines("Deviation of the activations", "layer", deviations, logY: true)
            .AddLines("Norm of the gradient", "layer", gradients, logY: true)
            .Save(tour.ReportPath(this));
    }

    private static Sequential Net(Func<Layer> activation, Action<Tensor> fill)
    {
        Sequential net = [];
        for (int i = 0; i < Layers; i++)
        {
            Linear layer = new(Width, Width);
            fill(layer.Weight);
            Init.Zeros(layer.Bias!);
            net.Add(layer);
            net.Add(activation());
        }

        return net;
    }
}
