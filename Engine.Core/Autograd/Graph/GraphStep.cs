namespace Engine;

/// <summary>One step of a walk through a <see cref="ComputationGraph"/>: forward a value is computed, backward a derivative.</summary>
public sealed class GraphStep
{
    internal GraphStep(GraphNode node, bool isBackward, IReadOnlyList<GraphEdge> edges, string text) => (Node, IsBackward, Edges, Text) = (node, isBackward, edges, text);

    /// <summary>The node it is about.</summary>
    public GraphNode Node { get; }

    /// <summary>Whether a derivative is computed; else a value.</summary>
    public bool IsBackward { get; }

    /// <summary>Forward the edges that come in, backward those along which derivatives come back.</summary>
    public IReadOnlyList<GraphEdge> Edges { get; }

    /// <summary>The step with its numbers: <c>a = c + b = 6 + 1 = 7</c>, <c>∂J/∂a = ∂J/∂d · ∂d/∂a = 3 · 1 = 3</c>.</summary>
    public string Text { get; }

    /// <summary>The value, or the derivative; null if it is unknown.</summary>
    public Tensor? Result => IsBackward ? Node.Gradient : Node.Value;

    /// <summary>The <see cref="Text"/>.</summary>
    public override string ToString() => Text;
}
