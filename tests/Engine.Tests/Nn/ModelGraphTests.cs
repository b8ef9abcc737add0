using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn;

internal sealed partial class ModelGraphTests
{
    /// <summary>
    /// By rule: a convolution and a normalisation in the stem; conv, norm, conv, norm and the sum in each of 8 blocks; conv and norm in each of 3
    /// shortcuts; mean and linear at the end. 20 convolutions, 20 normalisations with two parameters each, one linear layer with two. An image
    /// is normalised as [N, C, H·W], which is a step before and one behind.
    /// </summary>
    [Test]
    public void ResNet18_HasTheNodesOfTheRule()
    {
        ResNet model = ResNet.ResNet18();
        ComputationGraph graph = model.Graph([1, 3, 16, 16]);
        Assert.That(Count(graph, GraphNodeKind.Operation), Is.EqualTo(2 + (8 * 5) + (3 * 2) + 2 + (20 * 2)));
        Assert.That(Count(graph, GraphNodeKind.Parameter), Is.EqualTo(20 + (20 * 2) + 2));
        Assert.That(Count(graph, GraphNodeKind.Input), Is.EqualTo(1));
        Assert.That(graph.Nodes.Count(static n => n.Operation.StartsWith("Conv", StringComparison.Ordinal)), Is.EqualTo(20));
        Assert.That(graph.Nodes.Where(static n => n.Kind == GraphNodeKind.Parameter).Select(static n => n.Label), Is.EquivalentTo(model.NamedParameters().Select(static p => p.Name)));
        Assert.That(graph.Nodes.All(static n => n.Group is not null || n.Label == "input"), "every step lies in a module");
        Assert.That(graph["layer2.0.downsample.0.weight"].Group!.Outward().Select(static g => g.ToString()), Is.EqualTo(new[]
        {
            "layer2.0.downsample.0 (Conv2d)", "layer2.0.downsample (Sequential)", "layer2.0 (BasicBlock)", "layer2 (Sequential)",
        }));

        ComputationGraph blocks = graph.Collapse(2);
        Assert.That(blocks.Nodes.Select(static n => n.Label), Is.EqualTo(new[]
        {
            "input", "conv1", "bn1", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer3.1", "layer4.0", "layer4.1", "pool", "fc",
        }));
        Assert.That(blocks.Edges.Select(static e => (e.From, e.To)), Is.EqualTo(Enumerable.Range(0, 12).Select(static i => (i, i + 1))), "a chain");
        Assert.That(blocks.Nodes[5].Operation, Is.EqualTo("BasicBlock"));
        Assert.That(blocks.Nodes[5].Shape, Is.EqualTo(new Shape(1, 128, 8, 8)));

        // 64·128·9 + 128·128·9 + 64·128 weights and three normalisations of 128 channels.
        Assert.That(blocks.Nodes[5].Details, Is.EqualTo("13 steps, 230,144 parameters in 9"));
        Assert.That(graph.Collapse(1).Nodes.Select(static n => n.Label), Is.EqualTo(new[] { "input", "conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "pool", "fc" }));
        Assert.That(graph.Collapse(static g => g.Kind == nameof(BasicBlock)).Nodes, Has.Count.EqualTo(1 + 2 + 5 + 8 + 1 + 3));
    }

    [Test]
    public void ResNet_GradientsOfBlocks_AreThoseOfTheirOutputs()
    {
        ResNet model = new([4, 8], 1, inChannels: 1, classes: 3);
        Tensor x = Tensor.Randn([2, 1, 8, 8]), y = Tensor.From<long>([0, 2]);
        ComputationGraph graph = ModelGraph.Of(model, () => Losses.CrossEntropy(model.Forward(x), y)).Collapse(2);
        graph.Backward();
        Assert.That(graph.Nodes.Where(static n => n.Kind == GraphNodeKind.Group).All(static n => n.Gradient is not null && n.Gradient.Shape == n.Shape));
        Assert.That(graph.Nodes[^1].Group, Is.Null, "the loss is outside of the model");

        // dJ/dz = (softmax − one-hot)/N, at the output of fc.
        double[] z = graph["fc"].Value!.ToArray<double>(), dz = graph["fc"].Gradient!.ToArray<double>();
        double sum = Math.Exp(z[0]) + Math.Exp(z[1]) + Math.Exp(z[2]);
        Assert.That(dz[0], Is.EqualTo(((Math.Exp(z[0]) / sum) - 1) / 2).Within(1e-6));
        Assert.That(dz[1], Is.EqualTo(Math.Exp(z[1]) / sum / 2).Within(1e-6));
    }

    [Test]
    public void Graph_LeavesTheModelAsItWas()
    {
        Sequential model = new(new Conv2d(1, 2, 3), new BatchNorm2d(2));
        double[][] before = [.. model.NamedBuffers().Select(static b => b.Tensor.ToArray<double>())];
        _ = model.Graph([4, 1, 5, 5]);
        Assert.That(model.NamedBuffers().Select(static b => b.Tensor.ToArray<double>()), Is.EqualTo(before));
        Assert.That(model.IsTraining);
        Assert.That(model.Parameters.All(static p => p.Grad is null));
    }

    [Test]
    public void ModuleOfOnesOwn_HoldsTheModulesThatItCalls()
    {
        Twins model = new();
        ComputationGraph graph = model.Graph([2, 3]);
        Assert.That(graph.Groups.Select(static g => g.Path), Is.EqualTo(new[] { "pair", "pair.left", "act", "pair.right", "act (2)" }));
        Assert.That(graph["pair.left.weight"].Group!.Parent!.Kind, Is.EqualTo("Pair"));
        Assert.That(graph.Collapse(1).Nodes.Where(static n => n.Kind == GraphNodeKind.Group).Select(static n => n.Label), Is.EquivalentTo(new[] { "pair", "act", "act (2)" }));
    }

    [Test]
    public void Attention_KeepsToItsOwnSteps()
    {
        Linear before = new(4, 4);
        MultiheadAttention attention = new(4, 2);
        Sequential model = new(before, new SelfAttention(attention));
        ComputationGraph graph = model.Graph([1, 3, 4]);
        Assert.That(graph.Groups.Select(static g => g.Path), Does.Contain("0").And.Contain("1"));
        Assert.That(graph.Nodes.Where(static n => n.Group?.Path == "0").Select(static n => n.Operation), Is.EquivalentTo(new[] { "Linear", "Reshape", "Parameter", "Parameter" }));
        Assert.That(graph.Collapse(1).Nodes.Select(static n => n.Label), Is.EqualTo(new[] { "input", "0", "1" }));
    }

    [Test]
    public void ToReport_HasNodesEdgesAndSteps()
    {
        Tensor w = Tensor.Scalar(2).WithGrad().Named("w"), x = Tensor.Scalar(3).Named("x");
        ComputationGraph graph = ComputationGraph.Record(() => (w * x).Named("J"));
        graph.Backward();
        ReportGraph report = graph.ToReport();
        Assert.That(report.Nodes.Select(static n => (n.Id, n.Label, n.Kind)), Is.EqualTo(new (string, string, string?)[]
        {
            ("n0", "w\n2\n∂J/∂w = 3", "parameter"), ("n1", "x\n3", "input"), ("n2", "J = Mul\n6\n∂J/∂J = 1", "result"),
        }));
        Assert.That(report.Edges, Is.EqualTo(new ReportEdge[] { new("n0", "n2", "2") { BackLabel = "∂J/∂w = 3\n← 3" }, new("n1", "n2", "3") }));
        Assert.That(report.Steps.Select(static s => s.IsBackward), Is.EqualTo(new[] { false, false, false, true, true }));
        Assert.That(report.Steps[^1].Edges, Is.EqualTo(new[] { 0 }));

        ReportGraph blocks = new ResNet([4, 8], 1).Graph([1, 3, 8, 8]).ToReport();
        Assert.That(blocks.Steps, Is.Empty.Or.Count.EqualTo(blocks.Nodes.Count));
        Assert.That(blocks.Nodes.Select(static n => n.Group), Does.Contain("layer2.0.downsample.0"));
    }

    [Test]
    public void Of_FrozenModel_Throws()
    {
        Linear model = new Linear(2, 2).Freeze();
        Assert.Throws<GradientException>(() => model.Graph([1, 2]));
        Assert.Throws<ArgumentNullException>(() => ModelGraph.Of(null!, () => Tensor.Ones([1])));
        Assert.Throws<ArgumentNullException>(() => ModelGraph.Of(model, null!));
        Assert.Throws<ArgumentNullException>(() => ((Layer)null!).Graph([1]));
        Assert.That(ForwardTrace.IsActive, Is.False);
    }

    private static int Count(ComputationGraph graph, GraphNodeKind kind) => graph.Nodes.Count(n => n.Kind == kind);

    internal sealed partial class Pair : Layer
    {
        public Linear Left { get; } = new(3, 3);

        public Linear Right { get; } = new(3, 3);

        public override Tensor Forward(Tensor x) => Right.Forward(Left.Forward(x));
    }

    internal sealed partial class Twins : Layer
    {
        public Pair Pair { get; } = new();

        public Relu Act { get; } = new();

        public override Tensor Forward(Tensor x) => Act.Forward(Pair.Right.Forward(Act.Forward(Pair.Left.Forward(x))));
    }

    internal sealed partial class SelfAttention(MultiheadAttention attention) : Layer
    {
        public MultiheadAttention Attention { get; } = attention;

        public override Tensor Forward(Tensor x) => Attention.Forward(x, x, x);
    }
}
