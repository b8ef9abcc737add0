using static Engine.Expr;

namespace Engine.Backends;

// Operations without a form of their own on any device: Expansion says what they are made of.
internal static partial class ScalarOps
{
    private static ScalarOp[] Composed() =>
    [
        new(ScalarOpcode.Asin, "asin", 1)
        {
            Reference = static (x, _, _) => Math.Asin(x),
            Derivative = static (x, y, dy) => [dy / Sqrt((1 - x[0]) * (1 + x[0]))],
            Expansion = static x => Expansions.Asin(x[0]),
            ZeroToZero = true, Domain = (-0.95, 0.95),
        },
        new(ScalarOpcode.Acos, "acos", 1)
        {
            Reference = static (x, _, _) => Math.Acos(x),
            Derivative = static (x, y, dy) => [-(dy / Sqrt((1 - x[0]) * (1 + x[0])))],
            Expansion = static x => Expansions.Acos(x[0]),
            Domain = (-0.95, 0.95),
        },
        new(ScalarOpcode.Atan, "atan", 1)
        {
            Reference = static (x, _, _) => Math.Atan(x),
            Derivative = static (x, y, dy) => [dy / (x[0] * x[0] + 1)],
            Expansion = static x => Expansions.Atan(x[0]),
            ZeroToZero = true,
        },
        new(ScalarOpcode.Sinh, "sinh", 1)
        {
            Reference = static (x, _, _) => Math.Sinh(x),
            Derivative = static (x, y, dy) => [dy * Cosh(x[0])],
            Expansion = static x => Expansions.Sinh(x[0]),
            ZeroToZero = true,
        },
        new(ScalarOpcode.Cosh, "cosh", 1)
        {
            Reference = static (x, _, _) => Math.Cosh(x),
            Derivative = static (x, y, dy) => [dy * Sinh(x[0])],
            Expansion = static x => Expansions.Cosh(x[0]),
        },
        new(ScalarOpcode.Asinh, "asinh", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Asinh(x),
            Derivative = static (x, y, dy) => [dy / Hypot(x[0], 1)],
            Expansion = static x => Expansions.Asinh(x[0]),
            ZeroToZero = true,
        },
        new(ScalarOpcode.Acosh, "acosh", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Acosh(x),
            Derivative = static (x, y, dy) => [dy / (Sqrt(x[0] - 1) * Sqrt(x[0] + 1))],
            Expansion = static x => Expansions.Acosh(x[0]),
            Domain = (1.1, 8),
        },
        new(ScalarOpcode.Atanh, "atanh", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Atanh(x),
            Derivative = static (x, y, dy) => [dy / ((1 - x[0]) * (1 + x[0]))],
            Expansion = static x => Expansions.Atanh(x[0]),
            ZeroToZero = true, Domain = (-0.95, 0.95),
        },
        new(ScalarOpcode.Erfc, "erfc", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Erfc(x),
            Derivative = static (x, y, dy) => [dy * (-2 / Math.Sqrt(Math.PI) * Exp(-(x[0] * x[0])))],
            Expansion = static x => Expansions.Erfc(x[0]),
        },
        new(ScalarOpcode.Erfinv, "erfinv", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Erfinv(x),
            Derivative = static (x, y, dy) => [dy * (Math.Sqrt(Math.PI) / 2 * Exp(y * y))],
            Expansion = static x => Expansions.Erfinv(x[0]),
            ZeroToZero = true, Domain = (-0.95, 0.95),
        },
        new(ScalarOpcode.Lgamma, "lgamma", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Lgamma(x),
            Derivative = static (x, y, dy) => [dy * Digamma(x[0])],
            Expansion = static x => Expansions.Lgamma(x[0]),
            Domain = (0.25, 20),
        },
        new(ScalarOpcode.Digamma, "digamma", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Digamma(x),
            Derivative = static (x, y, dy) => [dy * Trigamma(x[0])],
            Expansion = static x => Expansions.Digamma(x[0]),
            Domain = (0.25, 20),
        },
        new(ScalarOpcode.Trigamma, "trigamma", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Trigamma(x),
            Derivative = static (x, y, dy) => [dy * Backends.Derivative.Of(Expansions.Trigamma(Input(0)), 0).Substitute([x[0]])],
            Expansion = static x => Expansions.Trigamma(x[0]),
            Domain = (0.5, 20),
        },
        new(ScalarOpcode.Sinc, "sinc", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Sinc(x),
            Derivative = static (x, y, dy) => [dy * SlopeOfSinc(x[0], y)],
            Expansion = static x => Expansions.Sinc(x[0]),
        },
        new(ScalarOpcode.Logit, "logit", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Logit(x),
            Derivative = static (x, y, dy) => [dy / (x[0] * (1 - x[0]))],
            Expansion = static x => Expansions.Logit(x[0]),
            Domain = (0.05, 0.95),
        },
        new(ScalarOpcode.Atan2, "atan2", 2)
        {
            Reference = static (y, x, _) => Math.Atan2(y, x),
            Derivative = static (x, y, dy) => SlopesOfAtan2(x[0], x[1], dy),
            Expansion = static x => Expansions.Atan2(x[0], x[1]),
            ZeroToZero = true, Domain = (0.25, 8),
        },
        new(ScalarOpcode.Hypot, "hypot", 2)
        {
            Reference = static (x, y, _) => double.Hypot(x, y),
            Derivative = static (x, y, dy) => [Where(Equal(y, 0), 0, dy * (x[0] / y)), Where(Equal(y, 0), 0, dy * (x[1] / y))],
            Expansion = static x => Expansions.Hypot(x[0], x[1]),
            IsCommutative = true, ZeroToZero = true,
        },
        new(ScalarOpcode.LogAddExp, "logaddexp", 2)
        {
            Reference = static (x, y, _) => SpecialFunctions.LogAddExp(x, y),
            Derivative = static (x, y, dy) => [dy * ShareOfSum(x[0], x[1]), dy * ShareOfSum(x[1], x[0])],
            Expansion = static x => Expansions.LogAddExp(x[0], x[1]),
            IsCommutative = true,
        },
        new(ScalarOpcode.Fmod, "fmod", 2)
        {
            Reference = static (x, y, _) => Math.CopySign(SpecialFunctions.Mod(Math.Abs(x), Math.Abs(y)), x),
            IntegerReference = static (x, y, _) => y is 0 or -1 ? 0 : x % y,
            Derivative = static (x, y, dy) => [dy, -(dy * Trunc(x[0] / x[1]))],
            Expansion = static x => Expansions.Fmod(x[0], x[1]),
            Domain = (0.25, 8),
        },
        new(ScalarOpcode.Xlogy, "xlogy", 2)
        {
            Reference = static (x, y, _) => x == 0 && !double.IsNaN(y) ? 0 : x * Math.Log(y),
            Derivative = static (x, y, dy) => [Where(And(Equal(x[0], 0), x[1] <= 0), 0, dy * Log(x[1])), Where(Equal(x[0], 0), 0, dy * (x[0] / x[1]))],
            Expansion = static x => Expansions.Xlogy(x[0], x[1]),
            ZeroToZero = true, Domain = (0.25, 8),
        },
    ];

