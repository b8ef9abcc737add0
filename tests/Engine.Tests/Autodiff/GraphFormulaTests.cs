using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>Formulas that run as one step, shown in single steps: values and derivatives against the same steps taken one by one.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class GraphFormulaTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void FusedMap_IsUnfolded_WithTheNumbersOfSingleSteps()
    {
        FusedMap fused = Fuse.Map(static (x, y) => Expr.Square(Expr.Tanh(x) - y) * 0.5);
        Tensor x = Leaf("x", 0.5, -1), y = Leaf("y", 0.25, 2);
        ComputationGraph graph = ComputationGraph.Record(() => fused.Apply(x, y).Named("z").Sum());
        graph.Backward();

        Tensor x2 = Leaf("x", 0.5, -1), y2 = Leaf("y", 0.25, 2);
        Tensor tanh = x2.Tanh().RetainGrad(), difference = (tanh - y2).RetainGrad(), square = difference.Square().RetainGrad(), z = (square * 0.5).RetainGrad();
        z.Sum().Backward();

        GraphNode[] steps = [.. graph.Nodes.Where(static n => n.Kind == GraphNodeKind.Operation)];
        Assert.That(steps.Select(static n => n.Operation), Is.EqualTo(new[] { "Tanh", "Sub", "Mul", "Mul", "Sum" }));
        Tensor[] expected = [tanh, difference, square, z];
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(steps[i].Value!.ToArray<double>(), Is.EqualTo(expected[i].ToArray<double>()).Within(1e-6), $"value of {steps[i].Operation}");
            Assert.That(steps[i].Gradient!.ToArray<double>(), Is.EqualTo(expected[i].Grad!.ToArray<double>()).Within(1e-6), $"derivative of {steps[i].Operation}");
        }

        Assert.That(graph["x"].Gradient!.ToArray<double>(), Is.EqualTo(x2.Grad!.ToArray<double>()).Within(1e-6));
        Assert.That(graph["y"].Gradient!.ToArray<double>(), Is.EqualTo(y2.Grad!.ToArray<double>()).Within(1e-6));
        Assert.That(graph["z"].Group!.Kind, Is.EqualTo("Fused"));
        Assert.That(graph.Nodes.Single(static n => n.Kind == GraphNodeKind.Constant).Value!.Item(), Is.EqualTo(0.5));

        // The factor of tanh's edge is 1 − tanh².
        GraphEdge edge = graph.Edges.First(e => e.To == steps[0].Id);
        Assert.That(edge.Factor!.ToArray<double>(), Is.EqualTo(tanh.ToArray<double>().Select(static t => 1 - (t * t))).Within(1e-6));
    }

    [Test]
    public void NamedOperation_IsOneNode_UntilItIsUnfolded()
    {
        Tensor x = Leaf("x", 0.5, -1, 3);
        ComputationGraph graph = ComputationGraph.Record(() => x.Silu().Sum());
        graph.Backward();
        Assert.That(graph.Nodes.Select(static n => n.Operation), Is.EqualTo(new[] { "Parameter", "Silu", "Sum" }));
        GraphEdge edge = graph.Edges[0];
        Assert.That(edge.Factor!.ToArray<double>(), Is.EqualTo(edge.Gradient!.ToArray<double>()).Within(1e-6));

        ComputationGraph unfolded = graph.Unfold();
        Assert.That(unfolded.Nodes, Has.Count.GreaterThan(3));
        Assert.That(unfolded["x"].Gradient!.ToArray<double>(), Is.EqualTo(x.Grad!.ToArray<double>()).Within(1e-6));
        ComputationGraph folded = unfolded.Collapse(static group => group.Kind == "Silu");
        Assert.That(folded.Nodes.Select(static n => n.Kind), Is.EqualTo(new[] { GraphNodeKind.Parameter, GraphNodeKind.Group, GraphNodeKind.Operation }));
        Assert.That(folded.Nodes[1].Gradient!.ToArray<double>(), Is.EqualTo(new double[] { 1, 1, 1 }));
    }

    [Test]
    public void Constants_StandOnTheirSide()
    {
        Tensor x = Leaf("x", 8);
        Assert.That(Last(() => x - 2), Is.EqualTo("J [1] = x - 2 = 8 - 2 = 6"));
        Assert.That(Last(() => 2 - x), Is.EqualTo("J [1] = 2 - x = 2 - 8 = -6"));
        Assert.That(Last(() => 2 / x), Is.EqualTo("J [1] = 2 / x = 2 / 8 = 0.25"));
        Assert.That(Last(() => x * -2), Is.EqualTo("J [1] = x · -2 = 8 · (-2) = -16"));
        static string Last(Func<Tensor> compute) => ComputationGraph.Record(compute).ForwardSteps.Last().Text;
    }

    [Test]
    public void BroadcastOperand_KeepsItsOwnShape()
    {
        Tensor x = Leaf("x", 1, 2, 3), s = Tensor.Scalar(2, device: Device).Named("s");
        ComputationGraph graph = ComputationGraph.Record(() => x * s);
        graph.Backward(Tensor.Ones([3], device: Device));
        Assert.That(graph["s"].Shape, Is.EqualTo(Shape.Scalar));
        Assert.That(graph.Edges[0].Factor!.ToArray<float>(), Is.EqualTo(new float[] { 2, 2, 2 }));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(9)]
    public void Unfold_AnySize_HasTheGradientOfThePass(int size)
    {
        Tensor x = Tensor.From<float>([.. Enumerable.Range(0, size).Select(static i => (i - 4) / 3f)], Device).WithGrad().Named("x");
        FusedMap fused = Fuse.Map(static v => Expr.Where(v > 0, v * Expr.Exp(v), Expr.Sigmoid(v) + 1));
        ComputationGraph graph = ComputationGraph.Record(() => fused.Apply(x).Sum());
        graph.Backward();
        Assert.That(graph["x"].Gradient!.ToArray<float>(), Is.EqualTo(x.Grad!.ToArray<float>()).Within(1e-6f));
        Assert.That(graph.ToString(), Does.Contain("Where").And.Contain("Sigmoid"));
    }

    private Tensor Leaf(string name, params double[] values) => Tensor.From<float>([.. values.Select(static v => (float)v)], Device).WithGrad().Named(name);
}
