using System.Globalization;

namespace Engine.Nn;

/// <summary>Computation graphs in reports.</summary>
public static class ComputationGraphReport
{
    /// <summary>The most nodes that a reader may go through step by step.</summary>
    private const int MostStepped = 60;

    /// <summary>More nodes than these in a row are too small to read.</summary>
    private const int MostInARow = 14;

    /// <summary>More numbers than these do not fit on an edge.</summary>
    private const int MostOnAnEdge = 4;

    /// <summary>
    /// Adds a picture of a computation graph: values on the way forward, factors and derivatives on the way back, groups that open and close, and up
    /// to 60 nodes buttons that go through it step by step.
    /// </summary>
    /// <param name="report">The report.</param>
    /// <param name="title">The heading.</param>
    /// <param name="graph">The graph, as it stands now: with derivatives if a backward pass has run.</param>
    /// <param name="caption">A line below it.</param>
    public static Report AddGraph(this Report report, string title, ComputationGraph graph, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        return report.AddGraph(title, graph.ToReport(), caption);
    }

    /// <summary>The graph as a report draws it.</summary>
    /// <param name="graph">The graph, as it stands now.</param>
    public static ReportGraph ToReport(this ComputationGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        IReadOnlyList<GraphNode> nodes = graph.Nodes;
        IReadOnlyList<GraphEdge> edges = graph.Edges;
        string root = nodes.FirstOrDefault(static node => node.IsResult)?.Display ?? "J";
        Dictionary<GraphEdge, int> indices = edges.Select(static (edge, i) => (edge, i)).ToDictionary(static pair => pair.edge, static pair => pair.i);
        return new ReportGraph(
            [.. nodes.Select(node => Node(node, root))],
            [.. edges.Select(edge => new ReportEdge(Id(edge.From), Id(edge.To), OnEdge(nodes[edge.From].Value)) { BackLabel = Back(edge, nodes) })])
        {
            IsHorizontal = nodes.Count <= MostInARow,
            Steps = nodes.Count > MostStepped ? [] : [.. graph.Steps.Select(step => Step(step, indices))],
        };
    }

    private static ReportNode Node(GraphNode node, string root)
    {
        string value = GraphFormat.Value(node.Value), gradient = node.Gradient is null ? string.Empty : $"∂{root}/∂{node.Display} = {GraphFormat.Value(node.Gradient)}";
        string title = node.Kind switch
        {
            GraphNodeKind.Constant when node.Label is null => GraphFormat.Value(node.Value),
            GraphNodeKind.Parameter or GraphNodeKind.Input or GraphNodeKind.Constant => node.Label ?? node.Operation.ToLowerInvariant(),
            GraphNodeKind.Group => $"{node.Label}\n{node.Operation}",
            _ => node.Label is null && !node.IsResult ? node.Operation : $"{node.Display} = {node.Operation}",
        };
        bool isSmall = node.Shape.ElementCount == 1;
        string[] lines = [title, node.Kind == GraphNodeKind.Constant ? string.Empty : Short(node.Value, node.Shape), isSmall ? gradient : string.Empty];
        string[] details = [node.Operation, $"{node.DType.ShortName()} {node.Shape}", node.Details ?? string.Empty, value, gradient];
        return new ReportNode(Id(node.Id), string.Join('\n', lines.Where(static line => line.Length > 0)))
        {
            Details = string.Join("; ", details.Where(static part => part.Length > 0)),
            Group = node.Group?.Path,
            Kind = node.IsResult ? "result" : node.Kind == GraphNodeKind.Group ? "module" : node.Kind.ToString().ToLowerInvariant(),
        };
    }

    private static ReportStep Step(GraphStep step, Dictionary<GraphEdge, int> indices) =>
        new(step.Text, [Id(step.Node.Id)], [.. step.Edges.Select(edge => indices[edge])], step.IsBackward);

    private static string? Back(GraphEdge edge, IReadOnlyList<GraphNode> nodes)
    {
        string factor = edge.Factor is { ElementCount: 1 } one ? $"∂{nodes[edge.To].Display}/∂{nodes[edge.From].Display} = {GraphFormat.Value(one)}" : string.Empty;
        string back = edge.Gradient is { } gradient ? "← " + (OnEdge(gradient) ?? $"norm {GraphFormat.Number(Norm(gradient))}") : string.Empty;
        return factor.Length + back.Length == 0 ? null : factor.Length == 0 || back.Length == 0 ? factor + back : $"{factor}\n{back}";
    }

    private static string? OnEdge(Tensor? value) => value is { ElementCount: <= MostOnAnEdge } ? GraphFormat.Value(value) : null;

    private static double Norm(Tensor gradient) => Math.Sqrt(gradient.ToArray<double>().Sum(static g => g * g));

    /// <summary>A single number, or else the shape.</summary>
    private static string Short(Tensor? value, Shape shape) => value is { ElementCount: 1 } ? GraphFormat.Value(value) : shape.ToString();

    private static string Id(int node) => "n" + node.ToString(CultureInfo.InvariantCulture);
}
