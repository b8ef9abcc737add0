namespace Engine.Backends;

/// <summary>The gradient of cross-entropy to its logits; the terms are those of <see cref="CrossEntropyForwardArgs"/>.</summary>
public readonly ref struct CrossEntropyBackwardArgs
{
    /// <summary>[N, C], as in the forward pass.</summary>
    public required Operand Logits { get; init; }

    /// <summary>[N], int64, as in the forward pass.</summary>
    public required Operand Targets { get; init; }

    /// <summary>[C] or null for 1, as in the forward pass.</summary>
    public Operand? ClassWeights { get; init; }

    /// <summary>s in [0, 1], as in the forward pass.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The class number that is skipped; rows with it have the gradient 0.</summary>
    public long IgnoreIndex { get; init; }

    /// <summary>[N]: log Σ exp z, as the forward pass wrote it.</summary>
    public required Operand LogSumExp { get; init; }

    /// <summary>[N], often with stride 0: the gradient to each loss.</summary>
    public required Operand GradLosses { get; init; }

    /// <summary>[N, C], written.</summary>
    public required Operand GradLogits { get; init; }
}
