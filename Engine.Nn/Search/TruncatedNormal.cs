namespace Engine.Nn;

/// <summary>Logarithms of the mass of a standard normal distribution in an interval, exact also far out in its tails.</summary>
internal static class TruncatedNormal
{
    // From here on erf is so near to −1 that 1 + erf loses digits.
    private const double TailBegin = -3;
    private const int TailLevels = 80;

    private static readonly double s_logRootTau = 0.5 * Math.Log(2 * Math.PI);

    /// <summary>ln φ(z).</summary>
    public static double LogDensity(double z) => (-0.5 * z * z) - s_logRootTau;

    /// <summary>ln(Φ(b) − Φ(a)) for a &lt; b.</summary>
    public static double LogMass(double a, double b)
    {
        if (a > 0)
        {
            // The left tail has the digits.
            (a, b) = (-b, -a);
        }

        if (b > 0)
        {
            return SpecialFunctions.Log1p(-Math.Exp(LogCdf(a)) - Math.Exp(LogCdf(-b)));
        }

        double upper = LogCdf(b);
        return upper + SpecialFunctions.Log1p(-Math.Exp(LogCdf(a) - upper));
    }

    /// <summary>ln Φ(z) for z ≤ 0.</summary>
    public static double LogCdf(double z)
    {
        if (z > TailBegin)
        {
            return Math.Log(0.5 * (1 + SpecialFunctions.Erf(z / Math.Sqrt(2))));
        }

        // Mills' ratio: Φ(−t) = φ(t)/(t + 1/(t + 2/(t + 3/(t + …)))), evaluated from the far end.
        double t = -z, fraction = t;
        for (int n = TailLevels; n > 0; n--)
        {
            fraction = t + (n / fraction);
        }

        return LogDensity(t) - Math.Log(fraction);
    }
}
