namespace Engine.Gpu;

internal static partial class MathFunctions
{
    // 2^(b·log₂|a|), where the logarithm and the product carry a low part: the exponent reaches ±128 (±1024), and an error in its last
    // bit would be an error of as many units in the result.
    private static Value PowBySeries(KernelBuilder k, Value a, Value b)
    {
        Value x = k.Unary(Opcode.Abs, a), infinity = x.Like(double.PositiveInfinity);
        Value small = x < (IsSingle(x) ? SmallestNormalSingle : SmallestNormalDouble);
        int lift = IsSingle(x) ? 23 : 52;
        (Value high, Value low) = Log2(k, k.Select(small, x * (1L << lift), x), k.Select(small, x.Like(lift), x.Like(0)));
        double limit = IsSingle(x) ? 250 : 2000;
        Value product = b * high;
        Value rest = k.Fma(b, high, -product) + (b * low);
        Value z = k.Max(k.Min(product, x.Like(limit)), x.Like(-limit));

        // Far beyond over- and underflow the low part may be ∞ − ∞, and is of no use.
        rest = k.Select(z.Is(product), rest, x.Like(0));
        Value n = k.Unary(Opcode.Round, z);
        Value y = Scale(k, Exp2(k, z - n + rest), n);

        Value half = b * 0.5;
        Value isInteger = k.Unary(Opcode.Floor, b).Is(b);
        Value isOdd = isInteger & (k.Unary(Opcode.Floor, half) < half);
        Value negative = a.As(x.Type == RegisterType.Float32 ? RegisterType.Int32 : RegisterType.Int64) < 0;

        // The table of C99: where |a| is 0 or ∞, where b is ±∞, then signs.
        Value one = x.Like(1), zero = x.Like(0);
        y = k.Select(x.Is(0), k.Select(b < 0, infinity, zero), y);
        y = k.Select(x.Is(infinity), k.Select(b < 0, zero, infinity), y);
        y = k.Select(k.Unary(Opcode.Abs, b).Is(infinity), k.Select(x.Is(1), one, k.Select((x > 1) ^ (b < 0), infinity, zero)), y);
        y = k.Select(negative & isOdd, -y, y);
        y = k.Select((a < 0) & !isInteger & (x < infinity) & (k.Unary(Opcode.Abs, b) < infinity), x.Like(double.NaN), y);
        y = k.Select(a.IsNot(a) | b.IsNot(b), a + b, y);
        return k.Select(b.Is(0) | a.Is(1), one, y);
    }

    // log₂ x of a normal x > 0, less the lift, as a sum of two floats. x = 2ᵉ·m; log₂ m = 2/ln 2 · atanh(s), s = (m − 1)/(m + 1).
    private static (Value High, Value Low) Log2(KernelBuilder k, Value x, Value lift)
    {
        bool single = IsSingle(x);
        Value m, exponent;
        if (single)
        {
            Value e = ExponentOf(x);
            m = (x.As(RegisterType.Int32) - (e << 23)).As(RegisterType.Float32);
            exponent = e.To(RegisterType.Float32) - lift;
        }
        else
        {
            (m, Value e) = Split(x);
            exponent = e.To(RegisterType.Float64) - lift;
        }

        Value numerator = m - 1, denominator = m + 1;
        Value denominatorLow = m - (denominator - 1);
        Value s = numerator / denominator;
        Value sLow = (k.Fma(-s, denominator, numerator) - (s * denominatorLow)) / denominator;

        // atanh(s) = s + s³/3 + s⁵·R(s²); the cube needs a low part as well.
        Value t = s * s, tLow = k.Fma(s, s, -t);
        Value cube = s * t, cubeLow = k.Fma(s, tLow, k.Fma(s, t, -cube));
        double third = single ? (float)(1.0 / 3) : 1.0 / 3;
        double thirdLow = single ? (1.0 / 3) - third : 1.850371707708594e-17;
        Value w = cube * third, wLow = k.Fma(cubeLow, x.Like(third), k.Fma(cube, x.Like(third), -w)) + (cube * thirdLow);
        Value r = single ? Polynomial(k, t, 0.20000486075878143, 0.14249394834041595, 0.12139521539211273) : AtanhTail(k, t);
        Value rest = k.Fma(cube * t, r, k.Fma(sLow, t, sLow) + wLow);                                      // atanh′(s) ≈ 1 + s²
        Value atanh = s + w;
        Value atanhLow = s - atanh + w + rest;

        // 2/ln 2 in two parts.
        double scale = single ? 2.885390043258667 : 2.8853900817779268;
        double scaleLow = single ? 3.851926067000022e-08 : 4.0710547481862066e-17;
        Value p = atanh * scale;
        Value pLow = k.Fma(atanh, x.Like(scale), -p) + k.Fma(atanh, x.Like(scaleLow), atanhLow * scale);
        Value sum = exponent + p;
        Value low = exponent - sum + p + pLow;
        Value high = sum + low;
        return (high, sum - high + low);
    }

    // Σ tⁱ/(2i + 5).
    private static Value AtanhTail(KernelBuilder k, Value t)
    {
        Span<double> coefficients = stackalloc double[10];
        for (int i = 0; i < coefficients.Length; i++)
        {
            coefficients[i] = 1.0 / ((2 * i) + 5);
        }

        return Polynomial(k, t, coefficients);
    }

    // 2ʳ for |r| ≤ ½.
    private static Value Exp2(KernelBuilder k, Value r)
    {
        if (!IsSingle(r))
        {
            Value x = r * 0.6931471805599453;
            return k.Fma(ExpRemainderDouble(k, x), x, x.Like(1));
        }

        return Polynomial(
            k, r, 1, 0.6931471824645996, 0.24022647738456726, 0.05550358071923256, 0.009618503041565418, 0.0013391890097409487, 0.00015329234884120524);
    }
}
