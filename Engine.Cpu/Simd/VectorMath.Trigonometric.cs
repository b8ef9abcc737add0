using System.Runtime.CompilerServices;

namespace Engine.Cpu;

internal static unsafe partial class VectorMath
{
    // π/2 in three positive parts. x − n·c₁ is exact in a fused multiply-add, so r keeps full relative accuracy next to multiples of π/2.
    private const double HalfPi1 = 1.570796251296997, HalfPi2 = 7.549789415861596e-08, HalfPi3 = 5.390302529957765e-15;

    /// <summary>Larger arguments, and machines without a fused multiply-add, go through the scalar library.</summary>
    private const double LargestReduced = 65536;

    /// <summary>sin x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sin<V>(V x) where V : struct, ISimd<V>
    {
        if (NeedsScalarReduction(x))
        {
            return Lanes.Apply(x, &Math.Sin);
        }
        (V sin, V cos, V quadrant) = SinCos(x);
        return V.Select(IsOdd(quadrant), cos, sin) ^ SignOfHalfTurn(quadrant);
    }

    /// <summary>cos x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Cos<V>(V x) where V : struct, ISimd<V>
    {
        if (NeedsScalarReduction(x))
        {
            return Lanes.Apply(x, &Math.Cos);
        }
        (V sin, V cos, V quadrant) = SinCos(x);
        // cos x = sin(x + π/2): one quadrant on.
        return V.Select(IsOdd(quadrant), sin, cos) ^ SignOfHalfTurn(V.AddBits(quadrant, V.CreateBits(1)));
    }

    /// <summary>tan x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tan<V>(V x) where V : struct, ISimd<V>
    {
        if (NeedsScalarReduction(x))
        {
            return Lanes.Apply(x, &Math.Tan);
        }
        (V sin, V cos, V quadrant) = SinCos(x);
        V odd = IsOdd(quadrant);
        return V.Select(odd, -cos, sin) / V.Select(odd, sin, cos);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool NeedsScalarReduction<V>(V x) where V : struct, ISimd<V>
        => V.IsFloat64 || !V.HasFusedMultiplyAdd || V.MaskBits(V.Less(V.Create(LargestReduced), V.Abs(x))) != 0;

    // x = n·π/2 + r, |r| ≤ π/4: sin r, cos r, and n in the low bits of the last value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (V Sin, V Cos, V Quadrant) SinCos<V>(V x) where V : struct, ISimd<V>
    {
        // Adding +0 makes n = +0 of x = −0; then every −n·c is −0, and so is r.
        V n = V.Round(V.MultiplyAdd(x, V.Create(2 / Math.PI), V.Zero));
        V r = V.MultiplyAdd(n, V.Create(-HalfPi1), x);
        r = V.MultiplyAdd(n, V.Create(-HalfPi2), r);
        r = V.MultiplyAdd(n, V.Create(-HalfPi3), r);
        V z = r * r;
        V s = V.MultiplyAdd(z, V.Create(-0.00019517906184773892), V.Create(0.008332187309861183));
        s = V.MultiplyAdd(s, z, V.Create(-0.16666655242443085));
        s = r * V.MultiplyAdd(s, z, V.Create(1));
        V c = V.MultiplyAdd(z, V.Create(2.4432327336398885e-05), V.Create(-0.0013887309469282627));
        c = V.MultiplyAdd(c, z, V.Create(0.04166664555668831));
        c = V.MultiplyAdd(c * z, z, V.MultiplyAdd(z, V.Create(-0.5), V.Create(1)));
        return (s, c, n + V.Create(3 << 22));           // 1.5·2²³: leaves the integer in the low bits
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V IsOdd<V>(V quadrant) where V : struct, ISimd<V> => V.ShiftRightBits(V.ShiftLeftBits(quadrant, 31), 31);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V SignOfHalfTurn<V>(V quadrant) where V : struct, ISimd<V>
        => V.ShiftLeftBits(quadrant, 30) & V.Create(-0.0);
}
