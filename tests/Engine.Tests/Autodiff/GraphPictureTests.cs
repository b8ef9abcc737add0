using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>Mermaid and DOT, with names that try to be syntax.</summary>
internal sealed class GraphPictureTests
{
    private const string Hostile = "a\"];evil-->x\n%%{init}%% `<b>&amp;\\\" #quot; | \0\ud800 end";

    [Test]
    public void ToMermaid_WorkedExample()
    {
        Tensor w = Tensor.Scalar(2).WithGrad().Named("w"), x = Tensor.Scalar(3).Named("x");
        ComputationGraph graph = ComputationGraph.Record(() => (w * x).Named("c"));
        graph.Backward();
        Assert.That(graph.ToMermaid(), Does.StartWith("""
            flowchart LR
              n0(["w<br/>2<br/>∂c/∂w = 3"]):::parameter
              n1(["x<br/>3"]):::input
              n2["c = Mul<br/>6<br/>∂c/∂c = 1"]
              n0 -->|"∂c/∂w = 3<br/>← 3"| n2
              n1 -.-> n2
              classDef
            """));
    }

    [Test]
    public void ToDot_WorkedExample()
    {
        Tensor w = Tensor.Scalar(2).WithGrad().Named("w"), x = Tensor.Scalar(3).Named("x");
        ComputationGraph graph = ComputationGraph.Record(() =>
        {
            using ComputationGraph.GroupScope inner = ComputationGraph.Group("unit", "Neuron");
            return (w * x).Named("c");
        });
        graph.Backward();
        string dot = graph.ToDot();
        Assert.That(dot, Does.Contain("subgraph cluster_0 {").And.Contain("label=\"unit (Neuron)\""));
        Assert.That(dot, Does.Contain("n2 [label=\"c = Mul\\n6\\n∂c/∂c = 1\"]").And.Contain("n0 -> n2 [label=\"∂c/∂w = 3\\n← 3\"]"));
    }

    [Test]
    public void HostileNames_AreText()
    {
        ComputationGraph graph = Named(Hostile);
        string[] mermaid = graph.ToMermaid().Split('\n');
        Assert.That(mermaid, Has.Length.EqualTo(Named("plain").ToMermaid().Split('\n').Length), "a name must not add lines");
        string node = mermaid.Single(static line => line.Contains("n0([", StringComparison.Ordinal));
        Assert.That(node, Does.Contain("a#34;#93;#59;evil--#62;x #37;#37;#123;init#125;#37;#37; #96;#60;b#62;#38;amp#59;#92;#34; #35;quot#59; #124;"));
        Assert.That(node.Count(static c => c == '"'), Is.EqualTo(2));

        string dot = graph.ToDot();
        Assert.That(dot.Split('\n'), Has.Length.EqualTo(Named("plain").ToDot().Split('\n').Length));
        Assert.That(dot, Does.Contain("a\\\"];evil-->x %%{init}%% `<b>&amp;amp;\\\\\\\" #quot; |"));
        Assert.That(dot.Any(static c => char.IsControl(c) && c != '\n'), Is.False);
        Assert.That(graph.ToString().Split('\n'), Has.Length.EqualTo(Named("plain").ToString().Split('\n').Length));
    }

    [Test]
    public void LargeValue_IsSummedUp()
    {
        Tensor x = Tensor.From<float>([.. Enumerable.Range(0, 11).Select(static i => (float)i)]).WithGrad().Named("x");
        Assert.That(ComputationGraph.Record(() => x * 2).ToString(), Does.Contain("x = Parameter [11] = mean 5, 0 to 10\n"));
    }

    private ComputationGraph Named(string name)
    {
        Tensor w = Tensor.Scalar(2).WithGrad().Named(name);
        ComputationGraph graph = ComputationGraph.Record(() =>
        {
            using ComputationGraph.GroupScope group = ComputationGraph.Group(name, name);
            return (w * 3).Named(name);
        });
        graph.Backward();
        return graph;
    }
}
