namespace Engine.Backends;

/// <summary>Attention: O = softmax(scale·Q·Kᵀ + mask)·V for each sample and head, without the weights in memory.</summary>
/// <remarks>
/// Query, key, value and output have one floating type; leading axes may be broadcast by strides of 0. A query that sees no key has the output 0 and
/// the log-sum-exp +∞, so that all its weights are 0 in <see cref="AttentionBackwardArgs"/> as well.
/// </remarks>
public readonly ref struct AttentionForwardArgs
{
    /// <summary>Q, [N, H, L, d].</summary>
    public required Operand Query { get; init; }

    /// <summary>K, [N, H, S, d].</summary>
    public required Operand Key { get; init; }

    /// <summary>V, [N, H, S, e].</summary>
    public required Operand Value { get; init; }

    /// <summary>[N, H, L, S] or null: bool, false hides a key; or floating, added to the scores.</summary>
    public Operand? Mask { get; init; }

    /// <summary>Whether query i sees keys 0 … i only.</summary>
    public bool Causal { get; init; }

    /// <summary>The factor of the scores.</summary>
    public required double Scale { get; init; }

    /// <summary>O, [N, H, L, e], written.</summary>
    public required Operand Output { get; init; }

    /// <summary>[N, H, L] and contiguous, written: log Σ eˢ over the scores of a query, in the compute type of Q.</summary>
    public required Operand LogSumExp { get; init; }
}
