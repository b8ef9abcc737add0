namespace Engine;

/// <summary>A step with the edges it had when the graph was taken.</summary>
internal readonly record struct GraphMember(GradNode Node, GradNode?[] Inputs);

/// <summary>The settings for a picture of a graph.</summary>
internal readonly record struct GraphView(bool UnfoldsAll, Func<GraphGroup, bool>? Collapses);

/// <summary>The nodes and edges of a graph as they are known after a number of backward passes.</summary>
internal sealed class GraphSnapshot
{
    public GraphSnapshot(List<GraphNode> nodes, List<GraphEdge> edges, long passes)
    {
        (Nodes, Edges, Passes) = (nodes, edges, passes);
        List<int>[] inputs = new List<int>[nodes.Count];
        foreach (GraphEdge edge in edges)
        {
            (inputs[edge.To] ??= []).Add(edge.From);
        }

        HashSet<GraphGroup> seen = [];
        List<GraphGroup> groups = [];
        foreach (GraphNode node in nodes)
        {
            node.Inputs = inputs[node.Id] ?? [];
            if (node.Group is not null)
            {
                foreach (GraphGroup group in node.Group.Outward().Reverse())
                {
                    if (seen.Add(group))
                    {
                        groups.Add(group);
                    }
                }
            }
        }

        Groups = groups;
    }

    public IReadOnlyList<GraphNode> Nodes { get; }

    public IReadOnlyList<GraphEdge> Edges { get; }

    public IReadOnlyList<GraphGroup> Groups { get; }

    public long Passes { get; }

    /// <summary>A writer's blocks: for each group those directly inside, under null the ones at the top.</summary>
    public ILookup<GraphGroup?, GraphGroup> Inside => Groups.ToLookup(static group => group.Parent);

    public ILookup<GraphGroup?, GraphNode> Members => Nodes.ToLookup(static node => node.Group);
}
