namespace Engine.Backends;

/// <summary>Gradients of batch normalisation in training mode.</summary>
/// <remarks>Element types as in <see cref="BatchNormForwardArgs"/>: gradients of [N, C, L] have that of X, those of vectors any.</remarks>
public readonly ref struct BatchNormBackwardArgs
{
    /// <summary>[N, C, L], as in the forward pass.</summary>
    public required Operand X { get; init; }

    /// <summary>[N, C, L].</summary>
    public required Operand GradY { get; init; }

    /// <summary>[N, C, L] or null: a second part of the gradient, to be added to <see cref="GradY"/>. Only given with <see cref="Y"/>.</summary>
    public Operand? GradYMore { get; init; }

    /// <summary>[N, C, L], the forward result, given where a ReLU was fused: the gradient passes only where it is positive.</summary>
    public Operand? Y { get; init; }

    /// <summary>[C] or null for 1.</summary>
    public Operand? Scale { get; init; }

    /// <summary>[C] as saved.</summary>
    public required Operand Mean { get; init; }

    /// <summary>[C] as saved.</summary>
    public required Operand InverseStd { get; init; }

    /// <summary>[N, C, L], written; null if not needed.</summary>
    public Operand? GradX { get; init; }

    /// <summary>Whether the gradient is added to what <see cref="GradX"/> holds: x has other users, whose gradients are there.</summary>
    public bool AddsToGradX { get; init; }

    /// <summary>
    /// [N, C, L], written: the gradient that the ReLU lets through, which is that of the residual. Only given with <see cref="Y"/>: without a
    /// ReLU it is <see cref="GradY"/> itself. It overlaps no other operand.
    /// </summary>
    public Operand? GradResidual { get; init; }

    /// <summary>[C], written: Σ dy·x̂.</summary>
    public required Operand GradScale { get; init; }

    /// <summary>[C], written: Σ dy.</summary>
    public required Operand GradShift { get; init; }
}
