namespace Engine;

/// <summary>One step of a walk through a <see cref="ComputationGraph"/>: forward a value is computed, backward a derivative.</summary>
/// <param name="Node">The node it is about.</param>
/// <param name="IsBackward">Whether a derivative is computed.</param>
/// <param name="Edges">Forward the edges that come in, backward those along which derivatives come back.</param>
/// <param name="Text">The step with its numbers: <c>a = Add(c, b) = 6 + 1 = 7</c>, <c>∂J/∂a = ∂J/∂d · ∂d/∂a = 3 · 1 = 3</c>.</param>
public sealed record GraphStep(GraphNode Node, bool IsBackward, IReadOnlyList<GraphEdge> Edges, string Text)
{
    /// <summary>The value, or the derivative.</summary>
    public Tensor? Result => IsBackward ? Node.Gradient : Node.Value;

    /// <summary>The <see cref="Text"/>.</summary>
    public override string ToString() => Text;
}
