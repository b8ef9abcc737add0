namespace Engine.Backends;

/// <summary>Layer normalisation of each row of [rows, columns].</summary>
/// <remarks>X and Y have one element type. Mean and inverse standard deviation are of its compute type, float32 for half precision; scale and shift may have any.</remarks>
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
