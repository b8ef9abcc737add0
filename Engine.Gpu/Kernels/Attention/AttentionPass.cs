namespace Engine.Gpu;

/// <summary>
/// The kernels of attention. Each keeps a tile of its own rows and walks over tiles of the other side: scores S = X₁·Y₁ᵀ, backward also P = X₂·Y₂ᵀ, and
/// sums of weights times Y₁ or Y₂.
/// </summary>
internal enum AttentionPass : byte
{
    /// <summary>Rows are queries: O from X₁ = Q, Y₁ = K, Y₂ = V.</summary>
    Forward,

    /// <summary>Rows are queries: dQ from X₁ = Q, X₂ = dO, Y₁ = K, Y₂ = V.</summary>
    GradQuery,

    /// <summary>Rows are keys: dK and dV from X₁ = K, X₂ = V, Y₁ = Q, Y₂ = dO.</summary>
    GradKeyValue,
}
