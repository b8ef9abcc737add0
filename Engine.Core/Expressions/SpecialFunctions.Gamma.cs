namespace Engine.Backends;

// The logarithm of the gamma function and its derivatives.
public static partial class SpecialFunctions
{
    private const double EulerGamma = 0.57721566490153286061;

    // From here on Stirling's series of the terms below is exact to the last digit.
    private const double StirlingStart = 16;

    // ζ(k) − 1 for k = 2, 3, …; the series of ln Γ near 2 has them as coefficients.
    private static readonly double[] s_zetaMinusOne = [.. Enumerable.Range(2, 40).Select(ZetaMinusOne)];

    /// <summary>ln |Γ(x)|: ∞ at 0, −1, −2, … and at ±∞.</summary>
    /// <remarks>Its Taylor series at 2 (and, by Γ(x + 1) = x·Γ(x), at 1), Stirling's series for large numbers, reflection for negative ones.</remarks>
    public static double Lgamma(double x)
    {
        if (double.IsInfinity(x))
        {
            return double.PositiveInfinity;
        }

        if (x < 0)
        {
            double sine = Math.Sin((x - Math.Round(x)) * Math.PI);
            return sine == 0 ? double.PositiveInfinity : Math.Log(Math.PI) - Math.Log(Math.Abs(sine)) - Lgamma(1 - x);
        }

        if (x < 0.5)
        {
            return Lgamma(x + 1) - Math.Log(x);
        }

        if (x < 1.5)
        {
            return LogGammaNearTwo(x - 1) - Log1p(x - 1);
        }

        double product = 1;
        for (; x > 2.5 && x < StirlingStart; x--)
        {
            product *= x - 1;
        }

        return x <= 2.5 ? LogGammaNearTwo(x - 2) + Math.Log(product) : Stirling(x) + Math.Log(product);
    }

    /// <summary>ψ(x), the derivative of ln Γ: NaN at −1, −2, …, ∓∞ at ±0.</summary>
    public static double Digamma(double x)
    {
        if (x < 0)
        {
            double rest = x - Math.Round(x);
            return rest == 0 ? double.NaN : Digamma(1 - x) - Math.PI / Math.Tan(rest * Math.PI);
        }

        double sum = 0;
        for (; x < StirlingStart; x++)
        {
            sum += 1 / x;
        }

        double square = 1 / (x * x);
        return Math.Log(x) - 0.5 / x - square * (1 / 12.0 - square * (1 / 120.0 - square * (1 / 252.0 - square * (1 / 240.0 - square / 132)))) - sum;
    }

    /// <summary>ψ′(x): ∞ at 0, −1, −2, ….</summary>
    public static double Trigamma(double x)
    {
        if (x < 0)
        {
            double sine = Math.Sin((x - Math.Round(x)) * Math.PI) / Math.PI;
            return 1 / (sine * sine) - Trigamma(1 - x);
        }

        double sum = 0;
        for (; x < StirlingStart; x++)
        {
            sum += 1 / (x * x);
        }

        double square = 1 / (x * x);
        return 1 / x + square / 2 + square / x * (1 / 6.0 - square * (1 / 30.0 - square * (1 / 42.0 - square * (1 / 30.0 - square * 5 / 66)))) + sum;
    }

    // ln Γ(2 + t) = (1 − γ)·t + Σ (−1)ᵏ·(ζ(k) − 1)·tᵏ/k.
    private static double LogGammaNearTwo(double t)
    {
        double sum = 0;
        for (int i = s_zetaMinusOne.Length - 1; i >= 0; i--)
        {
            sum = sum * -t + s_zetaMinusOne[i] / (i + 2);
        }

        return t * (1 - EulerGamma) + t * t * sum;
    }

    private static double Stirling(double x)
    {
        double square = 1 / (x * x);
        return (x - 0.5) * (Math.Log(x) - 1) + (0.5 * Math.Log(2 * Math.PI) - 0.5)
            + (1 / 12.0 - square * (1 / 360.0 - square * (1 / 1260.0 - square * (1 / 1680.0 - square / 1188)))) / x;
    }

    // Terms to 200, and the rest by Euler and Maclaurin.
    private static double ZetaMinusOne(int k)
    {
        const int Terms = 200;
        double rest = Math.Pow(Terms, 1 - k) / (k - 1) + Math.Pow(Terms, -k) / 2 + k * Math.Pow(Terms, -k - 1) / 12 - k * (k + 1.0) * (k + 2) * Math.Pow(Terms, -k - 3) / 720;
        double sum = rest;
        for (int n = Terms - 1; n >= 2; n--)
        {
            sum += Math.Pow(n, -k);
        }

        return sum;
    }
}
