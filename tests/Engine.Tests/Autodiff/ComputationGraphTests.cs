using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ComputationGraphTests(string deviceName) : DeviceFixture(deviceName)
{
    /// <summary>J = d²/2, d = a − y, a = c + b, c = w·x, the example of every course.</summary>
    [Test]
    public void Of_WorkedExample_ListsStepsAndDerivatives()
    {
        Tensor w = Leaf("w", 2), b = Leaf("b", 1), x = Tensor.Scalar(3, device: Device), y = Tensor.Scalar(4, device: Device);
        Tensor c = w * x;
        Tensor a = c + b;
        Tensor d = a - y;
        Tensor j = d.Square() / 2;
        ComputationGraph graph = ComputationGraph.Of(j, retainGradients: true);
        j.Backward();

        // d = 2·3 + 1 − 4 = 3: ∂J/∂d = 3, ∂J/∂a = 3, ∂J/∂c = 3, ∂J/∂w = 9, ∂J/∂b = 3.
        IReadOnlyList<GraphNode> nodes = graph.Nodes;
        Assert.That(nodes.Select(n => n.Operation), Is.EqualTo(new[] { "Leaf", "Leaf", "Mul", "Add", "Sub", "Square", "Div" }));
        Assert.That(nodes.Select(n => n.Gradient!.Item()), Is.EqualTo(new[] { 9.0, 3, 3, 3, 3, 0.5, 1 }));
        Assert.That(nodes.Take(2).Select(n => n.Label), Is.EqualTo(new[] { "w", "b" }));
        Assert.That(nodes[3].Inputs, Is.EqualTo(new[] { 2, 1 }));
        Assert.That(nodes[^1].Inputs, Is.EqualTo(new[] { 5 }));
        Assert.That(graph.ToString(), Does.Contain("#0 Leaf 'w' []  gradient 9\n").And.Contain("#3 Add [] ← #2, #1  gradient 3\n"));
    }

    [Test]
    public void Of_BeforeTheBackwardPass_HasNoGradients()
    {
        Tensor x = Leaf("x", 2);
        ComputationGraph graph = ComputationGraph.Of(x * x);
        Assert.That(graph.Nodes.Select(n => n.Gradient), Is.All.Null);
        Assert.That(graph.Nodes.Select(n => (n.Shape, n.DType)), Is.All.EqualTo((Shape.Scalar, DType.Float32)));
    }

    [Test]
    public void Of_WithoutRetaining_KeepsOnlyLeafGradients()
    {
        Tensor x = Leaf("x", 2);
        Tensor y = (x * x) + x;
        ComputationGraph graph = ComputationGraph.Of(y);
        y.Backward();
        Assert.That(graph.Nodes.Select(n => n.Gradient?.Item()), Is.EqualTo(new double?[] { 5, null, null }));
    }

    [Test]
    public void Of_SharedNode_IsListedOnce()
    {
        Tensor x = Leaf("x", 2);
        Tensor shared = x * x;
        Assert.That(ComputationGraph.Of(shared + shared).Nodes, Has.Count.EqualTo(3));
    }

    [Test]
    public void Of_NoGraph_Throws() => Assert.Throws<GradientException>(() => ComputationGraph.Of(Tensor.Scalar(1, device: Device)));

    private Tensor Leaf(string name, double value)
    {
        Tensor leaf = Tensor.Scalar(value, device: Device).WithGrad();
        leaf.Name = name;
        return leaf;
    }
}
