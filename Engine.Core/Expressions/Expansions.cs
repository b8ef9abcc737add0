using static Engine.Expr;

namespace Engine.Backends;

/// <summary>
/// Operations written in other operations: the form in which every backend computes them. Each is good for float64, and so for float32; thresholds
/// and polynomials are the same for both.
/// </summary>
internal static partial class Expansions
{
    // (atan √z/√z − 1)/z for z from 0 to tan²(π/8): relative error below 4e-18.
    private static readonly double[] s_atan =
    [
        -0.3333333333333333, 0.19999999999999804, -0.14285714285659779, 0.11111111105150588, -0.09090908753259112,
        0.07692296368042296, -0.06666424760200507, 0.05878927554473668, -0.05230443640686046, 0.0455154473401848,
        -0.034569315063240416, 0.016284375049956695,
    ];

    // tan(π/8)
    private const double SplitOfAtan = 0.41421356237309503;

    // From here on x² + 1 is x² in both types, and x² is no overflow in either.
    private const double FarForSquares = 1e8;

    // eˣ beyond this is so large that e⁻ˣ is nothing beside it.
    private const double FarForExponentials = 20;

    public static Expr Atan(Expr x)
    {
        Expr size = Abs(x), isLarge = size > 1;
        Expr angle = AtanUpToOne(Where(isLarge, Reciprocal(size), size));
        return CopySign(Where(isLarge, Math.PI / 2 - angle, angle), x);
    }

    /// <summary>From the quotient of the smaller and the larger, which cannot overflow. Two infinities are as large as each other.</summary>
    public static Expr Atan2(Expr y, Expr x)
    {
        Expr height = Abs(y), width = Abs(x), larger = Max(height, width), smaller = Min(height, width);
        Expr quotient = Where(Equal(larger, 0), 0, Where(Equal(smaller, double.PositiveInfinity), 1, smaller / larger));
        Expr angle = AtanUpToOne(quotient);
        angle = Where(height > width, Math.PI / 2 - angle, angle);
        angle = Where(CopySign(1, x) < 0, Math.PI - angle, angle);
        return CopySign(angle, y);
    }

    public static Expr Asin(Expr x) => Atan(x / Sqrt((1 - x) * (1 + x)));

    /// <summary>2·atan √((1 − x)/(1 + x)): nothing cancels, not even where x is close to 1.</summary>
    public static Expr Acos(Expr x) => 2 * Atan(Sqrt((1 - x) / (1 + x)));

    public static Expr Sinh(Expr x)
    {
        Expr size = Abs(x), e = Expm1(size), half = Exp(size * 0.5);
        return CopySign(Where(size > FarForExponentials, half * 0.5 * half, (e + e / (e + 1)) * 0.5), x);
    }

    public static Expr Cosh(Expr x)
    {
        Expr size = Abs(x), e = Exp(size), half = Exp(size * 0.5);
        return Where(size > FarForExponentials, half * 0.5 * half, (e + Reciprocal(e)) * 0.5);
    }

    public static Expr Asinh(Expr x)
    {
        Expr size = Abs(x), square = size * size;
        return CopySign(Where(size > FarForSquares, Log(size) + Math.Log(2), Log1p(size + square / (1 + Sqrt(square + 1)))), x);
    }

    public static Expr Acosh(Expr x)
    {
        Expr above = x - 1;
        return Where(x < 1, double.NaN, Where(x > FarForSquares, Log(x) + Math.Log(2), Log1p(above + Sqrt(above * (above + 2)))));
    }

    public static Expr Atanh(Expr x)
    {
        Expr size = Abs(x);
        return CopySign(Log1p(2 * size / (1 - size)) * 0.5, x);
    }

    /// <summary>The larger side times √(1 + q²) with the quotient q of the sides; ∞ beside NaN is ∞, as in C.</summary>
    public static Expr Hypot(Expr x, Expr y)
    {
        Expr a = Abs(x), b = Abs(y), larger = Max(a, b), quotient = Min(a, b) / larger;
        Expr isInfinite = Or(Equal(a, double.PositiveInfinity), Equal(b, double.PositiveInfinity));
        return Where(isInfinite, double.PositiveInfinity, Where(Equal(larger, 0), 0, larger * Sqrt(1 + quotient * quotient)));
    }

    public static Expr LogAddExp(Expr x, Expr y)
    {
        Expr larger = Max(x, y);
        return Where(Equal(Abs(larger), double.PositiveInfinity), larger, larger + Log1p(Exp(-Abs(x - y))));
    }

    /// <summary>Through a remainder of sizes, which is exact.</summary>
    public static Expr Fmod(Expr x, Expr y) => CopySign(Mod(Abs(x), Abs(y)), x);

    public static Expr Xlogy(Expr x, Expr y) => Where(And(Equal(x, 0), Equal(y, y)), 0, x * Log(y));

    /// <summary>From numbers that vanish at 1/2 as the result does.</summary>
    public static Expr Logit(Expr x) =>
        Where(Equal(x, 0), double.NegativeInfinity, Where(x < 0.5, -Log1p((1 - 2 * x) / x), Log1p((2 * x - 1) / (1 - x))));

    /// <summary>sin πx from the distance of x to a multiple of 2, which is exact.</summary>
    public static Expr Sinc(Expr x)
    {
        Expr rest = x - 2 * Round(x * 0.5);
        return Where(Equal(x, 0), 1, Sin(rest * Math.PI) / (x * Math.PI));
    }

    /// <summary>c₀ + c₁·x + c₂·x² + …</summary>
    private static Expr Polynomial(Expr x, double[] coefficients)
    {
        Expr y = coefficients[^1];
        for (int i = coefficients.Length - 2; i >= 0; i--)
        {
            y = y * x + coefficients[i];
        }

        return y;
    }

    // t from 0 to 1; above tan(π/8) it is turned by π/4.
    private static Expr AtanUpToOne(Expr t)
    {
        Expr isTurned = t > SplitOfAtan, rest = Where(isTurned, (t - 1) / (t + 1), t), square = rest * rest;
        Expr angle = rest + rest * (square * Polynomial(square, s_atan));
        return Where(isTurned, Math.PI / 4 + angle, angle);
    }
}
