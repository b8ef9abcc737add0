using System.Globalization;

namespace Engine;

/// <summary>Replaces all steps of a group by one node.</summary>
internal static class GraphCollapse
{
    public static GraphSnapshot Apply(GraphSnapshot graph, Func<GraphGroup, bool> choose)
    {
        Dictionary<GraphGroup, bool> chosen = [];
        GraphGroup?[] groups = [.. graph.Nodes.Select(node => Outermost(node.Group, choose, chosen))];
        Dictionary<GraphGroup, List<GraphNode>> members = [];
        foreach (GraphNode node in graph.Nodes)
        {
            if (groups[node.Id] is { } group)
            {
                (System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(members, group, out _) ??= []).Add(node);
            }
        }

        int[] ids = new int[graph.Nodes.Count];
        List<GraphNode> nodes = [];
        foreach (GraphNode node in graph.Nodes)
        {
            if (groups[node.Id] is not { } group)
            {
                ids[node.Id] = nodes.Count;
                nodes.Add(Copy(node, nodes.Count));
            }
            else if (ReferenceEquals(members[group][^1], node))
            {
                // The position of its last step: the group then comes after all values that it reads.
                members[group].ForEach(member => ids[member.Id] = nodes.Count);
                nodes.Add(OfGroup(group, members[group], nodes.Count));
            }
        }

        return new GraphSnapshot(nodes, Merge(graph.Edges, ids), graph.Passes);
    }

    private static GraphGroup? Outermost(GraphGroup? group, Func<GraphGroup, bool> choose, Dictionary<GraphGroup, bool> known)
    {
        GraphGroup? outermost = null;
        for (; group is not null; group = group.Parent)
        {
            if (!known.TryGetValue(group, out bool isChosen))
            {
                known[group] = isChosen = choose(group);
            }

            outermost = isChosen ? group : outermost;
        }

        return outermost;
    }

    private static GraphNode Copy(GraphNode node, int id) => new(id, node.Kind, node.Operation)
    {
        Label = node.Label,
        Shape = node.Shape,
        DType = node.DType,
        Value = node.Value,
        Gradient = node.Gradient,
        Group = node.Group,
        Details = node.Details,
        IsResult = node.IsResult,
    };

    private static GraphNode OfGroup(GraphGroup group, List<GraphNode> members, int id)
    {
        GraphNode output = members.FindLast(static node => node.Kind is GraphNodeKind.Operation or GraphNodeKind.Group) ?? members[^1];
        int steps = members.Count(static node => node.Kind == GraphNodeKind.Operation);
        GraphNode[] parameters = [.. members.Where(static node => node.Kind == GraphNodeKind.Parameter)];
        string details = string.Create(CultureInfo.InvariantCulture, $"{steps} {(steps == 1 ? "step" : "steps")}");
        if (parameters.Length > 0)
        {
            details += string.Create(CultureInfo.InvariantCulture, $", {parameters.Sum(static node => node.Shape.ElementCount):#,0} parameters in {parameters.Length}");
        }

        return new GraphNode(id, GraphNodeKind.Group, group.Kind.Length == 0 ? "Group" : group.Kind)
        {
            Label = group.Path,
            Shape = output.Shape,
            DType = output.DType,
            Value = output.Value,
            Gradient = output.Gradient,
            Group = group.Parent,
            Details = details,
            IsResult = members.Exists(static node => node.IsResult),
        };
    }

    private static List<GraphEdge> Merge(IReadOnlyList<GraphEdge> edges, int[] ids)
    {
        OrderedDictionary<(int From, int To), List<GraphEdge>> merged = [];
        foreach (GraphEdge edge in edges)
        {
            (int From, int To) ends = (ids[edge.From], ids[edge.To]);
            if (ends.From != ends.To)
            {
                if (!merged.TryGetValue(ends, out List<GraphEdge>? same))
                {
                    merged.Add(ends, same = []);
                }

                same.Add(edge);
            }
        }

        return [.. merged.OrderBy(static pair => pair.Key.To).Select(static pair => OfMany(pair.Key, pair.Value))];
    }

    private static GraphEdge OfMany((int From, int To) ends, List<GraphEdge> edges)
    {
        // One value may have several edges into a group: their gradients add up.
        bool adds = edges.TrueForAll(edge => edge.From == edges[0].From && (!edge.CarriesGradient || edge.Gradient is not null));
        Tensor[] gradients = [.. edges.Where(static edge => edge.Gradient is not null).Select(static edge => edge.Gradient!)];
        return new GraphEdge(ends.From, ends.To, edges.Count == 1 ? new Lazy<Tensor?>(() => edges[0].Factor) : null)
        {
            Gradient = adds && gradients.Length > 0 ? GraphFormat.Sum(gradients) : null,
            CarriesGradient = edges.Exists(static edge => edge.CarriesGradient),
        };
    }
}
