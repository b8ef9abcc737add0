using static Engine.Expr;

namespace Engine.Backends;

/// <summary>
/// Box and Muller's transform √(−2·ln(1 − u))·cos(2πv) of two uniform numbers, written out so that every device computes the same bits in float32.
/// </summary>
/// <remarks>
/// Logarithms, roots and cosines of devices differ in the last place, and so do divisions of some. Here are only sums and products that round in one
/// way, fused where a product meets a sum, so that a compiler has nothing left to fuse by itself; powers of two, which are exact; rounding to
/// integers; and comparisons. A processor must have fused multiply-add. The uniform numbers have 24 bits, and so 1 − u is exact and at least 2⁻²⁴.
/// Errors are about one unit in the last place.
/// </remarks>
internal static class NormalTransform
{
    // Nearly minimax on [√½ − 1, √2 − 1]: (ln(1 + f) − f)/f², to 5·10⁻⁹.
    private static readonly double[] s_logarithm =
    [
        -0.4999999994349637, 0.333333227936071, -0.25000010940100675, 0.2000144672220023, -0.16667536772428632,
        0.1423231785955222, -0.12420814467908906, 0.1181213614232965, -0.11557287882015821, 0.06769024113816001,
    ];

    // 1/√x on [¼, 1), to 4 %.
    private static readonly double[] s_inverseRoot = [2.628649008027353, -3.133970819265513, 1.5231841742872185];

    // (cos(½π√z) − 1)/z and sin(½π√z)/√z on [0, ¼].
    private static readonly double[] s_cosine = [-1.233700550135279, 0.25366950772284663, -0.020863475058875536, 0.0009191963343183554, -2.4909228700967793e-05];
    private static readonly double[] s_sine = [1.5707963267881, -0.6459640961467954, 0.07969258272563062, -0.004681266256726245, 0.00015820630355647733];

    /// <summary>The formula over two uniform numbers in [0, 1) of 24 bits.</summary>
    public static Expr Of(Expr u, Expr v) => Root(TwiceNegatedLog(1 - u)) * CosineOfTurns(v);

    /// <summary>−2·ln v for v in [2⁻²⁴, 1].</summary>
    private static Expr TwiceNegatedLog(Expr v)
    {
        // v·2^e lies in [√½, √2).
        Expr exponent = 0;
        foreach (int bits in (ReadOnlySpan<int>)[16, 8, 4, 2, 1])
        {
            (v, exponent) = Scale(v, Math.ScaleB(1, -bits), bits, exponent);
        }

        (v, exponent) = Scale(v, Math.Sqrt(0.5), 1, exponent);
        Expr f = v - 1;
        Expr logarithm = Fma(f * f, Polynomial(s_logarithm, f), f);
        return Fma(exponent, 2 * Math.Log(2), logarithm * -2);

        static (Expr Value, Expr Exponent) Scale(Expr value, double below, int bits, Expr exponent)
        {
            Expr isSmall = value < below;
            return (Where(isSmall, value * Math.ScaleB(1, bits), value), Where(isSmall, exponent + bits, exponent));
        }
    }

    /// <summary>√a for a = 0 and a in [2⁻²³, 64).</summary>
    private static Expr Root(Expr a)
    {
        // a·4^e lies in [¼, 1), the root is 2^−e times as large.
        Expr x = a, scale = 1;
        foreach (int bits in (ReadOnlySpan<int>)[16, 8, 4, 2])
        {
            Expr isSmall = x < Math.ScaleB(1, -bits);
            (x, scale) = (Where(isSmall, x * Math.ScaleB(1, bits), x), Where(isSmall, scale * Math.ScaleB(1, -bits / 2), scale));
        }

        foreach ((int bits, double from) in ((int, double)[])[(4, 16), (2, 1), (2, 1)])
        {
            Expr isLarge = x >= from;
            (x, scale) = (Where(isLarge, x * Math.ScaleB(1, -bits), x), Where(isLarge, scale * Math.ScaleB(1, bits / 2), scale));
        }

        Expr inverse = Polynomial(s_inverseRoot, x);
        for (int step = 0; step < 3; step++)
        {
            inverse *= Fma(x * inverse * -0.5, inverse, 1.5);
        }

        Expr root = x * inverse;
        return Fma(Fma(-root, root, x), inverse * 0.5, root) * scale;
    }

    /// <summary>cos(2πv) for v in [0, 1).</summary>
    private static Expr CosineOfTurns(Expr v)
    {
        Expr quarters = v * 4, nearest = Round(quarters), t = quarters - nearest, square = t * t;
        Expr cosine = Fma(Polynomial(s_cosine, square), square, 1), sine = Polynomial(s_sine, square) * t;
        Expr value = Where(Or(Equal(nearest, 1), Equal(nearest, 3)), sine, cosine);
        return Where(Or(Equal(nearest, 1), Equal(nearest, 2)), -value, value);
    }

    private static Expr Polynomial(double[] coefficients, Expr x)
    {
        Expr sum = coefficients[^1];
        for (int i = coefficients.Length - 2; i >= 0; i--)
        {
            sum = Fma(sum, x, coefficients[i]);
        }

        return sum;
    }
}
