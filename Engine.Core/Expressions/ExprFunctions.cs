namespace Engine;

// Functions made of operations. Formulas, thresholds and gradients at the seams are PyTorch's.
public sealed partial class Expr
{
    private const double SeluAlpha = 1.6732632423543772848170429916717;
    private const double SeluScale = 1.0507009873554804934193349852946;

    // √(2/π)
    private const double GeluTanhLinear = 0.79788456080286535588;

    // Where the functions x·s(x) with an s between 0 and 1 have long been 0 or x in every type.
    private const double FarOut = 1e4;

    /// <summary>1 where a &gt; b, else 0.</summary>
    public static Expr Greater(Expr a, Expr b) => Less(b, a);

    /// <summary>1 where a ≥ b, else 0.</summary>
    public static Expr GreaterEqual(Expr a, Expr b) => LessEqual(b, a);

    /// <summary>−x.</summary>
    public static Expr Neg(Expr x) => -x;

    /// <summary>x².</summary>
    public static Expr Square(Expr x) => x * x;

    /// <summary>log₂ x.</summary>
    public static Expr Log2(Expr x) => Log(x) * (1 / Math.Log(2));

    /// <summary>log₁₀ x.</summary>
    public static Expr Log10(Expr x) => Log(x) * (1 / Math.Log(10));

    /// <summary>a + t·(b − a).</summary>
    public static Expr Lerp(Expr a, Expr b, Expr t) => a + t * (b - a);

    /// <summary>x limited to [low, high]; where low &gt; high the result is high. Gradient 1 on both bounds, 0 outside.</summary>
    public static Expr Clamp(Expr x, Expr low, Expr high) => Where(high < x, high, Where(x < low, Min(low, high), x));

    /// <summary>x, but at least <paramref name="low"/>; gradient 1 on the bound.</summary>
    public static Expr ClampMin(Expr x, Expr low) => Where(x < low, low, x);

    /// <summary>x, but at most <paramref name="high"/>; gradient 1 on the bound.</summary>
    public static Expr ClampMax(Expr x, Expr high) => Where(high < x, high, x);

    /// <summary>x above 0, slope·x below; gradient slope at 0.</summary>
    public static Expr LeakyRelu(Expr x, double slope = 0.01) => Where(x > 0, x, x * slope);

    /// <summary>x above 0, α·(eˣ − 1) below.</summary>
    public static Expr Elu(Expr x, double alpha = 1) => Where(x > 0, x, alpha * Expm1(x));

    /// <summary>x above 0, α·(e^(x/α) − 1) below.</summary>
    public static Expr Celu(Expr x, double alpha = 1) => Where(x > 0, x, alpha * Expm1(x / alpha));

    /// <summary>λ·elu(x, α) with the self-normalising constants (Klambauer et al. 2017).</summary>
    public static Expr Selu(Expr x) => Where(x > 0, SeluScale * x, SeluScale * SeluAlpha * Expm1(x));

    /// <summary>x·Φ(x) = x/2·(1 + erf(x/√2)); 0 at −∞.</summary>
    public static Expr Gelu(Expr x)
    {
        (Expr factor, Expr near) = Gate(x);
        Expr half = factor * 0.5;
        return half * Erf(near * Math.Sqrt(0.5)) + half;
    }

    /// <summary>x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))): the approximation of <see cref="Gelu"/> that GPT-2 used; 0 at −∞.</summary>
    public static Expr GeluTanh(Expr x)
    {
        (Expr factor, Expr near) = Gate(x);
        Expr half = factor * 0.5;
        return half * Tanh(near * (GeluTanhLinear + GeluTanhLinear * 0.044715 * (near * near))) + half;
    }

    /// <summary>x·sigmoid(x), also called swish; 0 at −∞.</summary>
    public static Expr Silu(Expr x)
    {
        (Expr factor, Expr near) = Gate(x);
        return factor * Sigmoid(near);
    }

