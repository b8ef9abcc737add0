namespace Engine;

/// <summary>The texts in the nodes and at the edges of a picture.</summary>
internal static class GraphLabels
{
    /// <summary><c>c = Mul</c>, the shape, the value, <c>∂J/∂c = 3</c>, one below the other.</summary>
    public static string OfNode(GraphNode node, string root, Func<string, string> escape, string newLine)
    {
        string title = node.Kind switch
        {
            GraphNodeKind.Constant when node.Label is null && node.Value is not null => string.Empty,
            GraphNodeKind.Parameter or GraphNodeKind.Input or GraphNodeKind.Constant => node.Label ?? node.Operation.ToLowerInvariant(),
            GraphNodeKind.Group => $"{node.Label} ({node.Operation})",
            _ => node.Label is null && !node.IsResult ? node.Operation : $"{node.Display} = {node.Operation}",
        };
        string[] lines =
        [
            title,
            GraphFormat.ShapeOf(node),
            node.Details is { } details && node.Kind == GraphNodeKind.Group ? details : string.Empty,
            GraphFormat.Value(node.Value),
            node.Gradient is { } gradient ? $"∂{root}/∂{node.Display} = {GraphFormat.Value(gradient)}" : string.Empty,
        ];
        return string.Join(newLine, lines.Where(static line => line.Length > 0).Select(escape));
    }

    /// <summary>The factor of an edge and the derivative that came back along it: <c>∂c/∂w = 3</c>, <c>← 9</c>.</summary>
    public static string OfEdge(GraphEdge edge, GraphSnapshot graph, Func<string, string> escape, string newLine)
    {
        string[] lines =
        [
            edge.Factor is { } factor ? $"∂{graph.Nodes[edge.To].Display}/∂{graph.Nodes[edge.From].Display} = {GraphFormat.Value(factor)}" : string.Empty,
            edge.Gradient is { } gradient ? $"← {GraphFormat.Value(gradient)}" : string.Empty,
        ];
        return string.Join(newLine, lines.Where(static line => line.Length > 0).Select(escape));
    }
}
