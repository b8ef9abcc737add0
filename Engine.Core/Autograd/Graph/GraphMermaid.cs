using System.Globalization;
using System.Text;

namespace Engine;

/// <summary>The graph as a flowchart of Mermaid. Everything that Mermaid could take for syntax is written as a character's number.</summary>
internal static class GraphMermaid
{
    public static string Write(GraphSnapshot graph)
    {
        StringBuilder text = new("flowchart LR\n");
        ILookup<GraphGroup?, GraphGroup> groups = graph.Inside;
        ILookup<GraphGroup?, GraphNode> members = graph.Members;
        string root = graph.Nodes.FirstOrDefault(static node => node.IsResult)?.Display ?? "J";
        Dictionary<GraphGroup, int> numbers = [];
        WriteGroup(null, 1);
        foreach (GraphEdge edge in graph.Edges)
        {
            string label = GraphLabels.OfEdge(edge, graph, Escape, "<br/>");
            text.Append(CultureInfo.InvariantCulture, $"  n{edge.From} {(edge.CarriesGradient ? "-->" : "-.->")}");
            text.Append(label.Length == 0 ? string.Empty : $"|\"{label}\"|").Append(CultureInfo.InvariantCulture, $" n{edge.To}\n");
        }

        text.Append("  classDef parameter fill:#cfe3ff,stroke:#3b6fb5,color:#111\n  classDef input fill:#e8e8e8,stroke:#777,color:#111\n");
        text.Append("  classDef constant fill:#fff,stroke:#999,color:#111,stroke-dasharray:3 3\n  classDef group fill:#fff3cf,stroke:#b58a1b,color:#111\n");
        return text.ToString();

        void WriteGroup(GraphGroup? group, int depth)
        {
            string indent = new(' ', 2 * depth);
            foreach (GraphNode node in members[group])
            {
                string label = GraphLabels.OfNode(node, root, Escape, "<br/>");
                text.Append(indent).Append(CultureInfo.InvariantCulture, $"n{node.Id}").Append(node.Kind switch
                {
                    GraphNodeKind.Parameter or GraphNodeKind.Input or GraphNodeKind.Constant => $"([\"{label}\"])",
                    GraphNodeKind.Group => $"[[\"{label}\"]]",
                    _ => $"[\"{label}\"]",
                }).Append(node.Kind == GraphNodeKind.Operation ? "\n" : $":::{node.Kind.ToString().ToLowerInvariant()}\n");
            }

            foreach (GraphGroup inner in groups[group])
            {
                numbers[inner] = numbers.Count;
                text.Append(indent).Append(CultureInfo.InvariantCulture, $"subgraph g{numbers[inner]}[\"{Escape(inner.ToString())}\"]\n");
                WriteGroup(inner, depth + 1);
                text.Append(indent).Append("end\n");
            }
        }
    }

    internal static string Escape(string name)
    {
        StringBuilder text = new(name.Length);
        foreach (Rune rune in name.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || (rune.IsBmp && " ._-+,:()/=·∂→←−×²".Contains((char)rune.Value, StringComparison.Ordinal)))
            {
                text.Append(rune);
            }
            else if (Rune.IsControl(rune) || Rune.IsWhiteSpace(rune))
            {
                text.Append(' ');
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"#{rune.Value};");
            }
        }

        return text.ToString();
    }
}
