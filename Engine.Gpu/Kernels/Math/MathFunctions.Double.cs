namespace Engine.Gpu;

internal static partial class MathFunctions
{
    // ln 2 and π/2 in parts whose upper ones end in zeros, so that products with an exponent or a count of turns are exact.
    private const double Ln2HighDouble = 6.93147180369123816490e-01, Ln2LowDouble = 1.90821492927058770002e-10;
    private const double HalfPiHigh = 1.5707963267948966, HalfPiMiddle = 6.123233995736766e-17, HalfPiLow = -1.4973849048591698e-33;
    private const double SmallestNormalDouble = 2.2250738585072014e-308;

    private static Value ExpDouble(KernelBuilder k, Value x)
    {
        x = k.Max(k.Min(x, x.Like(710)), x.Like(-746));
        (Value n, Value r) = ReduceByLn2Double(k, x);
        return ScaleOrNaN(k, k.Fma(ExpRemainderDouble(k, r), r, x.Like(1)), n, x);
    }

    private static Value Expm1Double(KernelBuilder k, Value x)
    {
        Value bounded = k.Max(k.Min(x, x.Like(710)), x.Like(-40));
        (Value n, Value r) = ReduceByLn2Double(k, bounded);
        Value half = ScaleOrNaN(k, x.Like(0.5), n, bounded);
        Value y = k.Fma(half, ExpRemainderDouble(k, r) * r, half - 0.5);
        return k.CopySign(y + y, x);
    }

    private static (Value N, Value R) ReduceByLn2Double(KernelBuilder k, Value x)
    {
        Value n = k.Unary(Opcode.Round, x * Log2E);
        return (n, k.Fma(n, x.Like(-Ln2LowDouble), k.Fma(n, x.Like(-Ln2HighDouble), x)));
    }

    // (eʳ − 1)/r = Σ rⁱ/(i + 1)!: for |r| ≤ ln 2 / 2 the fourteenth term is below 2⁻⁶⁰.
    private static Value ExpRemainderDouble(KernelBuilder k, Value r)
    {
        Span<double> coefficients = stackalloc double[14];
        double factorial = 1;
        for (int i = 0; i < coefficients.Length; i++)
        {
            factorial *= i + 1;
            coefficients[i] = 1 / factorial;
        }

        return Polynomial(k, r, coefficients);
    }

    private static Value LogDouble(KernelBuilder k, Value x)
    {
        Value small = x < SmallestNormalDouble;
        Value scaled = k.Select(small, x * (1L << 52), x);
        (Value m, Value e) = Split(scaled);
        Value exponent = e.To(RegisterType.Float64) - k.Select(small, x.Like(52), x.Like(0));
        return LogSpecials(k, LogOfSplit(k, m - 1, exponent), x, 0);
    }

    // With u = 1 + x rounded, ln(u)·x/(u − 1): the rounding of u cancels, since ln(u)/(u − 1) varies so slowly (Kahan).
    private static Value Log1pDouble(KernelBuilder k, Value x)
    {
        Value u = x + 1;
        Value y = LogDouble(k, u) * (x / (u - 1));
        return k.Select(u.Is(1) | x.Is(double.PositiveInfinity), x, y);
    }

    // x = 2ᵉ·m, m in [√½, √2).
    private static (Value M, Value E) Split(Value x)
    {
        Value bits = x.As(RegisterType.Int64);
        Value e = (bits - 0x3FE6A09E667F3BCD) >> 52;
        return ((bits - (e << 52)).As(RegisterType.Float64), e);
    }

    // ln(1 + f) = 2·atanh(s) with s = f/(2 + f), |s| ≤ 0.172, as f − s·(f − 2·Σ s²ⁱ/(2i + 1), i ≥ 1): f is exact, the rest small.
    private static Value LogOfSplit(KernelBuilder k, Value f, Value e)
    {
        Value s = f / (f + 2), z = s * s;
        Span<double> coefficients = stackalloc double[11];
        for (int i = 0; i < coefficients.Length; i++)
        {
            coefficients[i] = 2.0 / ((2 * i) + 3);
        }

        Value tail = Polynomial(k, z, coefficients) * z;
        Value y = k.Fma(e, f.Like(Ln2LowDouble), -(s * (f - tail)));
        return k.Fma(e, f.Like(Ln2HighDouble), f + y);
    }

    private static (Value R, Value Quadrant) ReduceDouble(KernelBuilder k, Value x)
    {
        Value n = k.Unary(Opcode.Round, k.Fma(x, x.Like(2 / System.Math.PI), x.Like(0)));
        Value r = k.Fma(n, x.Like(-HalfPiHigh), x);
        r = k.Fma(n, x.Like(-HalfPiMiddle), r);
        r = k.Fma(n, x.Like(-HalfPiLow), r);

        Variable reduced = k.Variable(r), quadrant = k.Variable(n.To(RegisterType.Int32));
        k.If(k.Unary(Opcode.Abs, x) >= 1L << 30, () => (reduced.Value, quadrant.Value) = HugeArgument.Reduce(k, x));
        return (reduced.Value, quadrant.Value);
    }

    // Taylor's series: at π/4 the terms beyond are below 2⁻⁵⁸.
    private static (Value Sin, Value Cos) SinCosDouble(KernelBuilder k, Value r)
    {
        Span<double> sine = stackalloc double[8], cosine = stackalloc double[8];
        double factorial = 2;
        for (int i = 0; i < sine.Length; i++)
        {
            double sign = i % 2 == 0 ? -1 : 1;
            sine[i] = sign / (factorial *= (2 * i) + 3);                // −1/3!, 1/5!, …
            cosine[i] = -sign / (factorial *= (2 * i) + 4);             // 1/4!, −1/6!, …
        }

        Value z = r * r;
        Value s = k.Fma(Polynomial(k, z, sine) * z, r, r);
        Value c = k.Fma(Polynomial(k, z, cosine) * z, z, k.Fma(z, r.Like(-0.5), r.Like(1)));
        return (s, c);
    }

    // erf x = 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·5···(2n+1)) below 2.5, where all terms have one sign; beyond, erfc's continued fraction.
    private static Value ErfDouble(KernelBuilder k, Value x)
    {
        Value a = k.Min(k.Unary(Opcode.Abs, x), x.Like(6));
        Value square = a * a, power = ExpDouble(k, -square);
        Variable result = k.Variable(a);
        k.If(
            a < 2.5,
            () =>
            {
                Variable term = k.Variable(a), sum = k.Variable(a);
                k.For(1, k.Int32(60), 1, n =>
                {
                    term.Value = term.Value * (square * 2) / ((n.To(RegisterType.Float64) * 2) + 1);
                    sum.Value = sum.Value + term.Value;
                });
                result.Value = sum.Value * power * (2 / System.Math.Sqrt(System.Math.PI));
            },
            () =>
            {
                Variable fraction = k.Variable(a);
                k.For(0, k.Int32(60), 1, i => fraction.Value = a + ((60 - i.To(RegisterType.Float64)) * 0.5 / fraction.Value));
                result.Value = 1 - (power / (fraction.Value * System.Math.Sqrt(System.Math.PI)));
            });
        return k.CopySign(result.Value, x);
    }
}
