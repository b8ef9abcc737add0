namespace Engine.Backends;

/// <summary>
/// The reference values, in double precision, of functions that <see cref="Math"/> lacks or computes carelessly
/// (<c>double.LogP1</c> and <c>double.ExpM1</c> cancel near 0).
/// </summary>
public static partial class SpecialFunctions
{
    // From here on 1 - erf(x) is below half a unit in the last place of 1.
    private const double ErfIsOne = 6;
    private const double ErfSeriesEnd = 2.5;

    /// <summary>ln(1 + x). −∞ at −1, NaN below; −0 stays −0.</summary>
    /// <remarks>
    /// With u = 1 + x rounded, ln(u)/(u − 1) varies so slowly that the rounding of u cancels in x·ln(u)/(u − 1) (Kahan).
    /// </remarks>
    public static double Log1p(double x)
    {
        double u = 1 + x;
        if (u == 1 || double.IsPositiveInfinity(x))
        {
            return x;
        }
        return Math.Log(u) * (x / (u - 1));
    }

    /// <summary>eˣ − 1. −0 stays −0.</summary>
    /// <remarks>With u = eˣ rounded, the error of u cancels in x·(u − 1)/ln(u) (Kahan).</remarks>
    public static double Expm1(double x)
    {
        double u = Math.Exp(x);
        if (u == 1)
        {
            return x;
        }
        double v = u - 1;
        return v == -1 || double.IsPositiveInfinity(u) ? v : v * (x / Math.Log(u));
    }

    /// <summary>1/(1 + e⁻ˣ), without overflow and with full relative accuracy for large negative x.</summary>
    public static double Sigmoid(double x)
    {
        double e = Math.Exp(-Math.Abs(x));
        return (x < 0 ? e : 1) / (1 + e);
    }

    /// <summary>erf x = 2/√π · ∫₀ˣ exp(−t²) dt. Odd; ±1 at ±∞.</summary>
    public static double Erf(double x)
    {
        double a = Math.Abs(x);
        if (a < ErfSeriesEnd)
        {
            return ErfSeries(x);
        }
        if (double.IsNaN(x))
        {
            return x;
        }
        return Math.CopySign(a >= ErfIsOne ? 1 : 1 - ErfcFraction(a), x);
    }

    /// <summary>⌊a/b⌋ as Python's <c>//</c>: (a − a % b)/b, so that a = b·⌊a/b⌋ + a % b. a/0 is ±∞ or NaN.</summary>
    public static double FloorDiv(double a, double b)
    {
        if (b == 0)
        {
            return a / b;
        }
        double remainder = a % b;
        double quotient = (a - remainder) / b;
        if (remainder != 0 && remainder < 0 != b < 0)
        {
            quotient -= 1;
        }
        // The quotient is an integer but for its rounding error.
        return quotient == 0 ? Math.CopySign(0, a / b) : Math.Floor(quotient + 0.5);
    }

    /// <summary>Python's <c>a % b</c>: the remainder with the sign of b. NaN at b = 0.</summary>
    public static double Mod(double a, double b)
    {
        double remainder = a % b;
        return remainder != 0 && remainder < 0 != b < 0 ? remainder + b : remainder;
    }

    /// <summary>⌊a/b⌋; 0 where b is 0, and the one overflow (−2⁶³/−1) wraps.</summary>
    public static long FloorDiv(long a, long b)
    {
        // The processor traps on both special divisors.
        if (b is 0 or -1)
        {
            return unchecked(b * a);
        }
        long quotient = a / b;
        return a % b != 0 && a < 0 != b < 0 ? quotient - 1 : quotient;
    }

    /// <summary>The remainder with the sign of b; 0 where b is 0.</summary>
    public static long Mod(long a, long b)
    {
        if (b is 0 or -1)
        {
            return 0;
        }
        long remainder = a % b;
        return remainder != 0 && remainder < 0 != b < 0 ? remainder + b : remainder;
    }

    /// <summary>aᵇ, wrapped as products are. A negative b gives the whole part of the fraction: 0, but for a = ±1 the power itself.</summary>
    public static long Pow(long a, long b)
    {
        if (b < 0)
        {
            return a == 1 ? 1 : a == -1 ? 1 - 2 * (b & 1) : 0;
        }
        long power = 1;
        for (; b != 0; b >>= 1, a = unchecked(a * a))
        {
            if ((b & 1) != 0)
            {
                power = unchecked(power * a);
            }
        }
        return power;
    }

    // erf x = 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·5···(2n+1)): all terms have one sign, so nothing cancels.
    private static double ErfSeries(double x)
    {
        double square = x * x, term = x, sum = x;
        for (int n = 1; Math.Abs(term) > Math.Abs(sum) * 1e-17; n++)
        {
            term *= 2 * square / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-square) * sum;
    }

    // erfc x = exp(−x²)/√π / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))), evaluated from the far end; 60 levels do for x ≥ 2.5, 300 for x ≥ 1.
    private static double ErfcFraction(double x, int levels = 60)
    {
        double fraction = x;
        for (int n = levels; n > 0; n--)
        {
            fraction = x + n * 0.5 / fraction;
        }
        return Math.Exp(-x * x) / (Math.Sqrt(Math.PI) * fraction);
    }
}
