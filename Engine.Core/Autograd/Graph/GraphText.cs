using System.Globalization;
using System.Text;

namespace Engine;

/// <summary>The graph as lines of text, and its steps as formulas with numbers.</summary>
internal static class GraphText
{
    public static string Lines(GraphSnapshot graph)
    {
        StringBuilder text = new();
        string result = graph.Nodes.FirstOrDefault(static node => node.IsResult)?.Display ?? "J";
        ILookup<int, GraphEdge> incoming = graph.Edges.ToLookup(static edge => edge.To);
        foreach (GraphNode node in graph.Nodes)
        {
            text.Append(CultureInfo.InvariantCulture, $"#{node.Id} ");
            if (!node.Display.StartsWith('#'))
            {
                text.Append(Line(node.Display)).Append(" = ");
            }

            text.Append(Line(node.Operation));
            if (node.Inputs.Count > 0)
            {
                text.Append('(').AppendJoin(", ", incoming[node.Id].Select(edge => Line(graph.Nodes[edge.From].Display))).Append(')');
            }

            text.Append(node.Shape.Rank > 0 ? " " + node.Shape : string.Empty);
            text.Append(node.Value is not null && node.Kind != GraphNodeKind.Constant ? " = " + GraphFormat.Value(node.Value) : string.Empty);
            text.Append(node.Gradient is { } gradient ? $"   ∂{Line(result)}/∂{Line(node.Display)} = {GraphFormat.Value(gradient)}" : string.Empty);
            text.Append(node.Details is { } details && node.Kind == GraphNodeKind.Group ? $"   ({details})" : string.Empty);
            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary><c>c = w · x = 2 · 3 = 6</c>.</summary>
    public static string Forward(GraphNode node, IReadOnlyList<GraphNode> operands)
    {
        string shape = node.Shape.Rank > 0 ? " " + node.Shape : string.Empty;
        string value = node.Value is null ? string.Empty : " = " + GraphFormat.Value(node.Value);
        if (node.Kind is GraphNodeKind.Parameter or GraphNodeKind.Input or GraphNodeKind.Constant)
        {
            return $"{Line(node.Display)}{shape}{(node.Kind == GraphNodeKind.Constant && node.Label is null && node.Display[0] != '#' ? string.Empty : value)}   {node.Operation.ToLowerInvariant()}";
        }

        string formula = Formula(node, [.. operands.Select(static operand => Line(operand.Display))]);
        bool hasNumbers = operands.Any(static operand => operand.Kind != GraphNodeKind.Constant)
            && operands.All(static operand => operand.Value is { ElementCount: 1 }) && node.Value is not null;
        string numbers = hasNumbers ? " = " + Formula(node, [.. operands.Select(static operand => GraphFormat.Factor(operand.Value))]) : string.Empty;
        return $"{Line(node.Display)}{shape} = {formula}{numbers}{value}";
    }

    /// <summary><c>∂J/∂a = ∂J/∂d · ∂d/∂a = 3 · 1 = 3</c>.</summary>
    public static string Backward(GraphNode node, string root, IReadOnlyList<(GraphEdge Edge, GraphNode User)> users)
    {
        string left = $"∂{root}/∂{Line(node.Display)}";
        string shape = node.Shape.Rank > 0 ? " " + node.Shape : string.Empty;
        string value = GraphFormat.Value(node.Gradient);
        if (users.Count == 0)
        {
            return $"{left}{shape} = {value}";
        }

        string chain = string.Join(" + ", users.Select(user => $"∂{root}/∂{Line(user.User.Display)} · ∂{Line(user.User.Display)}/∂{Line(node.Display)}"));
        bool hasNumbers = users.All(static user => user is { Edge.Factor.ElementCount: 1, User.Gradient.ElementCount: 1 });
        string numbers = hasNumbers
            ? " = " + string.Join(" + ", users.Select(static user => $"{GraphFormat.Factor(user.User.Gradient)} · {GraphFormat.Factor(user.Edge.Factor)}"))
            : string.Empty;
        return $"{left}{shape} = {chain}{numbers} = {value}";
    }

    /// <summary>A name in one line of text.</summary>
    public static string Line(string name)
    {
        StringBuilder? clean = null;
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsControl(name[i]) || name[i] is '\u2028' or '\u2029')
            {
                (clean ??= new StringBuilder(name))[i] = ' ';
            }
        }

        return clean?.ToString() ?? name;
    }

    private static string Formula(GraphNode node, string[] operands) => (node.Operation, operands.Length) switch
    {
        ("Add", 2) => $"{operands[0]} + {operands[1]}",
        ("Sub", 2) => $"{operands[0]} - {operands[1]}",
        ("Mul", 2) => $"{operands[0]} · {operands[1]}",
        ("Div", 2) => $"{operands[0]} / {operands[1]}",
        ("Neg", 1) => $"-{operands[0]}",
        ("Square", 1) => $"{operands[0]}²",
        _ => $"{Line(node.Operation)}({string.Join(", ", operands)})",
    };
}
