using Engine;
using Engine.Nn;

namespace TourSample.Programs;

/// <summary>A network of two layers with the factor of each edge, a step of descent by hand, and a ResNet as a graph of modules.</summary>
internal sealed class BackPropagation : TourProgram
{
    public override string Name => "back-propagation";

    public override string Subject => "Back-propagation through a network 反向传播";

    public override void Run(Tour tour)
    {
        // x → 2 hidden units → 1 output, squared error.
        Tensor x = Tensor.From<float>([1, 2]).Reshape(1, 2).Named("x"), target = Tensor.From<float>([1]).Reshape(1, 1).Named("y");
        Tensor w1 = Weights("W1", [0.5f, 0.25f, -0.1f, 0.3f], 2, 2), b1 = Weights("b1", [0, 0.1f], 2);
        Tensor w2 = Weights("W2", [0.8f, -0.6f], 1, 2), b2 = Weights("b2", [0.2f], 1);
        Func<Tensor> loss = () =>
        {
            Tensor h = x.Linear(w1, b1).Named("z").Tanh().Named("h");
            return ((h.Linear(w2, b2).Named("o") - target).Named("e").Square() / 2).Sum().Named("J");
        };
        ComputationGraph graph = ComputationGraph.Record(loss);
        graph.Backward();
        tour.Print("forward: h = tanh(W1·x + b1), o = W2·h + b2, J = (o − y)²/2");
        foreach (string name in (string[])["z", "h", "o", "e", "J"])
        {
            tour.Print($"  {name,-2} = {Text(graph[name].Value)}");
        }

        tour.Print("backward, each from the one behind it:");
        foreach (string name in (string[])["e", "o", "h", "z", "W2", "b2", "W1", "b1"])
        {
            GraphEdge edge = graph.Edges.First(e => e.From == graph[name].Id);
            tour.Print($"  ∂J/∂{name,-2} = {Text(graph[name].Gradient),-44} factor ∂{graph.Nodes[edge.To].Display}/∂{name} = {Text(edge.Factor)}");
        }

        tour.Notice("The factor from o back to h is W2 itself, and from h to z it is 1 − h² of each unit: a saturated unit (h near ±1) lets nothing through.");
        tour.Notice("∂J/∂W1 is ∂J/∂z times x: the second column is twice the first, because x is (1, 2).");

        double before = graph.Result!.Item();
        using (GradMode.Off())
        {
            foreach (Tensor parameter in (Tensor[])[w1, b1, w2, b2])
            {
                parameter.SubInPlace(parameter.Grad! * 0.1);
            }
        }

        tour.Notice($"One step of 0.1 against these derivatives takes J from {before:0.####} to {loss().Item():0.####}.");

        // A deep network: one node for each block.
        ResNet model = tour.IsBrief ? new ResNet([4, 8], 1) : ResNet.ResNet18();
        Tensor images = Tensor.Randn([2, 3, 16, 16]).Named("images"), classes = Tensor.From<long>([3, 7]).Named("classes");
        ComputationGraph steps = ModelGraph.Of(model, () => Losses.CrossEntropy(model.Forward(images), classes));
        steps.Backward();
        ComputationGraph blocks = steps.Collapse(2);
        tour.Print($"ResNet: {steps.Nodes.Count} nodes, {blocks.Nodes.Count} when each block is one");
        foreach (GraphNode node in blocks.Nodes.Where(static node => node.Kind == GraphNodeKind.Group))
        {
            tour.Print($"  {node.Label,-9} {node.Operation,-16} {node.Shape,-16} ‖∂J/∂output‖ = {node.Gradient!.Square().Sum().Sqrt().Item():0.0000}   {node.Details}");
        }

        tour.Notice("The derivative does not fade on its way back from the last block to the first: the sum at the end of each block hands it on beside the convolutions.");
        new Report("Back-propagation 反向传播")
            .AddGraph("Two layers: values forward, derivatives backward", graph, "Point at a node for all of its numbers.")
            .AddGraph("ResNet, a node for each block", blocks)
            .AddGraph("The same with every step", steps, "Click a module to open it.")
            .AddBars("Norm of the derivative at the output of each block", [.. blocks.Nodes.Where(static n => n.Kind == GraphNodeKind.Group).Select(static n => new ReportBar(n.Label!, n.Gradient!.Square().Sum().Sqrt().Item()))])
            .Save(tour.ReportPath(this));
    }

    private static Tensor Weights(string name, float[] values, params int[] shape) => Tensor.From<float>(values).Reshape(shape).WithGrad().Named(name);

    private static string Text(Tensor? tensor) => tensor is null ? "-" : "[" + string.Join(", ", tensor.ToArray<double>().Select(static v => v.ToString("0.####", System.Globalization.CultureInfo.InvariantCulture))) + "]";
}
