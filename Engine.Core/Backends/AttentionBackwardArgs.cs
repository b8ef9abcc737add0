namespace Engine.Backends;

/// <summary>Gradients of attention. Weights are computed again from Q, K and the log-sum-exp.</summary>
/// <remarks>Shapes, types and scores are those of <see cref="AttentionForwardArgs"/>.</remarks>
public readonly ref struct AttentionBackwardArgs
{
    /// <summary>Q, [N, H, L, d].</summary>
    public required Operand Query { get; init; }

    /// <summary>K, [N, H, S, d].</summary>
    public required Operand Key { get; init; }

    /// <summary>V, [N, H, S, e].</summary>
    public required Operand Value { get; init; }

    /// <summary>[N, H, L, S] or null, as forward.</summary>
    public Operand? Mask { get; init; }

    /// <summary>Whether query i sees keys 0 … i only.</summary>
    public bool Causal { get; init; }

    /// <summary>The factor of the scores.</summary>
    public required double Scale { get; init; }

    /// <summary>O as written forward, [N, H, L, e].</summary>
    public required Operand Output { get; init; }

    /// <summary>As written forward, [N, H, L].</summary>
    public required Operand LogSumExp { get; init; }

    /// <summary>dO, [N, H, L, e].</summary>
    public required Operand GradOutput { get; init; }

    /// <summary>dQ, written; null if not needed.</summary>
    public Operand? GradQuery { get; init; }

    /// <summary>dK, written; null if not needed.</summary>
    public Operand? GradKey { get; init; }

    /// <summary>dV, written; null if not needed.</summary>
    public Operand? GradValue { get; init; }
}
