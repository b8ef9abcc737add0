using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// Elementary functions on vectors, one body for all widths. float32 is evaluated by polynomials and rational functions fitted for
/// least relative error (bounds in the tests: 2 or 4 units in the last place over all finite arguments); float64, which serves
/// gradient checks, asks the scalar library for each lane.
/// </summary>
/// <remarks>Special values are those of <see cref="Math"/>: NaN passes, −0 keeps its sign, overflow gives ∞, subnormals are not flushed.</remarks>
internal static unsafe partial class VectorMath
{
    /// <summary>1/√x with two roundings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Rsqrt<V>(V x) where V : struct, ISimd<V> => V.Create(1) / V.Sqrt(x);

    /// <summary>1/x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Reciprocal<V>(V x) where V : struct, ISimd<V> => V.Create(1) / x;

    /// <summary>The smaller; NaN where either is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Min<V>(V a, V b) where V : struct, ISimd<V> => V.Select(V.Equal(a, a), V.MinNative(a, b), a);

    /// <summary>The larger; NaN where either is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Max<V>(V a, V b) where V : struct, ISimd<V> => V.Select(V.Equal(a, a), V.MaxNative(a, b), a);

    /// <summary>max(x, 0); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Relu<V>(V x) where V : struct, ISimd<V> => V.MaxNative(V.Zero, x);

    /// <summary>x limited to [low, high]; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Clamp<V>(V x, double low, double high) where V : struct, ISimd<V>
        => V.MaxNative(V.Create(low), V.MinNative(V.Create(high), x));

    /// <summary>|a| with the sign bit of b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V CopySign<V>(V a, V b) where V : struct, ISimd<V> => V.Select(V.Create(-0.0), b, a);

    /// <summary>−1, 0 or 1; 0 for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sign<V>(V x) where V : struct, ISimd<V>
        => (V.Less(V.Zero, x) & V.Create(1)) | (V.Less(x, V.Zero) & V.Create(-1));

    /// <summary>1 where the mask is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Truth<V>(V mask) where V : struct, ISimd<V> => mask & V.Create(1);

    /// <summary>Mask of the lanes that are not zero; NaN is not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V NonZero<V>(V x) where V : struct, ISimd<V> => ~V.Equal(x, V.Zero);

    /// <summary>Python's <c>a % b</c>, lane by lane: the quotient of floats may need more bits than a lane has.</summary>
    public static V Mod<V>(V a, V b) where V : struct, ISimd<V> => Lanes.Apply(a, b, &SpecialFunctions.Mod);

    /// <summary>Python's <c>a // b</c>, lane by lane.</summary>
    public static V FloorDiv<V>(V a, V b) where V : struct, ISimd<V> => Lanes.Apply(a, b, &SpecialFunctions.FloorDiv);
}
