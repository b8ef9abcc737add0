namespace Engine.Nn;

/// <summary>A directed graph, which the page of a <see cref="Report"/> lays out in layers.</summary>
/// <param name="Nodes">Its nodes, each with an id of its own.</param>
/// <param name="Edges">Arrows between them.</param>
public sealed record ReportGraph(IReadOnlyList<ReportNode> Nodes, IReadOnlyList<ReportEdge> Edges)
{
    /// <summary>
    /// Where there are any, the page has buttons that go through them one by one: the nodes and edges of the present step stand out, and labels
    /// of edges that have a later step of their own are not shown yet.
    /// </summary>
    public IReadOnlyList<ReportStep> Steps { get; init; } = [];

    /// <summary>Whether the layers go from left to right; from top to bottom otherwise.</summary>
    public bool IsHorizontal { get; init; }

    /// <summary>Whether groups are drawn as one node until they are clicked; by itself where there are more than 60 nodes.</summary>
    public bool? IsCollapsed { get; init; }
}

/// <summary>A node of a <see cref="ReportGraph"/>.</summary>
/// <param name="Id">Names it in edges and steps; not shown.</param>
/// <param name="Label">The text in it; may have several lines.</param>
public sealed record ReportNode(string Id, string Label)
{
    /// <summary>The text that is shown when it is pointed at, and in the table.</summary>
    public string? Details { get; init; }

    /// <summary>The box that it lies in, boxes in boxes separated by dots: "layer1.0". A click on a box closes and opens it.</summary>
    public string? Group { get; init; }

    /// <summary>The kind: nodes of one kind have one color, and the kinds are named below the graph. "input", "parameter", "constant", "operation", "result" have colors of their own.</summary>
    public string? Kind { get; init; }
}

/// <summary>An arrow of a <see cref="ReportGraph"/>.</summary>
/// <param name="From">The id of the node where it begins.</param>
/// <param name="To">The id of the node where it ends.</param>
/// <param name="Label">The text on it; may have several lines.</param>
public sealed record ReportEdge(string From, string To, string? Label = null)
{
    /// <summary>A second label in another color, such as the derivative that flowed back.</summary>
    public string? BackLabel { get; init; }
}

/// <summary>One step through a <see cref="ReportGraph"/>.</summary>
/// <param name="Text">A description of it.</param>
/// <param name="Nodes">The ids of the nodes that stand out.</param>
/// <param name="Edges">The indices in <see cref="ReportGraph.Edges"/> of the edges that stand out.</param>
/// <param name="IsBackward">Whether it is a step back: it makes the <see cref="ReportEdge.BackLabel"/> of its edges appear, not their labels.</param>
public sealed record ReportStep(string Text, IReadOnlyList<string> Nodes, IReadOnlyList<int> Edges, bool IsBackward = false);
