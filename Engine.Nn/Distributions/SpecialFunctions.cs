namespace Engine.Nn.Distributions;

/// <summary>Functions of positive numbers that densities need, as formulas: with all their derivatives, and the same on every device to rounding.</summary>
internal static class SpecialFunctions
{
    // Stirling's series is used from here on; below, the recurrence leads there.
    private const int Far = 10;

    // B₂ₖ/(2k·(2k − 1)) and B₂ₖ/2k.
    private static readonly double[] s_logSeries = [1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360];
    private static readonly double[] s_slopeSeries = [1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760];

    private static readonly MapProgram s_lgamma = MapProgram.Compile(1, LgammaOf(Expr.Input(0)));
    private static readonly MapProgram s_digamma = MapProgram.Compile(1, DigammaOf(Expr.Input(0)));
    private static readonly MapProgram s_erfinv = MapProgram.Compile(1, ErfinvOf(Expr.Input(0)));

    extension(Expr)
    {
        /// <summary>ln Γ(x) for x &gt; 0.</summary>
        public static Expr Lgamma(Expr x) => LgammaOf(x);
    }

    extension(Tensor x)
    {
        /// <summary>ln Γ(x) for x &gt; 0.</summary>
        public Tensor Lgamma() => Pointwise.Apply(nameof(Lgamma), s_lgamma, [x]);

        /// <summary>ψ(x) = (ln Γ)′(x) for x &gt; 0.</summary>
        public Tensor Digamma() => Pointwise.Apply(nameof(Digamma), s_digamma, [x]);

        /// <summary>The number whose error function is x, from −1 to 1.</summary>
        public Tensor Erfinv() => Pointwise.Apply(nameof(Erfinv), s_erfinv, [x]);
    }

    private static Expr LgammaOf(Expr x)
    {
        Expr isNear = x < Far, z = Expr.Where(isNear, x + Far, x), near = Expr.Where(isNear, x, 1), product = near;
        for (int i = 1; i < Far; i++)
        {
            product *= near + i;
        }

        Expr stirling = ((z - 0.5) * Expr.Log(z)) - z + Parameters.HalfLog2Pi + (Series(s_logSeries, 1 / (z * z)) / z);
        return stirling - Expr.Where(isNear, Expr.Log(product), 0);
    }

    private static Expr DigammaOf(Expr x)
    {
        Expr isNear = x < Far, z = Expr.Where(isNear, x + Far, x), near = Expr.Where(isNear, x, 1), sum = 1 / near;
        for (int i = 1; i < Far; i++)
        {
            sum += 1 / (near + i);
        }

        Expr square = 1 / (z * z);
        return Expr.Log(z) - (0.5 / z) - (Series(s_slopeSeries, square) * square) - Expr.Where(isNear, sum, 0);
    }

    // The first terms of the series, or far from 0 Winitzki's approximation (2008), to 2·10⁻³; then Halley's steps, which cube the error.
    private static Expr ErfinvOf(Expr x)
    {
        const double A = 0.147;
        Expr inside = Expr.Where(Expr.Abs(x) < 1, x, 0), log = Expr.Log1p(-inside * inside), middle = (2 / (Math.PI * A)) + (0.5 * log);
        Expr far = Expr.CopySign(Expr.Sqrt(Expr.Sqrt((middle * middle) - (log / A)) - middle), inside), square = inside * inside;
        Expr near = 0.5 * Math.Sqrt(Math.PI) * inside * (1 + (square * (0.2618 + (0.1439 * square))));
        Expr y = Expr.Where(square < 0.25, near, far);
        for (int step = 0; step < 3; step++)
        {
            Expr u = (Expr.Erf(y) - inside) * (0.5 * Math.Sqrt(Math.PI)) * Expr.Exp(y * y);
            y -= u / (1 + (y * u));
        }

        return Expr.Where(Expr.Abs(x) < 1, y, Expr.Where(Expr.Equal(Expr.Abs(x), 1), x * double.PositiveInfinity, double.NaN));
    }

    private static Expr Series(double[] coefficients, Expr square)
    {
        Expr sum = coefficients[^1];
        for (int i = coefficients.Length - 2; i >= 0; i--)
        {
            sum = (sum * square) + coefficients[i];
        }

        return sum;
    }
}
