using System.Text.Json;

namespace Engine.Nn;

/// <summary>Boxes and arrows, laid out by dagre.</summary>
internal sealed class GraphSection(string title, ReportGraph graph, string? caption) : ReportSection(title, caption)
{
    private const int MostOpen = 60;

    public override string Kind => "graph";

    public override void WriteData(Utf8JsonWriter json)
    {
        json.WriteBoolean("horizontal", graph.IsHorizontal);
        json.WriteBoolean("collapsed", graph.IsCollapsed ?? graph.Nodes.Count > MostOpen);
        json.WriteStartArray("nodes");
        foreach (ReportNode node in graph.Nodes)
        {
            json.WriteStartObject();
            json.WriteString("id", node.Id);
            json.WriteString("label", node.Label);
            json.WriteString("details", node.Details);
            json.WriteString("group", node.Group);
            json.WriteString("kind", node.Kind);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("edges");
        foreach (ReportEdge edge in graph.Edges)
        {
            json.WriteStartObject();
            json.WriteString("from", edge.From);
            json.WriteString("to", edge.To);
            json.WriteString("label", edge.Label);
            json.WriteString("back", edge.BackLabel);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("steps");
        foreach (ReportStep step in graph.Steps)
        {
            json.WriteStartObject();
            json.WriteString("text", step.Text);
            json.WriteStrings("nodes", step.Nodes);
            json.WriteNumbers("edges", [.. step.Edges.Select(static e => (double)e)]);
            json.WriteBoolean("backward", step.IsBackward);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    protected override void WriteNumbers(HtmlText html)
    {
        Dictionary<string, string> labels = graph.Nodes.ToDictionary(static n => n.Id, static n => n.Label);
        html.Details("Nodes and edges", () =>
        {
            html.Table(["node", "kind", "in", "details"], graph.Nodes.Select(static n => (IReadOnlyList<object?>)[n.Label, n.Kind, n.Group, n.Details]));
            html.Table(["from", "to", "label", "back"], graph.Edges.Select(e => (IReadOnlyList<object?>)[labels[e.From], labels[e.To], e.Label, e.BackLabel]));
            if (graph.Steps.Count > 0)
            {
                html.Table(["step", "what happens"], graph.Steps.Select(static (s, i) => (IReadOnlyList<object?>)[i + 1, s.Text]));
            }
        });
    }
}
