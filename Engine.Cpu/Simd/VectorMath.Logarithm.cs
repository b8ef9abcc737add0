using System.Runtime.CompilerServices;

namespace Engine.Cpu;

internal static unsafe partial class VectorMath
{
    private const long SqrtHalfBits = 0x3F3504F3;
    private const double SmallestNormal = 1.17549435e-38;

    /// <summary>ln x; −∞ at 0, NaN below.</summary>
    /// <remarks>x = 2ᵉ·(1 + f) with 1 + f in [√½, √2).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log<V>(V x) where V : struct, ISimd<V>
    {
        if (V.IsFloat64)
        {
            return Lanes.Apply(x, &Math.Log);
        }
        V small = V.Less(x, V.Create(SmallestNormal));  // subnormals are scaled up; results for x ≤ 0 are replaced below
        V scaled = V.Select(small, x * V.Create(1 << 23), x);
        V e = ExponentBits(scaled);
        V f = V.SubtractBits(scaled, V.ShiftLeftBits(e, 23)) - V.Create(1);
        V y = LogOfSum(f, V.BitsToValue(e) - (small & V.Create(23)));
        return LogSpecials(y, x, V.Zero);
    }

    /// <summary>ln(1 + x), accurate near 0; −∞ at −1, NaN below.</summary>
    /// <remarks>The exponent comes from the rounded 1 + x, f = x·2⁻ᵉ + (2⁻ᵉ − 1) from x itself.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log1p<V>(V x) where V : struct, ISimd<V>
    {
        if (V.IsFloat64)
        {
            return Lanes.Apply(x, &SpecialFunctions.Log1p);
        }
        V one = V.Create(1);
        V u = one + x;
        V e = ExponentBits(u);
        V exponent = V.ShiftLeftBits(e, 23);
        V scale = V.SubtractBits(one, exponent);
        V f = V.MultiplyAdd(x, scale, scale - one);
        // For large x the 1 does not matter, and 2⁻ᵉ could be subnormal.
        f = V.Select(V.Less(V.Create(1 << 25), x), V.SubtractBits(u, exponent) - one, f);
        V y = LogOfSum(f, V.BitsToValue(e));
        return CopySign(LogSpecials(y, x, V.Create(-1)), x);
    }

    // The e of x = 2ᵉ·m, m in [√½, √2), as an integer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V ExponentBits<V>(V x) where V : struct, ISimd<V>
        => V.ShiftRightBits(V.SubtractBits(x, V.CreateBits(SqrtHalfBits)), 23);

    // ln(1 + f) + e·ln 2 = f − f²/2 + f³·P(f) + e·ln 2, the small terms first. The fit of P adds a relative error of 2⁻²⁷.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LogOfSum<V>(V f, V e) where V : struct, ISimd<V>
    {
        V p = V.MultiplyAdd(f, V.Create(-0.07635894417762756), V.Create(0.1276211440563202));
        p = V.MultiplyAdd(p, f, V.Create(-0.13159753382205963));
        p = V.MultiplyAdd(p, f, V.Create(0.14201609790325165));
        p = V.MultiplyAdd(p, f, V.Create(-0.16623401641845703));
        p = V.MultiplyAdd(p, f, V.Create(0.20001240074634552));
        p = V.MultiplyAdd(p, f, V.Create(-0.2500081956386566));
        p = V.MultiplyAdd(p, f, V.Create(0.3333333134651184));
        V square = f * f;
        V y = V.MultiplyAdd(p * f, square, e * V.Create(Ln2Low));
        y = V.MultiplyAdd(square, V.Create(-0.5), y);
        return V.MultiplyAdd(e, V.Create(Ln2High), f + y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LogSpecials<V>(V y, V x, V pole) where V : struct, ISimd<V>
    {
        V infinity = V.Create(double.PositiveInfinity);
        V special = V.Select(V.Less(x, pole), V.Create(double.NaN), V.Select(V.Equal(x, pole), -infinity, x));
        return V.Select(V.Less(pole, x) & V.Less(x, infinity), y, special);
    }
}
