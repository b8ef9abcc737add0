namespace Engine.Backends;

/// <summary>Cross-entropy of rows of logits [N, C] against class numbers [N].</summary>
/// <remarks>
/// loss[i] = −Σ_c q_c·w_c·log softmax(z_i)_c with q = (1 − s)·onehot(t_i) + s/C, s the label smoothing; 0 where t_i is
/// <see cref="IgnoreIndex"/>. Core has checked that other targets lie in [0, C) where they are in host memory.
/// </remarks>
public readonly ref struct CrossEntropyArgs
{
    /// <summary>[N, C].</summary>
    public required Operand Logits { get; init; }

    /// <summary>[N], int64.</summary>
    public required Operand Targets { get; init; }

    /// <summary>[C] or null for 1.</summary>
    public Operand? ClassWeights { get; init; }

    /// <summary>s in [0, 1].</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The class number that is skipped.</summary>
    public long IgnoreIndex { get; init; }

    /// <summary>[N]: log Σ exp z; written forward, read backward.</summary>
    public required Operand LogSumExp { get; init; }

    /// <summary>[N], written forward.</summary>
    public Operand? Losses { get; init; }

    /// <summary>[N] (often stride 0), read backward: the gradient to each loss.</summary>
    public Operand? GradLosses { get; init; }

    /// <summary>[N, C], written backward.</summary>
    public Operand? GradLogits { get; init; }
}
