using System.Runtime.CompilerServices;

namespace Engine.Cpu;

internal static unsafe partial class VectorMath
{
    private const double Log2E = 1.4426950408889634;

    // ln 2 in two parts; the upper has 9 bits, so that its product with an exponent is exact.
    private const double Ln2High = 0.693359375;
    private const double Ln2Low = -0.00021219444170128554;

    // Added to a small number, 1.5·2²³ rounds it to an integer and leaves that in the low bits.
    private const double IntegerBits = 3 << 22;

    // Up to here 2ⁿ and the result are normal.
    private const double LargestNormalExponent = 86;

    /// <summary>eˣ.</summary>
    /// <remarks>
    /// x = n·ln 2 + r, |r| ≤ ln 2 / 2; eʳ = 1 + r + r²·q(r). Where vectors have no instruction that scales, n is added to the exponent's bits if all
    /// lanes allow it.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<V>(V x) where V : struct, ISimd<V>
    {
        if (V.IsFloat64)
        {
            return Lanes.Apply(x, &Math.Exp);
        }
        V scale = V.Create(Log2E), magic = V.Create(IntegerBits), bits;
        if (!V.ScalesInOneStep && V.MaskBits(V.LessOrEqual(V.Abs(x), V.Create(LargestNormalExponent))) == uint.MaxValue >> (32 - V.Count))
        {
            bits = V.MultiplyAdd(x, scale, magic);
            return V.AddBits(ExpOfRest(x, bits - magic), V.ShiftLeftBits(bits, 23));
        }

        // The same n as above: equal elements get equal bits whatever lies beside them.
        x = Clamp(x, -104, 89);                         // beyond, the result is 0 or ∞ already
        bits = V.MultiplyAdd(x, scale, magic);
        return V.Scale(ExpOfRest(x, bits - magic), bits - magic);
    }

    // e^(x − n·ln 2)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V ExpOfRest<V>(V x, V n) where V : struct, ISimd<V>
    {
        V r = V.MultiplyAdd(n, V.Create(-Ln2High), x);
        r = V.MultiplyAdd(n, V.Create(-Ln2Low), r);
        return V.MultiplyAdd(V.MultiplyAdd(ExpRemainder(r), r, V.Create(1)), r, V.Create(1));
    }

    /// <summary>eˣ − 1, accurate near 0.</summary>
    /// <remarks>2ⁿ·(eʳ − 1) + (2ⁿ − 1), at half its size so that 2ⁿ does not overflow before the result does.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Expm1<V>(V x) where V : struct, ISimd<V>
    {
        if (V.IsFloat64)
        {
            return Lanes.Apply(x, &SpecialFunctions.Expm1);
        }
        (V n, V r) = ReduceByLn2(Clamp(x, -18, 89));
        V q = V.MultiplyAdd(ExpRemainder(r), r * r, r);
        V half = V.Scale(V.Create(0.5), n);
        V y = V.MultiplyAdd(half, q, half - V.Create(0.5));
        return CopySign(y + y, x);                      // −0 stays −0
    }

    /// <summary>1/(1 + e⁻ˣ).</summary>
    /// <remarks>From e⁻|x|, which neither overflows nor loses the tail on the left.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid<V>(V x) where V : struct, ISimd<V>
    {
        if (V.IsFloat64)
        {
            return Lanes.Apply(x, &SpecialFunctions.Sigmoid);
        }
        V e = Exp(x | V.Create(-0.0));
        return V.Select(V.Less(x, V.Zero), e, V.Create(1)) / (V.Create(1) + e);
    }

    /// <summary>tanh x.</summary>
    /// <remarks>−t/(t + 2) with t = e^(−2|x|) − 1 in [−1, 0]: no overflow for large |x|, no cancellation near 0.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh<V>(V x) where V : struct, ISimd<V>
    {
        if (V.IsFloat64)
        {
            return Lanes.Apply(x, &Math.Tanh);
        }
        V one = V.Create(1);
        V a = V.MaxNative(V.Create(-20), V.Abs(x) * V.Create(-2));
        (V n, V r) = ReduceByLn2(a);
        V q = V.MultiplyAdd(ExpRemainder(r), r * r, r);
        V power = V.AddBits(one, V.ShiftLeftBits(n + V.Create(3 << 22), 23));    // 1.5·2²³ leaves the integer in the low bits
        V t = V.MultiplyAdd(power, q, power - one);
        return CopySign(t / (t + V.Create(2)), x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (V N, V R) ReduceByLn2<V>(V x) where V : struct, ISimd<V>
    {
        V n = V.Round(x * V.Create(Log2E));
        V r = V.MultiplyAdd(n, V.Create(-Ln2High), x);
        return (n, V.MultiplyAdd(n, V.Create(-Ln2Low), r));
    }

    // q(r) = (eʳ − 1 − r)/r², fitted so that r + r²·q has relative error 2⁻²⁶ as a value of eʳ − 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V ExpRemainder<V>(V r) where V : struct, ISimd<V>
    {
        V q = V.MultiplyAdd(r, V.Create(0.0013870695838704705), V.Create(0.00836627185344696));
        q = V.MultiplyAdd(q, r, V.Create(0.04166743531823158));
        q = V.MultiplyAdd(q, r, V.Create(0.1666654646396637));
        return V.MultiplyAdd(q, r, V.Create(0.4999999701976776));
    }
}
