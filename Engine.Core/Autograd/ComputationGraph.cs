using System.Text;

namespace Engine;

/// <summary>One step of a <see cref="ComputationGraph"/>.</summary>
/// <param name="Id">Its number in the listing, in the order of computation.</param>
/// <param name="Operation">What was computed: <c>Mul</c>, <c>Conv2d</c>, <c>Leaf</c> for a parameter.</param>
/// <param name="Label">The tensor's <see cref="Tensor.Name"/>, if it has one.</param>
/// <param name="Shape">The shape of the result.</param>
/// <param name="DType">The element type of the result.</param>
/// <param name="Inputs">The numbers of the steps it was computed from.</param>
/// <param name="Gradient">∂root/∂this, where it is a leaf or <see cref="Tensor.RetainGrad"/> was asked for, after the backward pass.</param>
public sealed record GraphNode(int Id, string Operation, string? Label, Shape Shape, DType DType, IReadOnlyList<int> Inputs, Tensor? Gradient);

/// <summary>
/// The computation graph of a result: each single step, from the leaves on the left to the result on the right. Values flow forward
/// through it, derivatives backward, each edge multiplying by its own factor (the chain rule).
/// </summary>
/// <remarks>
/// Take it before the backward pass, which consumes the graph (unless it is retained); gradients appear in it when the pass has run.
/// <code>
/// Tensor j = ((w * x + b) - y).Square() / 2;
/// ComputationGraph graph = ComputationGraph.Of(j, retainGradients: true);
/// j.Backward();
/// Console.WriteLine(graph);
/// </code>
/// </remarks>
public sealed class ComputationGraph
{
    private readonly (GradNode Node, int[] Inputs, WeakReference<Tensor>? Output)[] _nodes;

    private ComputationGraph((GradNode, int[], WeakReference<Tensor>?)[] nodes) => _nodes = nodes;

    /// <summary>The steps in the order of computation, with the gradients known by now.</summary>
    public IReadOnlyList<GraphNode> Nodes
    {
        get
        {
            GraphNode[] list = new GraphNode[_nodes.Length];
            for (int i = 0; i < list.Length; i++)
            {
                (GradNode node, int[] inputs, WeakReference<Tensor>? weak) = _nodes[i];
                Tensor? output = node is LeafNode leaf ? leaf.Leaf : weak is not null && weak.TryGetTarget(out Tensor? target) ? target : null;
                list[i] = new GraphNode(i, node.Name, output?.Name, node.OutputShape, node.OutputDType, inputs, output?.Grad ?? node.RetainedGradient);
            }

            return list;
        }
    }

    /// <summary>The graph that computed a tensor.</summary>
    /// <param name="root">The result.</param>
    /// <param name="retainGradients">Whether every step keeps its gradient in the next backward pass, not only the leaves.</param>
    /// <exception cref="GradientException">The tensor has no graph.</exception>
    public static ComputationGraph Of(Tensor root, bool retainGradients = false)
    {
        ArgumentNullException.ThrowIfNull(root);
        List<GradNode> order = BackwardPass.Collect([BackwardPass.RootOf(root)]);
        order.Reverse();
        Dictionary<GradNode, int> numbers = [];
        (GradNode, int[], WeakReference<Tensor>?)[] nodes = new (GradNode, int[], WeakReference<Tensor>?)[order.Count];
        for (int i = 0; i < nodes.Length; i++)
        {
            GradNode node = order[i];
            numbers[node] = i;
            List<int> inputs = [];
            foreach (GradNode? input in node.InputSpan)
            {
                if (input is not null)
                {
                    inputs.Add(numbers[input]);
                }
            }

            node.KeepsGradient |= retainGradients && node is not LeafNode;
            nodes[i] = (node, [.. inputs], node.Output);
        }

        return new ComputationGraph(nodes);
    }

    /// <summary>One line a step: number, operation, shape, inputs, gradient where it is a single number.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (GraphNode node in Nodes)
        {
            text.Append('#').Append(node.Id).Append(' ').Append(node.Operation);
            text.Append(node.Label is null ? string.Empty : $" '{node.Label}'").Append(' ').Append(node.Shape);
            text.Append(node.Inputs.Count > 0 ? " ← " + string.Join(", ", node.Inputs.Select(static i => $"#{i}")) : string.Empty);
            if (node.Gradient is { IsDisposed: false } gradient)
            {
                text.Append(gradient.ElementCount == 1
                    ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"  gradient {gradient.Item():0.######}")
                    : "  gradient " + gradient.Shape);
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