    /// <summary>ln(1 + e^(βx))/β, and x itself where βx is above the threshold.</summary>
    public static Expr Softplus(Expr x, double beta = 1, double threshold = 20) =>
        Where(x * beta > threshold, x, Log1p(Exp(x * beta)) / beta);

    /// <summary>x·tanh(softplus(x)); 0 at −∞.</summary>
    public static Expr Mish(Expr x)
    {
        (Expr factor, Expr near) = Gate(x);
        return factor * Tanh(Softplus(near));
    }

    /// <summary>ln sigmoid(x), accurate on both sides; smooth, with all its derivatives, at 0 as well.</summary>
    public static Expr LogSigmoid(Expr x) => Where(x >= 0, 0, x) - Log1pExpOfMinus(x);

    /// <summary>x·relu6(x + 3)/6; gradient 0 at −3 and 1 at 3.</summary>
    public static Expr HardSwish(Expr x) => Where(x <= -3, 0, Where(x < 3, x * (x + 3) / 6, x));

    /// <summary>relu6(x + 3)/6; gradient 0 on the corners.</summary>
    public static Expr HardSigmoid(Expr x) => Where(x <= -3, 0, Where(x >= 3, 1, (x + 3) / 6));

    /// <summary>x limited to [low, high]; gradient 0 on the bounds, other than <see cref="Clamp"/>.</summary>
    public static Expr HardTanh(Expr x, double low = -1, double high = 1) => Where(x <= low, low, Where(x >= high, high, x));

    /// <summary>x limited to [0, 6]; gradient 0 on the bounds.</summary>
    public static Expr Relu6(Expr x) => HardTanh(x, 0, 6);

    /// <summary>x/(1 + |x|); ±1 at ±∞.</summary>
    public static Expr Softsign(Expr x) => Where(Equal(Abs(x), double.PositiveInfinity), Sign(x), x / (1 + Abs(x)));

    /// <summary>x − tanh x; near 0 by its series, where the difference would have no digits left.</summary>
    public static Expr TanhShrink(Expr x)
    {
        Expr isNear = Abs(x) < 0.25, near = Where(isNear, x, 0), square = near * near, sum = TanhSeries[^1];
        for (int i = TanhSeries.Length - 2; i >= 0; i--)
        {
            sum = TanhSeries[i] + (square * sum);
        }

        return Where(isNear, near * square * sum, x - Tanh(x));
    }

    /// <summary>Of x³, x⁵, … in x − tanh x.</summary>
    private static ReadOnlySpan<double> TanhSeries =>
        [1 / 3.0, -2 / 15.0, 17 / 315.0, -62 / 2835.0, 1382 / 155925.0, -21844 / 6081075.0, 929569 / 638512875.0, -6404582 / 10854718875.0];

    /// <summary>x moved by λ towards 0, and 0 within λ of it; NaN stays NaN.</summary>
    public static Expr SoftShrink(Expr x, double lambda = 0.5) =>
        Where(Abs(x) <= lambda, 0, Where(x > 0, x - lambda, x + lambda));

    /// <summary>x, but 0 within λ of 0.</summary>
    public static Expr HardShrink(Expr x, double lambda = 0.5) => Where(Abs(x) <= lambda, 0, x);

    /// <summary>x above the threshold, <paramref name="value"/> elsewhere.</summary>
    public static Expr Threshold(Expr x, double threshold, double value) => Where(x <= threshold, value, x);

    /// <summary>ln(1 + e^−|x|). The two sides are told apart by a switch, since |x| has the derivative 0 at 0 and would lose the slope there.</summary>
    internal static Expr Log1pExpOfMinus(Expr x) => Log1p(Exp(Where(x >= 0, -x, x)));

    /// <summary>
    /// For x·s(x), where s falls to 0 far below and rises to 1 far above: the factor x and the argument of s, bounded so that neither the value nor a
    /// derivative becomes ∞·0. The bounds lie where all of this has long been 0 or constant.
    /// </summary>
    private static (Expr Factor, Expr Near) Gate(Expr x)
    {
        Expr factor = Max(x, -FarOut);
        return (factor, Min(factor, FarOut));
    }
}
