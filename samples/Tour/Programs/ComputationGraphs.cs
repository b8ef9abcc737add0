using Engine;
using Engine.Nn;

namespace TourSample.Programs;

/// <summary>J = d²/2, d = a − y, a = c + b, c = w·x: values forward, derivatives backward, one step after the other.</summary>
internal sealed class ComputationGraphs : TourProgram
{
    public override string Name => "computation-graph";

    public override string Subject => "The computation graph 计算图";

    public override void Run(Tour tour)
    {
        Tensor w = Tensor.Scalar(2).WithGrad().Named("w"), b = Tensor.Scalar(1).WithGrad().Named("b");
        Tensor x = Tensor.Scalar(3).Named("x"), y = Tensor.Scalar(4).Named("y");
        ComputationGraph graph = ComputationGraph.Record(() =>
        {
            Tensor c = (w * x).Named("c");
            Tensor a = (c + b).Named("a");
            Tensor d = (a - y).Named("d");
            return (d.Square() / 2).Named("J");
        });

        tour.Print("forward 前向传播, left to right:");
        foreach (GraphStep step in graph.ForwardSteps)
        {
            tour.Print("  " + step);
        }

        graph.Backward();
        tour.Print("backward 反向传播, right to left:");
        foreach (GraphStep step in graph.BackwardSteps)
        {
            tour.Print("  " + step);
        }

        tour.Notice($"∂J/∂d = d = {graph["d"].Gradient!.Item():0.###}: the square and the half together. It passes both sums unchanged, to a, b and c.");
        tour.Notice($"∂J/∂w = ∂J/∂c · x = {graph["c"].Gradient!.Item():0.###} · {x.Item():0.###} = {graph["w"].Gradient!.Item():0.###}: a product hands each factor the other one.");

        // The same derivative by moving w a little.
        double h = 1e-3, moved = Math.Pow(((2 + h) * 3) + 1 - 4, 2) / 2;
        tour.Notice($"Check: J grows by {moved - 4.5:0.#######} when w grows by {h}, {(moved - 4.5) / h:0.####} times as much.");

        // One formula, which the engine computes in one pass; the picture shows its steps.
        FusedMap swish = Fuse.Map(static v => v * Expr.Sigmoid(v));
        Tensor z = Tensor.Scalar(1).WithGrad().Named("z");
        ComputationGraph fused = ComputationGraph.Record(() => swish.Apply(z).Named("s"));
        fused.Backward();
        tour.Print("s = z · sigmoid(z), where z is used twice:");
        tour.Print("  " + fused.BackwardSteps.Last());
        tour.Notice("Where a value goes two ways, two derivatives come back, and they are added.");

        new Report("The computation graph 计算图")
            .AddText("Blue: parameters; gray: data. The buttons go through it: values forward, then on each edge its factor and the derivative that came back.")
            .AddGraph("J = d²/2, d = a − y, a = c + b, c = w·x", graph)
            .AddTable("Steps", ["step", "direction"], [.. graph.Steps.Select(static s => (IReadOnlyList<object?>)[s.Text, s.IsBackward ? "backward" : "forward"])])
            .AddGraph("A value that goes two ways: s = z · sigmoid(z)", fused)
            .Save(tour.ReportPath(this));
    }
}
