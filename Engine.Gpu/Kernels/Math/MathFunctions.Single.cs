namespace Engine.Gpu;

internal static partial class MathFunctions
{
    private const double Log2E = 1.4426950408889634;
    private const double Ln2 = 0.6931471805599453;

    // ln 2 in two parts; the upper has 9 bits, so that its product with an exponent is exact.
    private const double Ln2High = 0.693359375;
    private const double Ln2Low = -0.00021219444170128554;
    private const double SmallestNormalSingle = 1.17549435e-38;

    // x = n·ln 2 + r, |r| ≤ ln 2 / 2; eʳ = 1 + r + r²·q(r).
    private static Value ExpSingle(KernelBuilder k, Value x)
    {
        x = k.Max(k.Min(x, x.Like(89)), x.Like(-104));                  // beyond, the result is 0 or ∞ already
        (Value n, Value r) = ReduceByLn2(k, x);
        Value p = k.Fma(k.Fma(ExpRemainder(k, r), r, x.Like(1)), r, x.Like(1));
        return ScaleOrNaN(k, p, n, x);
    }

    // As ExpSingle, but no result leaves the range of normal numbers: a multiplication by one power of two is enough.
    private static Value ExpUpToOneSingle(KernelBuilder k, Value x)
    {
        const double Lowest = -87;
        (Value n, Value r) = ReduceByLn2(k, k.Max(x, x.Like(Lowest)));
        Value p = k.Fma(k.Fma(ExpRemainder(k, r), r, x.Like(1)), r, x.Like(1));
        return k.Select(x < Lowest, x.Like(0), p * PowerOfTwo(n));
    }

    /// <summary>2ˣ of a single that is no more than some units above 0, as weights of a softmax are; 0 where the result would be subnormal.</summary>
    /// <remarks>x = n + r and 2ʳ = e^(r·ln 2); n is exact, and no result leaves the range, so that half of <see cref="Exp"/> is not needed.</remarks>
    public static Value PowerOfTwoUpToOne(KernelBuilder k, Value x)
    {
        const double Lowest = -126;
        Value bounded = k.Max(x, x.Like(Lowest));
        Value n = k.Unary(Opcode.Round, bounded);
        Value r = (bounded - n) * Ln2;
        Value p = k.Fma(k.Fma(ExpRemainder(k, r), r, x.Like(1)), r, x.Like(1));
        return k.Select(x < Lowest, x.Like(0), p * PowerOfTwo(n));
    }

    // 2ⁿ·(eʳ − 1) + (2ⁿ − 1), at half its size so that 2ⁿ does not overflow before the result does.
    private static Value Expm1Single(KernelBuilder k, Value x)
    {
        Value bounded = k.Max(k.Min(x, x.Like(89)), x.Like(-18));
        (Value n, Value r) = ReduceByLn2(k, bounded);
        Value q = k.Fma(ExpRemainder(k, r), r * r, r);
        Value half = ScaleOrNaN(k, x.Like(0.5), n, bounded);
        Value y = k.Fma(half, q, half - 0.5);
        return k.CopySign(y + y, x);                                     // −0 stays −0
    }

    private static (Value N, Value R) ReduceByLn2(KernelBuilder k, Value x)
    {
        Value n = k.Unary(Opcode.Round, x * Log2E);
        Value r = k.Fma(n, x.Like(-Ln2High), x);
        return (n, k.Fma(n, x.Like(-Ln2Low), r));
    }

    // The conversion of a NaN exponent to an integer is 0, so that NaN has to come from the mantissa: p is NaN where x is.
    private static Value ScaleOrNaN(KernelBuilder k, Value p, Value n, Value x) => k.Select(x.IsNot(x), x, Scale(k, p, n));

    // q(r) = (eʳ − 1 − r)/r², fitted so that r + r²·q has relative error 2⁻²⁶ as a value of eʳ − 1.
    private static Value ExpRemainder(KernelBuilder k, Value r) =>
        Polynomial(k, r, 0.4999999701976776, 0.1666654646396637, 0.04166743531823158, 0.00836627185344696, 0.0013870695838704705);

    // x = 2ᵉ·(1 + f) with 1 + f in [√½, √2).
    private static Value LogSingle(KernelBuilder k, Value x)
    {
        Value small = x < SmallestNormalSingle;                         // subnormals are scaled up; results for x ≤ 0 are replaced below
        Value scaled = k.Select(small, x * (1 << 23), x);
        Value e = ExponentOf(scaled);
        Value f = (scaled.As(RegisterType.Int32) - (e << 23)).As(RegisterType.Float32) - 1;
        Value y = LogOfSum(k, f, e.To(RegisterType.Float32) - k.Select(small, x.Like(23), x.Like(0)));
        return LogSpecials(k, y, x, 0);
    }

