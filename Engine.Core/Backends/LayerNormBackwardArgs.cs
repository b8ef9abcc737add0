namespace Engine.Backends;

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
