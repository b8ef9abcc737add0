namespace Engine;

/// <summary>Inverse and hyperbolic trigonometry, in radians. Integers become float32.</summary>
public sealed partial class Tensor
{
    /// <summary>arcsin x from −π/2 to π/2; NaN outside of [−1, 1].</summary>
    public Tensor Asin() => this.Wide(nameof(Asin), TrigonometryPrograms.Asin);

    /// <summary>arccos x from 0 to π; NaN outside of [−1, 1].</summary>
    public Tensor Acos() => this.Wide(nameof(Acos), TrigonometryPrograms.Acos);

    /// <summary>arctan x from −π/2 to π/2.</summary>
    public Tensor Atan() => this.Floating(nameof(Atan), TrigonometryPrograms.Atan);

    /// <summary>The angle of the point (x, y), where this tensor is y, from −π to π; the signs of zeros count. The gradient at the origin is 0.</summary>
    public Tensor Atan2(Tensor x) => this.FloatingWith(nameof(Atan2), TrigonometryPrograms.Atan2, x);

    /// <summary>sinh x = (eˣ − e⁻ˣ)/2, accurate near 0.</summary>
    public Tensor Sinh() => this.Wide(nameof(Sinh), TrigonometryPrograms.Sinh);

    /// <summary>cosh x = (eˣ + e⁻ˣ)/2.</summary>
    public Tensor Cosh() => this.Wide(nameof(Cosh), TrigonometryPrograms.Cosh);

    /// <summary>The inverse of <see cref="Sinh"/>.</summary>
    public Tensor Asinh() => this.Floating(nameof(Asinh), TrigonometryPrograms.Asinh);

    /// <summary>The inverse of <see cref="Cosh"/>; NaN below 1.</summary>
    public Tensor Acosh() => this.Floating(nameof(Acosh), TrigonometryPrograms.Acosh);

    /// <summary>The inverse of <see cref="Tanh"/>; ±∞ at ±1, NaN beyond.</summary>
    public Tensor Atanh() => this.Floating(nameof(Atanh), TrigonometryPrograms.Atanh);

    /// <summary>√(x² + y²) without overflow; ∞ beside NaN is ∞. The gradient at the origin is 0.</summary>
    public Tensor Hypot(Tensor y) => this.FloatingWith(nameof(Hypot), TrigonometryPrograms.Hypot, y);

    /// <summary>sin(πx)/(πx), and 1 at 0.</summary>
    public Tensor Sinc() => this.Floating(nameof(Sinc), TrigonometryPrograms.Sinc);
}

/// <summary>The functions, compiled when the first of them is used.</summary>
file static class TrigonometryPrograms
{
    public static readonly MapProgram Asin = Programs.Unary(Expr.Asin);
    public static readonly MapProgram Acos = Programs.Unary(Expr.Acos);
    public static readonly MapProgram Atan = Programs.Unary(Expr.Atan);
    public static readonly MapProgram Atan2 = Programs.Binary(Expr.Atan2);
    public static readonly MapProgram Sinh = Programs.Unary(Expr.Sinh);
    public static readonly MapProgram Cosh = Programs.Unary(Expr.Cosh);
    public static readonly MapProgram Asinh = Programs.Unary(Expr.Asinh);
    public static readonly MapProgram Acosh = Programs.Unary(Expr.Acosh);
    public static readonly MapProgram Atanh = Programs.Unary(Expr.Atanh);
    public static readonly MapProgram Hypot = Programs.Binary(Expr.Hypot);
    public static readonly MapProgram Sinc = Programs.Unary(Expr.Sinc);
}