    // The exponent comes from the rounded 1 + x, f = x·2⁻ᵉ + (2⁻ᵉ − 1) from x itself.
    private static Value Log1pSingle(KernelBuilder k, Value x)
    {
        Value u = x + 1;
        Value e = ExponentOf(u);
        Value scale = (k.Int32(127 << 23) - (e << 23)).As(RegisterType.Float32);
        Value f = k.Fma(x, scale, scale - 1);

        // For large x the 1 does not matter, and 2⁻ᵉ could be subnormal.
        f = k.Select(x > (1 << 25), (u.As(RegisterType.Int32) - (e << 23)).As(RegisterType.Float32) - 1, f);
        Value y = LogOfSum(k, f, e.To(RegisterType.Float32));
        return k.CopySign(LogSpecials(k, y, x, -1), x);
    }

    // The e of x = 2ᵉ·m, m in [√½, √2).
    private static Value ExponentOf(Value x) => (x.As(RegisterType.Int32) - 0x3F3504F3) >> 23;

    // ln(1 + f) + e·ln 2 = f − f²/2 + f³·P(f) + e·ln 2, the small terms first. The fit of P adds a relative error of 2⁻²⁷.
    private static Value LogOfSum(KernelBuilder k, Value f, Value e)
    {
        Value p = Polynomial(
            k, f, 0.3333333134651184, -0.2500081956386566, 0.20001240074634552, -0.16623401641845703, 0.14201609790325165,
            -0.13159753382205963, 0.1276211440563202, -0.07635894417762756);
        Value square = f * f;
        Value y = k.Fma(p * f, square, e * Ln2Low);
        y = k.Fma(square, f.Like(-0.5), y);
        return k.Fma(e, f.Like(Ln2High), f + y);
    }

    // Three parts of π/2 serve up to 65536.
    private static (Value R, Value Quadrant) ReduceSingle(KernelBuilder k, Value x)
    {
        Value n = k.Unary(Opcode.Round, k.Fma(x, x.Like(2 / System.Math.PI), x.Like(0)));
        Value r = k.Fma(n, x.Like(-1.570796251296997), x);
        r = k.Fma(n, x.Like(-7.549789415861596e-08), r);
        r = k.Fma(n, x.Like(-5.390302529957765e-15), r);
        Variable reduced = k.Variable(r), quadrant = k.Variable(n.To(RegisterType.Int32));
        k.If(k.Unary(Opcode.Abs, x) >= 65536, () => (reduced.Value, quadrant.Value) = HugeArgument.Reduce(k, x));
        return (reduced.Value, quadrant.Value);
    }

    private static (Value Sin, Value Cos) SinCosSingle(KernelBuilder k, Value r)
    {
        Value z = r * r;
        Value s = r * k.Fma(Polynomial(k, z, -0.16666655242443085, 0.008332187309861183, -0.00019517906184773892), z, r.Like(1));
        Value c = Polynomial(k, z, 0.04166664555668831, -0.0013887309469282627, 2.4432327336398885e-05);
        return (s, k.Fma(c * z, z, k.Fma(z, r.Like(-0.5), r.Like(1))));
    }

    // x + x·P(x²) for |x| < 1, 1 − 1/p(|x|)⁸ beyond; erf rounds to 1 from 3.93 on.
    private static Value ErfSingle(KernelBuilder k, Value x)
    {
        Value a = k.Min(k.Unary(Opcode.Abs, x), x.Like(3.93));
        Value p = Polynomial(
            k, a * a, 0.12837916612625122, -0.3761262595653534, 0.11283578723669052, -0.026853347197175026, 0.005187162198126316,
            -0.0007997853099368513, 7.806903158780187e-05);
        Value root = Polynomial(
            k, a, 0.9963779449462891, 0.1597188413143158, 0.04841979965567589, 0.07480309903621674, -0.033702559769153595,
            0.01799928955733776, -0.004052219446748495, 0.0005478975363075733);
        Value y = 1 / root;
        Value y2 = y * y, y4 = y2 * y2;
        return k.CopySign(k.Select(a < 1, k.Fma(a, p, a), k.Fma(-y4, y4, x.Like(1))), x);
    }
}