    /// <summary>eᵃ/(eᵃ + eᵇ). Equal infinities, too, share evenly.</summary>
    private static Expr ShareOfSum(Expr a, Expr b) => Where(And(Equal(a, b), Equal(Abs(a), double.PositiveInfinity)), 0.5, Sigmoid(a - b));

    /// <summary>(cos πx − sinc x)/x, and its series where the two are nearly equal.</summary>
    private static Expr SlopeOfSinc(Expr x, Expr y)
    {
        Expr angle = x * Math.PI, square = angle * angle, series = 0;
        double factorial = 1;
        // Σ (−1)ᵏ·2k/(2k + 1)!·t²ᵏ⁻¹, from the far end.
        for (int k = 1; k <= 17; k++)
        {
            factorial *= k;
        }

        for (int k = 8; k >= 1; k--)
        {
            series = series * square + (k % 2 == 0 ? 2.0 : -2.0) * k / factorial;
            factorial /= (2 * k + 1) * 2 * k;
        }

        return Where(Abs(x) < 0.3, series * angle * Math.PI, (Cos((x - 2 * Round(x * 0.5)) * Math.PI) - y) / x);
    }

    /// <summary>x/(x² + y²) and −y/(x² + y²), scaled so that no square leaves the range; 0 at the origin.</summary>
    private static Expr[] SlopesOfAtan2(Expr y, Expr x, Expr dy)
    {
        Expr scale = Max(Abs(x), Abs(y)), u = x / scale, v = y / scale, divisor = (u * u + v * v) * scale;
        Expr isOrigin = Equal(scale, 0);
        return [Where(isOrigin, 0, dy * (u / divisor)), Where(isOrigin, 0, -(dy * (v / divisor)))];
    }
}
