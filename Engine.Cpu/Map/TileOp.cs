namespace Engine.Cpu;

/// <summary>
/// The operations that kernels exist for: those of <see cref="ScalarOpcode"/> under the same numbers, contractions of two of them
/// that save a pass over the tile, and <see cref="KnownFormulas"/>.
/// </summary>
internal enum TileOp : byte
{
    /// <summary>a, unchanged.</summary>
    Move = 200,

    /// <summary>a·b − c.</summary>
    MultiplySubtract,

    /// <summary>c − a·b.</summary>
    NegateMultiplyAdd,

    /// <summary>a &lt; b ? c : d.</summary>
    SelectLess,

    /// <summary>a ≤ b ? c : d.</summary>
    SelectLessEqual,

    /// <summary>a = b ? c : d.</summary>
    SelectEqual,

    /// <summary><see cref="Expr.Gelu"/>.</summary>
    Gelu,

    /// <summary><see cref="Expr.Silu"/>.</summary>
    Silu,

    /// <summary><see cref="Expr.Gelu"/> of a + b.</summary>
    GeluOfSum,

    /// <summary><see cref="Expr.Silu"/> of a + b.</summary>
    SiluOfSum,
}
