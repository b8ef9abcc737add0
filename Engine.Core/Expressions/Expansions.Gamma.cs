using static Engine.Expr;

namespace Engine.Backends;

// The gamma function's logarithm and its derivatives.
internal static partial class Expansions
{
    // ln Γ(y)/((y − 1)(y − 2)) in y − 3/2 for y from 1 to 2: relative error below 3e-19.
    private static readonly double[] s_logGamma =
    [
        0.4831289505409809, -0.14595989591430608, 0.06291140107456494, -0.031308487501009494, 0.016797098631185916,
        -0.009425622448625905, 0.005446457844650585, -0.003212074069736748, 0.0019229161355079497, -0.0011644146716071257,
        0.0007115223848906008, -0.00043799193485690124, 0.00027127505354773154, -0.00016892719402703723, 0.00010564474884131882,
        -6.609271409301556E-05, 4.1635136148902716E-05, -2.7356444761067124E-05, 1.734263784459851E-05, -8.07952925042159E-06,
        5.129828644815147E-06, -7.970873319492813E-06, 5.1046182161001864E-06,
    ];

    // B₂ₖ/(2k·(2k − 1)): the terms of Stirling's series in 1/x, times 1/x².
    private static readonly double[] s_stirling = [1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156];

    // B₂ₖ/(2k), the same for the derivative, times 1/x².
    private static readonly double[] s_digamma = [1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12];

    // B₂ₖ, the same for the second derivative, times 1/x³.
    private static readonly double[] s_trigamma = [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6];

    // From here on Stirling's series of so many terms is exact to the last digit of a double.
    private const int FarForLogGamma = 8;
    private const int FarForDigamma = 10;

    /// <summary>
    /// Between 1 and 2 a polynomial with both zeros taken out; from there to 0 and to 8 by ln Γ(x + 1) = ln Γ(x) + ln x; Stirling's series beyond; below
    /// 0 by reflection.
    /// </summary>
    public static Expr Lgamma(Expr x)
    {
        Expr isNegative = x < 0, z = Where(isNegative, 1 - x, x);
        Expr isBelow = z < 1, near = Where(isBelow, z + 1, z), product = Where(isBelow, z, 1);
        for (int k = 0; k < FarForLogGamma - 2; k++)
        {
            Expr isAbove = near > 2;
            product = Where(isAbove, product * (near - 1), product);
            near = Where(isAbove, near - 1, near);
        }

        Expr core = (near - 1) * (near - 2) * Polynomial(near - 1.5, s_logGamma), log = Log(product);
        Expr inverse = Reciprocal(z);
        Expr far = (z - 0.5) * (Log(z) - 1) + (inverse * Polynomial(inverse * inverse, s_stirling) + (0.5 * Math.Log(2 * Math.PI) - 0.5));
        Expr result = Where(z < FarForLogGamma, Where(isBelow, core - log, core + log), far);
        Expr reflected = Math.Log(Math.PI) - Log(Abs(Sin(FromWhole(x) * Math.PI))) - result;
        return Where(Equal(Abs(x), double.PositiveInfinity), double.PositiveInfinity, Where(isNegative, reflected, result));
    }

    /// <summary>ψ(x) = ψ(x + 1) − 1/x up to where the series holds; below 0 by reflection. NaN at −1, −2, …, the infinity of the side at ±0.</summary>
    public static Expr Digamma(Expr x)
    {
        Expr isNegative = x < 0, z = Where(isNegative, 1 - x, x), sum = 0;
        for (int k = 0; k < FarForDigamma; k++)
        {
            Expr isNear = z < FarForDigamma;
            sum = Where(isNear, sum + Reciprocal(z), sum);
            z = Where(isNear, z + 1, z);
        }

        Expr inverse = Reciprocal(z), square = inverse * inverse;
        Expr result = Log(z) - inverse * 0.5 - square * Polynomial(square, s_digamma) - sum;
        Expr rest = FromWhole(x), angle = rest * Math.PI;
        Expr reflected = Where(Equal(rest, 0), double.NaN, result - Math.PI * (Cos(angle) / Sin(angle)));
        return Where(isNegative, reflected, result);
    }

    /// <summary>ψ′(x), as <see cref="Digamma"/>; ∞ at 0, −1, −2, ….</summary>
    public static Expr Trigamma(Expr x)
    {
        Expr isNegative = x < 0, z = Where(isNegative, 1 - x, x), sum = 0;
        for (int k = 0; k < FarForDigamma; k++)
        {
            Expr isNear = z < FarForDigamma;
            sum = Where(isNear, sum + Reciprocal(z * z), sum);
            z = Where(isNear, z + 1, z);
        }

        Expr inverse = Reciprocal(z), square = inverse * inverse;
        Expr result = inverse + square * 0.5 + inverse * square * Polynomial(square, s_trigamma) + sum;
        Expr sine = Sin(FromWhole(x) * Math.PI) * (1 / Math.PI);
        return Where(isNegative, Reciprocal(sine * sine) - result, result);
    }

    // Exact: sin π(x − n) is ±sin πx with all its digits.
    private static Expr FromWhole(Expr x) => x - Round(x);
}
