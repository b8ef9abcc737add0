namespace Engine.Backends;

// Inverse hyperbolic functions, the inverse of the error function, and logarithms of sums.
public static partial class SpecialFunctions
{
    /// <summary>The inverse of sinh, accurate near 0.</summary>
    public static double Asinh(double x)
    {
        double a = Math.Abs(x);
        double y = a > 1e8 ? Math.Log(a) + Math.Log(2) : Log1p(a + a * a / (1 + Math.Sqrt(a * a + 1)));
        return Math.CopySign(y, x);
    }

    /// <summary>The inverse of cosh, accurate near 1; NaN below.</summary>
    public static double Acosh(double x) =>
        x < 1 ? double.NaN : x > 1e8 ? Math.Log(x) + Math.Log(2) : Log1p(x - 1 + Math.Sqrt((x - 1) * (x + 1)));

    /// <summary>The inverse of tanh, accurate near 0; ±∞ at ±1, NaN beyond.</summary>
    public static double Atanh(double x)
    {
        double a = Math.Abs(x);
        return Math.CopySign(Log1p(2 * a / (1 - a)) / 2, x);
    }

    /// <summary>1 − erf x, accurate where that is close to 0.</summary>
    public static double Erfc(double x) => x >= ErfSeriesEnd ? ErfcFraction(x) : x < 1 || double.IsNaN(x) ? 1 - Erf(x) : ErfcFraction(x, 300);

    /// <summary>The inverse of erf: ±∞ at ±1, NaN beyond.</summary>
    /// <remarks>Halley's iteration on erf, or on its complement where x is close to 1.</remarks>
    public static double Erfinv(double x)
    {
        double a = Math.Abs(x);
        if (!(a < 1))
        {
            return a == 1 ? x / 0 : double.NaN;
        }

        if (x == 0)
        {
            return x;
        }

        // Winitzki's approximation, good to 2 digits.
        double log = Log1p(-a * a), half = 2 / (Math.PI * 0.147) + log / 2;
        double y = a < 1e-3 ? a * Math.Sqrt(Math.PI) / 2 : Math.Sqrt(Math.Sqrt(half * half - log / 0.147) - half);
        for (int i = 0; i < 6; i++)
        {
            double error = a < 0.5 ? Erf(y) - a : 1 - a - Erfc(y);
            double step = error * Math.Sqrt(Math.PI) / 2 * Math.Exp(y * y);
            y -= step / (1 + y * step);
        }

        return Math.CopySign(y, x);
    }

    /// <summary>ln(eᵃ + eᵇ), without overflow.</summary>
    public static double LogAddExp(double a, double b)
    {
        double larger = Math.Max(a, b);
        return double.IsInfinity(larger) ? larger : larger + Log1p(Math.Exp(-Math.Abs(a - b)));
    }

    /// <summary>ln(x/(1 − x)), accurate near ½; NaN outside of [0, 1].</summary>
    public static double Logit(double x) => x == 0 ? double.NegativeInfinity : x < 0.5 ? -Log1p((1 - 2 * x) / x) : Log1p((2 * x - 1) / (1 - x));

    /// <summary>sin(πx)/(πx); 1 at 0, NaN at ±∞.</summary>
    public static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.IEEERemainder(x, 2) * Math.PI) / (x * Math.PI);
}
