using System.Runtime.CompilerServices;

namespace Engine.Cpu;

internal static unsafe partial class VectorMath
{
    // 2/ln 2 in two parts.
    private const double TwoLog2EHigh = 2.885390043258667, TwoLog2ELow = 3.851926067000022e-08;

    /// <summary>aᵇ, as <see cref="Math.Pow"/> in every special case.</summary>
    /// <remarks>
    /// 2^(b·log₂|a|), where the logarithm and the product carry a low part: the exponent reaches ±128, and an error in its last bit
    /// would be an error of 128 units in the result. Lanes with zeros, subnormals, infinities or NaN go through the scalar library.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Pow<V>(V a, V b) where V : struct, ISimd<V>
    {
        if (V.IsFloat64 || !V.HasFusedMultiplyAdd)
        {
            return Lanes.Apply(a, b, &Math.Pow);
        }
        V x = V.Abs(a), infinity = V.Create(double.PositiveInfinity);
        (V high, V low) = Log2(x);
        V product = b * high;
        V rest = V.MultiplyAdd(b, high, -product) + b * low;
        // Far beyond over- and underflow the low part may be ∞ − ∞, and is of no use.
        V z = Clamp(product, -250, 250);
        rest &= V.Equal(z, product);
        V n = V.Round(z);
        V y = V.Scale(Exp2(z - n + rest), n);

        V negative = V.Less(a, V.Zero), half = b * V.Create(0.5);
        V odd = V.Less(V.Floor(half), half);            // if b is an integer at all
        y ^= negative & odd & V.Create(-0.0);
        y = V.Select(V.Less(V.Floor(b), b) & negative, V.Create(double.NaN), y);

        V regular = V.LessOrEqual(V.Create(SmallestNormal), x) & V.Less(x, infinity) & V.Less(V.Abs(b), infinity);
        uint special = V.MaskBits(~regular);
        return special == 0 ? y : Lanes.Patch(y, special, a, b, &Math.Pow);
    }

    // log₂ x of a normal x > 0 as a sum of two floats. x = 2ᵉ·m; log₂ m = 2/ln 2 · atanh(s), s = (m − 1)/(m + 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (V High, V Low) Log2<V>(V x) where V : struct, ISimd<V>
    {
        V one = V.Create(1);
        V exponent = ExponentBits(x);
        V e = V.BitsToValue(exponent);
        V m = V.SubtractBits(x, V.ShiftLeftBits(exponent, 23));
        V numerator = m - one, denominator = m + one;
        V denominatorLow = m - (denominator - one);
        V s = numerator / denominator;
        V sLow = (V.MultiplyAdd(-s, denominator, numerator) - s * denominatorLow) / denominator;
        // atanh(s) = s + s³/3 + s⁵·R(s²), to a relative error of 2⁻³⁵; the cube needs a low part as well.
        V t = s * s, tLow = V.MultiplyAdd(s, s, -t);
        V cube = s * t, cubeLow = V.MultiplyAdd(s, tLow, V.MultiplyAdd(s, t, -cube));
        V third = V.Create(0.3333333134651184);
        V w = cube * third, wLow = V.MultiplyAdd(cubeLow, third, V.MultiplyAdd(cube, third, -w));
        V r = V.MultiplyAdd(t, V.Create(0.12139521539211273), V.Create(0.14249394834041595));
        r = V.MultiplyAdd(r, t, V.Create(0.20000486075878143));
        V rest = V.MultiplyAdd(cube * t, r, V.MultiplyAdd(sLow, t, sLow) + wLow);    // atanh′(s) ≈ 1 + s²
        V atanh = s + w;
        V atanhLow = s - atanh + w + rest;
        V scale = V.Create(TwoLog2EHigh);
        V p = atanh * scale;
        V pLow = V.MultiplyAdd(atanh, scale, -p) + V.MultiplyAdd(atanh, V.Create(TwoLog2ELow), atanhLow * scale);
        V sum = e + p;
        V low = e - sum + p + pLow;
        V high = sum + low;
        return (high, sum - high + low);
    }

    // 2ʳ for |r| ≤ ½, to a relative error of 2⁻²⁸.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Exp2<V>(V r) where V : struct, ISimd<V>
    {
        V p = V.MultiplyAdd(r, V.Create(0.00015329234884120524), V.Create(0.0013391890097409487));
        p = V.MultiplyAdd(p, r, V.Create(0.009618503041565418));
        p = V.MultiplyAdd(p, r, V.Create(0.05550358071923256));
        p = V.MultiplyAdd(p, r, V.Create(0.24022647738456726));
        p = V.MultiplyAdd(p, r, V.Create(0.6931471824645996));
        return V.MultiplyAdd(p, r, V.Create(1));
    }
}
