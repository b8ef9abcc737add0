namespace Engine.Backends;

/// <summary>Cross-entropy of rows of logits [N, C] against class numbers [N].</summary>
/// <remarks>
/// loss[i] = −Σ_c q_c·w_c·log softmax(z_i)_c with q = (1 − s)·onehot(t_i) + s/C, s the label smoothing; 0 where t_i is
/// <see cref="IgnoreIndex"/>. Core has checked that other targets lie in [0, C) where they are in host memory.
/// </remarks>
public readonly ref struct CrossEntropyForwardArgs
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

    /// <summary>[N], written: log Σ exp z.</summary>
    public required Operand LogSumExp { get; init; }

    /// <summary>[N], written.</summary>
    public required Operand Losses { get; init; }

    /// <summary>One element or null, written: the mean of the losses of rows that count.</summary>
    public Operand? Mean { get; init; }

    /// <summary>One element, given with <see cref="Mean"/>, written: the share of each row that counts in the mean.</summary>
    public Operand? Share { get; init; }
}
