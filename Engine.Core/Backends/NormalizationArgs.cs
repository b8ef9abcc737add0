namespace Engine;

/// <summary>Batch normalisation in training mode over [N, C, L]: statistics per channel over N and L.</summary>
/// <remarks>
/// X, Y and the residual have one element type. Mean and inverse deviation are of its compute type (<see cref="DTypes.ComputeType"/>), float32
/// for halves; the other vectors may have any floating-point type.
/// </remarks>
public readonly ref struct BatchNormForwardArgs
{
    /// <summary>[N, C, L].</summary>
    public required Operand X { get; init; }

    /// <summary>[N, C, L], written: relu?((x − mean)·invStd·scale + shift + residual).</summary>
    public required Operand Y { get; init; }

    /// <summary>[N, C, L] or null for 0: what is added before the ReLU.</summary>
    public Operand? Residual { get; init; }

    /// <summary>[C] or null for 1.</summary>
    public Operand? Scale { get; init; }

    /// <summary>[C] or null for 0.</summary>
    public Operand? Shift { get; init; }

    /// <summary>[C] or null, updated: r ← (1 − momentum)·r + momentum·mean.</summary>
    public Operand? RunningMean { get; init; }

    /// <summary>[C] or null, updated likewise with the unbiased variance.</summary>
    public Operand? RunningVariance { get; init; }

    /// <summary>One int64 or null, updated: the number of batches grows by 1.</summary>
    public Operand? BatchCount { get; init; }

    /// <summary>[C], written.</summary>
    public required Operand Mean { get; init; }

    /// <summary>[C], written: 1/√(biased variance + epsilon).</summary>
    public required Operand InverseStd { get; init; }

    /// <summary>The weight of the new batch in the running statistics.</summary>
    public required double Momentum { get; init; }

    /// <summary>Keeps the root away from 0.</summary>
    public required double Epsilon { get; init; }

    /// <summary>Whether negative results become 0.</summary>
    public bool Relu { get; init; }
}

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

/// <summary>Layer normalisation of each row of [rows, columns].</summary>
/// <remarks>X and Y have one element type. Mean and inverse deviation are of its compute type, float32 for halves; scale and shift may have any.</remarks>
public readonly ref struct LayerNormForwardArgs
{
    /// <summary>[rows, columns].</summary>
    public required Operand X { get; init; }

    /// <summary>[rows, columns], written.</summary>
    public required Operand Y { get; init; }

    /// <summary>[columns] or null for 1.</summary>
    public Operand? Scale { get; init; }

    /// <summary>[columns] or null for 0.</summary>
    public Operand? Shift { get; init; }

    /// <summary>[rows], written.</summary>
    public required Operand Mean { get; init; }

    /// <summary>[rows], written.</summary>
    public required Operand InverseStd { get; init; }

    /// <summary>Keeps the root away from 0.</summary>
    public required double Epsilon { get; init; }
}

/// <summary>Gradients of layer normalisation.</summary>
public readonly ref struct LayerNormBackwardArgs
{
    /// <summary>[rows, columns].</summary>
    public required Operand X { get; init; }

    /// <summary>[rows, columns].</summary>
    public required Operand GradY { get; init; }

    /// <summary>[columns] or null for 1.</summary>
    public Operand? Scale { get; init; }

    /// <summary>[rows] as saved.</summary>
    public required Operand Mean { get; init; }

    /// <summary>[rows] as saved.</summary>
    public required Operand InverseStd { get; init; }

    /// <summary>[rows, columns], written; null if not needed.</summary>
    public Operand? GradX { get; init; }

    /// <summary>[columns], written; null if not needed.</summary>
    public Operand? GradScale { get; init; }

    /// <summary>[columns], written; null if not needed.</summary>
    public Operand? GradShift { get; init; }
}
