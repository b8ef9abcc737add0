using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>The course's example, every number of it worked by hand in docs/computation-graph.md.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class GraphStepsTests(string deviceName) : DeviceFixture(deviceName)
{
    private ComputationGraph WorkedExample()
    {
        Tensor w = Leaf("w", 2), b = Leaf("b", 1), x = Tensor.Scalar(3, device: Device).Named("x"), y = Tensor.Scalar(4, device: Device).Named("y");
        return ComputationGraph.Record(() =>
        {
            Tensor c = (w * x).Named("c");
            Tensor a = (c + b).Named("a");
            Tensor d = (a - y).Named("d");
            return (d.Square() / 2).Named("J");
        });
    }

    [Test]
    public void WorkedExample_ForwardThenBackward_OneStepAfterTheOther()
    {
        ComputationGraph graph = WorkedExample();
        Assert.That(graph.BackwardSteps, Is.Empty);
        graph.Backward();
        Assert.That(graph.Steps.Select(static step => step.Text), Is.EqualTo(new[]
        {
            "w = 2   parameter",
            "x = 3   input",
            "c = w · x = 2 · 3 = 6",
            "b = 1   parameter",
            "a = c + b = 6 + 1 = 7",
            "y = 4   input",
            "d = a - y = 7 - 4 = 3",
            "#7 = d² = 3² = 9",
            "2   constant",
            "J = #7 / 2 = 9 / 2 = 4.5",
            "∂J/∂J = 1",
            "∂J/∂#7 = ∂J/∂J · ∂J/∂#7 = 1 · 0.5 = 0.5",
            "∂J/∂d = ∂J/∂#7 · ∂#7/∂d = 0.5 · 6 = 3",
            "∂J/∂a = ∂J/∂d · ∂d/∂a = 3 · 1 = 3",
            "∂J/∂b = ∂J/∂a · ∂a/∂b = 3 · 1 = 3",
            "∂J/∂c = ∂J/∂a · ∂a/∂c = 3 · 1 = 3",
            "∂J/∂w = ∂J/∂c · ∂c/∂w = 3 · 3 = 9",
        }));
    }

    [Test]
    public void WorkedExample_EachEdge_HasItsFactorAndWhatCameBack()
    {
        ComputationGraph graph = WorkedExample();
        graph.Backward();
        Dictionary<(string, string), (double?, double?)> edges = graph.Edges.ToDictionary(
            edge => (graph.Nodes[edge.From].Display, graph.Nodes[edge.To].Display), static edge => (edge.Factor?.Item(), edge.Gradient?.Item()));
        Assert.That(edges, Is.EquivalentTo(new Dictionary<(string, string), (double?, double?)>
        {
            [("w", "c")] = (3, 9),
            [("x", "c")] = (null, null),
            [("c", "a")] = (1, 3),
            [("b", "a")] = (1, 3),
            [("a", "d")] = (1, 3),
            [("y", "d")] = (null, null),
            [("d", "#7")] = (6, 3),
            [("#7", "J")] = (0.5, 0.5),
            [("2", "J")] = (null, null),
        }));
    }

    [Test]
    public void SharedValue_DerivativeIsTheSumOverItsEdges()
    {
        // J = x² · 3 + x: ∂J/∂x = 6x + 1 = 13 at x = 2.
        Tensor x = Leaf("x", 2);
        ComputationGraph graph = ComputationGraph.Record(() => (x * x * 3) + x);
        graph.Backward();
        Assert.That(graph["x"].Gradient!.Item(), Is.EqualTo(13));
        Assert.That(graph.Edges.Where(e => graph.Nodes[e.From].Label == "x").Select(e => (e.Factor!.Item(), e.Gradient!.Item())), Is.EqualTo(new (double, double)[] { (2, 6), (2, 6), (1, 1) }));
        Assert.That(graph.BackwardSteps.Last().Text, Does.EndWith("= 3 · 2 + 3 · 2 + 1 · 1 = 13"));
    }

    [Test]
    public void SecondPass_ShowsThatPassAlone()
    {
        Tensor w = Leaf("w", 2);
        ComputationGraph graph = ComputationGraph.Record(() => w * 5);
        graph.Result!.Backward(retainGraph: true);
        graph.Result!.Backward(Tensor.Scalar(2, device: Device));
        Assert.That((graph["w"].Gradient!.Item(), w.Grad!.Item()), Is.EqualTo((10.0, 15.0)));
    }

    [Test]
    public void LinearStep_FactorIsTheJacobian()
    {
        Tensor x = Tensor.From<float>([1, 2, 3], Device).Reshape([1, 3]).WithGrad(), w = Tensor.From<float>([1, 2, 3, 4, 5, 6], Device).Reshape([2, 3]).WithGrad();
        Tensor b = Tensor.From<float>([10, 20], Device).WithGrad();
        ComputationGraph graph = ComputationGraph.Record(() => x.Linear(w, b).Sum());
        graph.Backward();
        GraphNode linear = graph.Nodes.Single(static n => n.Operation == "Linear");
        GraphEdge[] edges = [.. graph.Edges.Where(e => e.To == linear.Id)];

        // z = x·wᵀ + b: ∂z/∂x = w; ∂zᵢ/∂wⱼₖ = xₖ where i = j; ∂z/∂b = 1.
        Assert.That(edges[0].Factor!.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That(edges[1].Factor!.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3, 0, 0, 0, 0, 0, 0, 1, 2, 3 }));
        Assert.That(edges[2].Factor!.ToArray<float>(), Is.EqualTo(new float[] { 1, 0, 0, 1 }));
        Assert.That(edges[0].Gradient!.ToArray<float>(), Is.EqualTo(new float[] { 5, 7, 9 }));
        Assert.That(edges.Select(static e => e.Factor!.Shape.ToString()), Is.EqualTo(new[] { "[2, 3]", "[2, 6]", "[2, 2]" }));
    }

    [Test]
    public void CrossEntropy_ShowsItsTargetAsInput()
    {
        Tensor z = Tensor.From<float>([1, 2, 3, 4, 5, 6], Device).Reshape([2, 3]).WithGrad(), target = Tensor.From<long>([2, 0], Device).Named("target");
        ComputationGraph graph = ComputationGraph.Record(() => z.CrossEntropy(target));
        Assert.That(graph["target"].Kind, Is.EqualTo(GraphNodeKind.Input));
        Assert.That(graph["target"].Value!.ToArray<long>(), Is.EqualTo(new long[] { 2, 0 }));
    }

    [Test]
    public void HandWrittenFunction_IsCalledOnceBackward()
    {
        Tensor x = Leaf("x", 3);
        Counting function = new();
        ComputationGraph graph = ComputationGraph.Record(() => function.Apply(x));
        graph.Backward();
        Assert.That((function.Calls, graph["x"].Gradient!.Item(), graph.Edges[0].Factor), Is.EqualTo((1, 2.0, (Tensor?)null)));
    }

    [Test]
    public void SecondDerivative_IsAGraphToo()
    {
        // y = x³; dy/dx = 3x² = 12, d²y/dx² = 6x = 12 at 2.
        Tensor x = Leaf("x", 2);
        ComputationGraph graph = ComputationGraph.Record(() => Autograd.Grad(x * x * x, x, createGraph: true));
        graph.Backward();
        Assert.That((graph.Result!.Item(), graph["x"].Gradient!.Item()), Is.EqualTo((12.0, 12.0)));
    }

    private sealed class Counting : CustomFunction
    {
        public int Calls { get; private set; }

        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs) => inputs[0] * 2;

        protected override Tensor?[] Backward(Tensor dy)
        {
            Calls++;
            return [dy * 2];
        }
    }

    private Tensor Leaf(string name, double value) => Tensor.Scalar(value, device: Device).WithGrad().Named(name);
}
