using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ComputationGraphTests(string deviceName) : DeviceFixture(deviceName)
{
    /// <summary>J = d²/2, d = a − y, a = c + b, c = w·x, the example of every course, without a recording: steps, shapes and derivatives.</summary>
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
        Assert.That(nodes.Select(n => n.Operation), Is.EqualTo(new[] { "Parameter", "Mul", "Parameter", "Add", "Sub", "Square", "Div" }));
        Assert.That(nodes.Select(n => n.Gradient!.Item()), Is.EqualTo(new[] { 9.0, 3, 3, 3, 3, 0.5, 1 }));
        Assert.That(nodes.Where(n => n.Kind == GraphNodeKind.Parameter).Select(n => n.Label), Is.EqualTo(new[] { "w", "b" }));
        Assert.That(nodes[3].Inputs, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(nodes[^1].Inputs, Is.EqualTo(new[] { 5 }));
        Assert.That(graph.ToString(), Does.Contain("#0 w = Parameter = 2   ∂J/∂w = 9\n").And.Contain("#3 Add(#1, b)   ∂J/∂#3 = 3\n"));
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

    [Test]
    public void Record_GraphOfUnrecordedPart_KnowsItsValue()
    {
        Tensor w = Leaf("w", 2);
        Tensor before = w * w;
        ComputationGraph graph = ComputationGraph.Record(() => before + 1);
        Assert.That(graph.Nodes.Select(n => (n.Operation, n.Value?.Item())), Is.EqualTo(new (string, double?)[] { ("Parameter", 2), ("Mul", 4), ("Constant", 1), ("Add", 5) }));
    }

    [Test]
    public void Record_ParameterChangesLater_ShowsTheValueThatWasRead()
    {
        Tensor w = Leaf("w", 2);
        ComputationGraph graph = ComputationGraph.Record(() => w * 5);
        using (GradMode.Off())
        {
            w.MulInPlace(10);
        }

        Assert.That(graph["w"].Value!.Item(), Is.EqualTo(2));
        graph.Backward();
        Assert.That(graph.Edges[0].Factor!.Item(), Is.EqualTo(5));
    }

    [Test]
    public void Record_NothingIsRecordedOutside()
    {
        Tensor w = Leaf("w", 2);
        using (ComputationGraph.Recording recording = ComputationGraph.Record())
        {
            _ = w * 2;
        }

        Assert.That((w * 3).Node!.Trace, Is.Null);
        Assert.That(GraphRecorder.Current, Is.Null);
    }

    [Test]
    public void Record_BadArguments_Throw()
    {
        Assert.Throws<ArgumentNullException>(() => ComputationGraph.Record(null!));
        Assert.Throws<ArgumentException>(() => ComputationGraph.Record(() => null!));
        Assert.Throws<GradientException>(() => ComputationGraph.Record(() => Tensor.Scalar(1, device: Device)));
        Assert.Throws<InvalidOperationException>(() => ComputationGraph.Of(Leaf("w", 1) * 2).Backward());
        ComputationGraph graph = ComputationGraph.Record(() => Leaf("w", 1) * 2);
        Assert.Throws<KeyNotFoundException>(() => _ = graph["v"]);
        Assert.Throws<ArgumentOutOfRangeException>(() => graph.Collapse(0));
        Assert.That(GraphRecorder.Current, Is.Null, "a failing computation must not leave the recorder on");
    }

    private Tensor Leaf(string name, double value)
    {
        Tensor leaf = Tensor.Scalar(value, device: Device).WithGrad();
        leaf.Name = name;
        return leaf;
    }
}
