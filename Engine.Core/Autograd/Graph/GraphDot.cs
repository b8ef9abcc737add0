using System.Globalization;
using System.Text;

namespace Engine;

/// <summary>The graph in Graphviz's language.</summary>
internal static class GraphDot
{
    public static string Write(GraphSnapshot graph)
    {
        StringBuilder text = new("digraph computation {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\", fontsize=11];\n");
        text.Append("  edge [fontname=\"sans-serif\", fontsize=9];\n");
        ILookup<GraphGroup?, GraphGroup> groups = graph.Inside;
        ILookup<GraphGroup?, GraphNode> members = graph.Members;
        string root = graph.Nodes.FirstOrDefault(static node => node.IsResult)?.Display ?? "J";
        int clusters = 0;
        WriteGroup(null, 1);
        foreach (GraphEdge edge in graph.Edges)
        {
            text.Append(CultureInfo.InvariantCulture, $"  n{edge.From} -> n{edge.To}");
            text.Append($" [label=\"{GraphLabels.OfEdge(edge, graph, Escape, "\\n")}\"{(edge.CarriesGradient ? string.Empty : ", style=dashed, color=gray50")}];\n");
        }

        return text.Append("}\n").ToString();

        void WriteGroup(GraphGroup? group, int depth)
        {
            string indent = new(' ', 2 * depth);
            foreach (GraphNode node in members[group])
            {
                string look = node.Kind switch
                {
                    GraphNodeKind.Parameter => ", shape=ellipse, style=filled, fillcolor=\"#cfe3ff\"",
                    GraphNodeKind.Input => ", shape=ellipse, style=filled, fillcolor=\"#e8e8e8\"",
                    GraphNodeKind.Constant => ", shape=ellipse, style=\"filled,dashed\"",
                    GraphNodeKind.Group => ", shape=box3d, style=filled, fillcolor=\"#fff3cf\"",
                    _ => string.Empty,
                };
                text.Append(indent).Append(CultureInfo.InvariantCulture, $"n{node.Id}").Append($" [label=\"{GraphLabels.OfNode(node, root, Escape, "\\n")}\"{look}];\n");
            }

            foreach (GraphGroup inner in groups[group])
            {
                text.Append(indent).Append(CultureInfo.InvariantCulture, $"subgraph cluster_{clusters++} {{\n");
                text.Append(indent).Append($"  label=\"{Escape(inner.ToString())}\"; style=rounded; color=gray60; fontname=\"sans-serif\"; fontsize=10;\n");
                WriteGroup(inner, depth + 1);
                text.Append(indent).Append("}\n");
            }
        }
    }

    /// <summary>A name inside of quotes: backslashes and quotes are syntax, and an ampersand begins an entity.</summary>
    internal static string Escape(string name)
    {
        StringBuilder text = new(name.Length);
        foreach (Rune rune in name.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => text.Append("\\\\"),
                '"' => text.Append("\\\""),
                '&' => text.Append("&amp;"),
                _ when Rune.IsControl(rune) => text.Append(' '),
                _ => text.Append(rune),
            };
        }

        return text.ToString();
    }
}
