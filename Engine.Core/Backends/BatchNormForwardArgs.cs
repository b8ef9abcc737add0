namespace Engine.Backends;

/// <summary>Batch normalisation in training mode over [N, C, L]: statistics per channel over N and L.</summary>
/// <remarks>
/// X, Y and the residual have one element type. Mean and inverse standard deviation are of its compute type (<see cref="DTypes.ComputeType"/>), float32
/// for half precision; the other vectors may have any floating-point type.
/// </remarks>
public readonly ref struct BatchNormForwardArgs
{
    /// <summary>[N, C, L].</summary>
    public required Operand X { get; init; }

    /// <summary>[N, C, L], written: relu?((x − mean)·invStd·scale + shift + residual).</summary>
    public required Operand Y { get; init; }

    /// <summary>[N, C, L] or null for 0: the term that is added before the ReLU.</summary>
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
