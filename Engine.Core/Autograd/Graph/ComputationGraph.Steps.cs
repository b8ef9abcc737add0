namespace Engine;

// The graph one step after the other.
public sealed partial class ComputationGraph
{
    /// <summary>All steps: forward with their values, from the leaves to the result, then backward with their derivatives.</summary>
    public IEnumerable<GraphStep> Steps => ForwardSteps.Concat(BackwardSteps);

    /// <summary>The values in the order of computation.</summary>
    public IEnumerable<GraphStep> ForwardSteps
    {
        get
        {
            GraphSnapshot graph = Current;
            ILookup<int, GraphEdge> incoming = graph.Edges.ToLookup(static edge => edge.To);
            foreach (GraphNode node in graph.Nodes)
            {
                GraphEdge[] edges = [.. incoming[node.Id]];
                yield return new GraphStep(node, isBackward: false, edges, GraphText.Forward(node, [.. edges.Select(edge => graph.Nodes[edge.From])]));
            }
        }
    }

    /// <summary>
    /// The derivatives from the result back to the leaves, each the sum over the edges that come back to it (the chain rule). Empty before the
    /// backward pass.
    /// </summary>
    public IEnumerable<GraphStep> BackwardSteps
    {
        get
        {
            GraphSnapshot graph = Current;
            ILookup<int, GraphEdge> outgoing = graph.Edges.Where(static edge => edge.CarriesGradient).ToLookup(static edge => edge.From);
            string root = GraphText.Line(graph.Nodes.First(static node => node.IsResult).Display);
            for (int i = graph.Nodes.Count - 1; i >= 0; i--)
            {
                GraphNode node = graph.Nodes[i];
                if (node.Gradient is not null)
                {
                    GraphEdge[] edges = [.. outgoing[node.Id]];
                    yield return new GraphStep(node, isBackward: true, edges, GraphText.Backward(node, root, [.. edges.Select(edge => (edge, graph.Nodes[edge.To]))]));
                }
            }
        }
    }
}
