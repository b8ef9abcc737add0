namespace Engine.Gpu;

/// <summary>
/// Elementary functions in kernels. Where the target's language has them they are calls, elsewhere arithmetic: float32 by the fits that the
/// CPU backend uses too (2 to 4 units in the last place), float64, which serves gradient checks, by series (about 4).
/// </summary>
/// <remarks>Special values are those of <see cref="System.Math"/>: NaN passes, −0 keeps its sign, overflow gives ∞.</remarks>
internal static partial class MathFunctions
{
    /// <summary>eˣ.</summary>
    public static Value Exp(KernelBuilder k, Value x) =>
        k.Target.HasMathFunctions ? k.Unary(Opcode.Exp, x) : IsSingle(x) ? ExpSingle(k, x) : ExpDouble(k, x);

    /// <summary>eˣ where x is no more than some units above 0, as in a softmax; 0 where a single result would be subnormal.</summary>
    public static Value ExpUpToOne(KernelBuilder k, Value x) => k.Target.HasMathFunctions || !IsSingle(x) ? Exp(k, x) : ExpUpToOneSingle(k, x);

    /// <summary>eˣ − 1, accurate near 0.</summary>
    public static Value Expm1(KernelBuilder k, Value x) =>
        k.Target.HasMathFunctions ? k.Unary(Opcode.Expm1, x) : IsSingle(x) ? Expm1Single(k, x) : Expm1Double(k, x);

    /// <summary>ln x; −∞ at 0, NaN below.</summary>
    public static Value Log(KernelBuilder k, Value x) =>
        k.Target.HasMathFunctions ? k.Unary(Opcode.Log, x) : IsSingle(x) ? LogSingle(k, x) : LogDouble(k, x);

    /// <summary>ln(1 + x), accurate near 0.</summary>
    public static Value Log1p(KernelBuilder k, Value x) =>
        k.Target.HasMathFunctions ? k.Unary(Opcode.Log1p, x) : IsSingle(x) ? Log1pSingle(k, x) : Log1pDouble(k, x);

    /// <summary>sin x in radians, for arguments of any size.</summary>
    public static Value Sin(KernelBuilder k, Value x) => k.Target.HasMathFunctions ? k.Unary(Opcode.Sin, x) : SinCos(k, x).Sin;

    /// <summary>cos x in radians.</summary>
    public static Value Cos(KernelBuilder k, Value x) => k.Target.HasMathFunctions ? k.Unary(Opcode.Cos, x) : SinCos(k, x).Cos;

    /// <summary>tan x in radians.</summary>
    public static Value Tan(KernelBuilder k, Value x)
    {
        if (k.Target.HasMathFunctions)
        {
            return k.Unary(Opcode.Tan, x);
        }

        (Value sin, Value cos) = SinCos(k, x);
        return sin / cos;
    }

    /// <summary>tanh x.</summary>
    /// <remarks>
    /// −t/(t + 2) with t = e^(−2|x|) − 1 in [−1, 0]: no overflow for large |x|, no cancellation near 0. OpenCL allows its own function 5 units in the last
    /// place, also where tanh x is ±1; there it is ±1 here, because 1 + tanh x must be 0 and not 6e-8 for x = −∞.
    /// </remarks>
    public static Value Tanh(KernelBuilder k, Value x)
    {
        if (k.Target.HasMathFunctions)
        {
            Value saturated = k.Unary(Opcode.Abs, x) > (IsSingle(x) ? 10 : 20);
            return k.Select(saturated, k.CopySign(x.Like(1), x), k.Unary(Opcode.Tanh, x));
        }

        Value t = Expm1(k, k.Unary(Opcode.Abs, x) * -2);
        return k.CopySign(-t / (t + 2), x);
    }

    /// <summary>1/(1 + e⁻ˣ).</summary>
    /// <remarks>From e⁻|x|, which neither overflows nor loses the tail on the left.</remarks>
    public static Value Sigmoid(KernelBuilder k, Value x)
    {
        Value e = Exp(k, -k.Unary(Opcode.Abs, x));
        return k.Select(x < 0, e, x.Like(1)) / (e + 1);
    }

    /// <summary>erf x.</summary>
    public static Value Erf(KernelBuilder k, Value x) =>
        k.Target.HasMathFunctions ? k.Unary(Opcode.Erf, x) : IsSingle(x) ? ErfSingle(k, x) : ErfDouble(k, x);

    /// <summary>aᵇ, as <see cref="System.Math.Pow"/> in every special case.</summary>
    public static Value Pow(KernelBuilder k, Value a, Value b) =>
        k.Target.HasMathFunctions ? k.Binary(Opcode.Pow, a, b) : PowBySeries(k, a, b);

    /// <summary>1/√x with two roundings.</summary>
    public static Value Rsqrt(KernelBuilder k, Value x) => 1 / k.Unary(Opcode.Sqrt, x);

    private static bool IsSingle(Value x) => x.Type == RegisterType.Float32;

    /// <summary>c₀ + c₁·x + c₂·x² + …</summary>
    private static Value Polynomial(KernelBuilder k, Value x, params ReadOnlySpan<double> coefficients)
    {
        Value y = x.Like(coefficients[^1]);
        for (int i = coefficients.Length - 2; i >= 0; i--)
        {
            y = k.Fma(y, x, x.Like(coefficients[i]));
        }

        return y;
    }

    /// <summary>2ⁿ of an integral float n in the range of normal exponents.</summary>
    private static Value PowerOfTwo(Value n) => IsSingle(n)
        ? ((n.To(RegisterType.Int32) + 127) << 23).As(RegisterType.Float32)
        : ((n.To(RegisterType.Int64) + 1023) << 52).As(RegisterType.Float64);

    /// <summary>x·2ⁿ in two steps, so that results at both ends of the range come out right.</summary>
    private static Value Scale(KernelBuilder k, Value x, Value n)
    {
        Value half = k.Unary(Opcode.Floor, n * 0.5);
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    /// <summary>The values of a logarithm outside of (pole, ∞).</summary>
    private static Value LogSpecials(KernelBuilder k, Value y, Value x, double pole)
    {
        Value special = k.Select(x < pole, x.Like(double.NaN), k.Select(x.Is(pole), x.Like(double.NegativeInfinity), x));
        return k.Select((x > pole) & (x < double.PositiveInfinity), y, special);
    }

    /// <summary>
    /// x = n·π/2 + r with |r| ≤ π/4 by three parts of π/2 in fused multiply-adds; sine and cosine of r by their series, signs and roles by n.
    /// </summary>
    private static (Value Sin, Value Cos) SinCos(KernelBuilder k, Value x)
    {
        (Value r, Value quadrant) = IsSingle(x) ? ReduceSingle(k, x) : ReduceDouble(k, x);
        (Value s, Value c) = IsSingle(x) ? SinCosSingle(k, r) : SinCosDouble(k, r);
        Value odd = (quadrant & 1).IsNot(0);
        Value sin = k.Select(odd, c, s), cos = k.Select(odd, s, c);
        return (k.Select((quadrant & 2).IsNot(0), -sin, sin), k.Select(((quadrant + 1) & 2).IsNot(0), -cos, cos));
    }
}
