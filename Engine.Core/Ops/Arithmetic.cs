namespace Engine;

/// <summary>Remainders, mixtures, limits given by tensors, and what becomes of NaN and infinities.</summary>
public sealed partial class Tensor
{
    /// <summary>The remainder of x / y with the sign of y: the operator <c>%</c>.</summary>
    public Tensor Remainder(Tensor y) => Pointwise.Apply(nameof(Remainder), ElementwisePrograms.Mod, [this, y]);

    /// <inheritdoc cref="Remainder(Tensor)"/>
    public Tensor Remainder(double y) => this % y;

    /// <summary>The remainder of x / y with the sign of x, C's <c>fmod</c>; of integers by 0 it is 0.</summary>
    public Tensor Fmod(Tensor y) => Pointwise.Apply(nameof(Fmod), ArithmeticPrograms.Fmod, [this, y]);

    /// <inheritdoc cref="Fmod(Tensor)"/>
    public Tensor Fmod(double y) => Pointwise.Apply(nameof(Fmod), ArithmeticPrograms.FmodScalar, [this], [y], TypePromotion.PromoteScalar(DType, y));

    /// <summary>The fraction of x with its sign: x − <see cref="Truncate"/>(x). Of integers 0.</summary>
    public Tensor Frac() => DType.IsFloatingPoint() ? Pointwise.Apply(nameof(Frac), ArithmeticPrograms.Frac, [this]) : ZerosLike();

    /// <summary>x + weight·(end − x); exactly x at weight 0, exactly <paramref name="end"/> at weight 1.</summary>
    public Tensor Lerp(Tensor end, Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(end);
        ArgumentNullException.ThrowIfNull(weight);
        return Pointwise.Apply(nameof(Lerp), ArithmeticPrograms.Lerp, [this, end, weight], computeAs: TypePromotion.ToFloating(TypePromotion.Common(this, end, weight)));
    }

    /// <inheritdoc cref="Lerp(Tensor, Tensor)"/>
    public Tensor Lerp(Tensor end, double weight)
    {
        ArgumentNullException.ThrowIfNull(end);
        return Pointwise.Apply(nameof(Lerp), ArithmeticPrograms.LerpScalar, [this, end], [weight], TypePromotion.ToFloating(TypePromotion.Common(this, end)));
    }

    /// <summary>x with NaN and infinities replaced by numbers; no gradient passes there.</summary>
    /// <param name="nan">Replaces NaN.</param>
    /// <param name="posInf">Replaces ∞; null: the largest number of the type.</param>
    /// <param name="negInf">Replaces −∞; null: the lowest number of the type.</param>
    public Tensor NanToNum(double nan = 0, double? posInf = null, double? negInf = null)
    {
        double largest = ElementwiseOps.LargestNumber(DType);
        return DType.IsFloatingPoint()
            ? Pointwise.Apply(nameof(NanToNum), ArithmeticPrograms.NanToNum, [this], [nan, posInf ?? largest, negInf ?? -largest])
            : Pointwise.Apply(nameof(NanToNum), Programs.Copy, [this]);
    }

    /// <summary>True where x is neither NaN nor infinite.</summary>
    public Tensor IsFinite() => this.Test(nameof(IsFinite), ArithmeticPrograms.IsFinite);

    /// <summary>True where x is ∞ or −∞.</summary>
    public Tensor IsInf() => this.Test(nameof(IsInf), ArithmeticPrograms.IsInf);

    /// <summary>0 below 0, 1 above 0, and <paramref name="values"/> at 0. NaN stays NaN, other than PyTorch's 0.</summary>
    public Tensor Heaviside(Tensor values) => Pointwise.Apply(nameof(Heaviside), ArithmeticPrograms.Heaviside, [this, values]);

    /// <summary>|x| with the sign of y, also that of −0.</summary>
    public Tensor CopySign(Tensor y) => this.FloatingWith(nameof(CopySign), ArithmeticPrograms.CopySign, y);

    /// <summary>True where one of them, but not both, is (not 0).</summary>
    public Tensor Xor(Tensor y) => Pointwise.Apply(nameof(Xor), ElementwisePrograms.Xor, [this, y], resultAs: DType.Bool);

    /// <summary>
    /// x, but at least <paramref name="min"/> and at most <paramref name="max"/>, element by element; where min &gt; max the result is max. The gradient goes
    /// to whichever is taken, to x at the bounds.
    /// </summary>
    /// <exception cref="ArgumentException">Both bounds are null.</exception>
    public Tensor Clamp(Tensor? min, Tensor? max) => (min, max) switch
    {
        ({ } low, { } high) => Pointwise.Apply(nameof(Clamp), ArithmeticPrograms.Clamp, [this, low, high]),
        ({ } low, null) => Pointwise.Apply(nameof(Clamp), ArithmeticPrograms.ClampMin, [this, low]),
        (null, { } high) => Pointwise.Apply(nameof(Clamp), ArithmeticPrograms.ClampMax, [this, high]),
        _ => throw new ArgumentException("Clamp: min and max are both null; give at least one bound."),
    };
}

/// <summary>The functions, compiled when the first of them is used.</summary>
file static class ArithmeticPrograms
{
    public static readonly MapProgram Fmod = Programs.Binary(Expr.Fmod);
    public static readonly MapProgram FmodScalar = Programs.UnaryScalar(Expr.Fmod);
    public static readonly MapProgram Frac = Programs.Unary(static x => x - Expr.Trunc(x));
    public static readonly MapProgram Lerp = MapProgram.Compile(3, Mixed(Expr.Input(2)));
    public static readonly MapProgram LerpScalar = MapProgram.Compile(2, Mixed(Expr.Parameter(0)));
    public static readonly MapProgram NanToNum = Programs.Unary(static x => Expr.Where(
        Expr.IsNaN(x),
        Expr.Parameter(0),
        Expr.Where(Expr.Equal(x, double.PositiveInfinity), Expr.Parameter(1), Expr.Where(Expr.Equal(x, double.NegativeInfinity), Expr.Parameter(2), x))));

    public static readonly MapProgram IsFinite = Programs.Unary(static x => Expr.Abs(x) < double.PositiveInfinity);
    public static readonly MapProgram IsInf = Programs.Unary(static x => Expr.Equal(Expr.Abs(x), double.PositiveInfinity));
    public static readonly MapProgram Heaviside = Programs.Binary(static (x, v) => Expr.Where(Expr.Equal(x, 0), v, Expr.Where(Expr.NotEqual(x, x), x, x > 0)));
    public static readonly MapProgram CopySign = Programs.Binary(Expr.CopySign);
    public static readonly MapProgram Clamp = MapProgram.Compile(3, Expr.Clamp(Expr.Input(0), Expr.Input(1), Expr.Input(2)));
    public static readonly MapProgram ClampMin = Programs.Binary(Expr.ClampMin);
    public static readonly MapProgram ClampMax = Programs.Binary(Expr.ClampMax);

    // Each half from its own end: exact there.
    private static Expr Mixed(Expr weight)
    {
        Expr x = Expr.Input(0), end = Expr.Input(1);
        return Expr.Where(weight < 0.5, x + (weight * (end - x)), end - ((end - x) * (1 - weight)));
    }
}
