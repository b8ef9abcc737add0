namespace Engine;

/// <summary>Functions around the gamma and the error function, and logarithms. Integers become float32.</summary>
public sealed partial class Tensor
{
    /// <summary>log₂ x.</summary>
    public Tensor Log2() => this.Wide(nameof(Log2), SpecialPrograms.Log2);

    /// <summary>log₁₀ x.</summary>
    public Tensor Log10() => this.Wide(nameof(Log10), SpecialPrograms.Log10);

    /// <summary>2ˣ.</summary>
    public Tensor Exp2() => this.Wide(nameof(Exp2), SpecialPrograms.Exp2);

    /// <summary>1 − erf x, accurate where that is close to 0.</summary>
    public Tensor Erfc() => this.Floating(nameof(Erfc), SpecialPrograms.Erfc);

    /// <summary>The inverse of <see cref="Erf"/>; ±∞ at ±1, NaN beyond.</summary>
    public Tensor Erfinv() => this.Wide(nameof(Erfinv), SpecialPrograms.Erfinv);

    /// <summary>ln |Γ(x)|: ∞ at 0, −1, −2, … and at ±∞. The gradient is <see cref="Digamma"/>.</summary>
    public Tensor Lgamma() => this.Wide(nameof(Lgamma), SpecialPrograms.Lgamma);

    /// <summary>ψ(x), the derivative of <see cref="Lgamma"/>: NaN at −1, −2, …, ∓∞ at ±0.</summary>
    public Tensor Digamma() => this.Wide(nameof(Digamma), SpecialPrograms.Digamma);

    /// <summary>ψ′(x), the derivative of <see cref="Digamma"/>, which PyTorch calls <c>polygamma(1, x)</c>: ∞ at 0, −1, −2, ….</summary>
    public Tensor Trigamma() => this.Wide(nameof(Trigamma), SpecialPrograms.Trigamma);

    /// <summary>ln(eˣ + eʸ), without overflow.</summary>
    public Tensor LogAddExp(Tensor y) => this.FloatingWith(nameof(LogAddExp), SpecialPrograms.LogAddExp, y);

    /// <summary>x·ln y, and 0 where x is 0 and y is not NaN.</summary>
    public Tensor Xlogy(Tensor y) => this.FloatingWith(nameof(Xlogy), SpecialPrograms.Xlogy, y);

    /// <summary>ln(x/(1 − x)), the inverse of <see cref="Sigmoid"/>.</summary>
    /// <param name="eps">Numbers are first limited to [eps, 1 − eps], where no gradient passes; null: outside of [0, 1] the result is NaN.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="eps"/> is not between 0 and 1/2.</exception>
    public Tensor Logit(double? eps = null)
    {
        if (eps is { } margin && !(margin is >= 0 and <= 0.5))
        {
            throw new ArgumentOutOfRangeException(nameof(eps), eps, "Logit: eps must lie in [0, 0.5], so that eps ≤ 1 − eps.");
        }

        return (eps is { } bound ? Clamp(bound, 1 - bound) : this).Wide(nameof(Logit), SpecialPrograms.Logit);
    }
}

/// <summary>The functions, compiled when the first of them is used.</summary>
file static class SpecialPrograms
{
    public static readonly MapProgram Log2 = Programs.Unary(Expr.Log2);
    public static readonly MapProgram Log10 = Programs.Unary(Expr.Log10);
    public static readonly MapProgram Exp2 = Programs.Unary(static x => Expr.Pow(2, x));
    public static readonly MapProgram Erfc = Programs.Unary(Expr.Erfc);
    public static readonly MapProgram Erfinv = Programs.Unary(Expr.Erfinv);
    public static readonly MapProgram Lgamma = Programs.Unary(Expr.Lgamma);
    public static readonly MapProgram Digamma = Programs.Unary(Expr.Digamma);
    public static readonly MapProgram Trigamma = Programs.Unary(Expr.Trigamma);
    public static readonly MapProgram LogAddExp = Programs.Binary(Expr.LogAddExp);
    public static readonly MapProgram Xlogy = Programs.Binary(Expr.Xlogy);
    public static readonly MapProgram Logit = Programs.Unary(Expr.Logit);
}
