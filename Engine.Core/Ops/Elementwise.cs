namespace Engine;

/// <summary>Functions of each element. Integers become float32 where the result has a fraction. NaN stays NaN unless said otherwise.</summary>
public sealed partial class Tensor
{
    private static readonly MapProgram s_neg = Programs.Unary(static x => -x);
    private static readonly MapProgram s_abs = Programs.Unary(Expr.Abs);
    private static readonly MapProgram s_sign = Programs.Unary(Expr.Sign);
    private static readonly MapProgram s_square = Programs.Unary(Expr.Square);
    private static readonly MapProgram s_sqrt = Programs.Unary(Expr.Sqrt);
    private static readonly MapProgram s_rsqrt = Programs.Unary(Expr.Rsqrt);
    private static readonly MapProgram s_reciprocal = Programs.Unary(Expr.Reciprocal);
    private static readonly MapProgram s_exp = Programs.Unary(Expr.Exp);
    private static readonly MapProgram s_expm1 = Programs.Unary(Expr.Expm1);
    private static readonly MapProgram s_log = Programs.Unary(Expr.Log);
    private static readonly MapProgram s_log1p = Programs.Unary(Expr.Log1p);
    private static readonly MapProgram s_sin = Programs.Unary(Expr.Sin);
    private static readonly MapProgram s_cos = Programs.Unary(Expr.Cos);
    private static readonly MapProgram s_tan = Programs.Unary(Expr.Tan);
    private static readonly MapProgram s_tanh = Programs.Unary(Expr.Tanh);
    private static readonly MapProgram s_erf = Programs.Unary(Expr.Erf);
    private static readonly MapProgram s_floor = Programs.Unary(Expr.Floor);
    private static readonly MapProgram s_ceil = Programs.Unary(Expr.Ceil);
    private static readonly MapProgram s_round = Programs.Unary(Expr.Round);
    private static readonly MapProgram s_truncate = Programs.Unary(Expr.Trunc);
    private static readonly MapProgram s_isNaN = Programs.Unary(Expr.IsNaN);
    private static readonly MapProgram s_not = Programs.Unary(Expr.Not);
    private static readonly MapProgram s_mod = Programs.Binary(Expr.Mod);
    private static readonly MapProgram s_modScalar = Programs.UnaryScalar(Expr.Mod);
    private static readonly MapProgram s_floorDiv = Programs.Binary(Expr.FloorDiv);
    private static readonly MapProgram s_pow = Programs.Binary(Expr.Pow);
    private static readonly MapProgram s_powScalar = Programs.UnaryScalar(Expr.Pow);
    private static readonly MapProgram s_maximum = Programs.Binary(Expr.Max);
    private static readonly MapProgram s_minimum = Programs.Binary(Expr.Min);
    private static readonly MapProgram s_and = Programs.Binary(Expr.And);
    private static readonly MapProgram s_or = Programs.Binary(Expr.Or);
    private static readonly MapProgram s_less = Programs.Binary(Expr.Less);
    private static readonly MapProgram s_lessEqual = Programs.Binary(Expr.LessEqual);
    private static readonly MapProgram s_equal = Programs.Binary(Expr.Equal);
    private static readonly MapProgram s_notEqual = Programs.Binary(Expr.NotEqual);
    private static readonly MapProgram s_lessScalar = Programs.UnaryScalar(Expr.Less);
    private static readonly MapProgram s_lessEqualScalar = Programs.UnaryScalar(Expr.LessEqual);
    private static readonly MapProgram s_greaterScalar = Programs.UnaryScalar(static (x, p) => Expr.Less(p, x));
    private static readonly MapProgram s_greaterEqualScalar = Programs.UnaryScalar(static (x, p) => Expr.LessEqual(p, x));
    private static readonly MapProgram s_equalScalar = Programs.UnaryScalar(Expr.Equal);
    private static readonly MapProgram s_notEqualScalar = Programs.UnaryScalar(Expr.NotEqual);
    private static readonly MapProgram s_addWhole = Programs.UnaryWhole(static (x, p) => x + p);
    private static readonly MapProgram s_mulWhole = Programs.UnaryWhole(static (x, p) => x * p);
    private static readonly MapProgram s_wholeSub = Programs.UnaryWhole(static (x, p) => p - x);
    private static readonly MapProgram s_modWhole = Programs.UnaryWhole(Expr.Mod);
    private static readonly MapProgram s_lessWhole = Programs.UnaryWhole(Expr.Less);
    private static readonly MapProgram s_lessEqualWhole = Programs.UnaryWhole(Expr.LessEqual);
    private static readonly MapProgram s_greaterWhole = Programs.UnaryWhole(static (x, p) => Expr.Less(p, x));
    private static readonly MapProgram s_greaterEqualWhole = Programs.UnaryWhole(static (x, p) => Expr.LessEqual(p, x));
    private static readonly MapProgram s_equalWhole = Programs.UnaryWhole(Expr.Equal);
    private static readonly MapProgram s_notEqualWhole = Programs.UnaryWhole(Expr.NotEqual);
    private static readonly MapProgram s_clampWhole = Programs.Unary(static x => Expr.Clamp(x, Programs.Whole(0), Programs.Whole(2)));
    private static readonly MapProgram s_clamp = Programs.Unary(static x => Expr.Clamp(x, Expr.Parameter(0), Expr.Parameter(1)));

    /// <summary>|x|; the gradient at 0 is 0.</summary>
    public Tensor Abs() => Pointwise.Apply("Abs", s_abs, [this]);

    /// <summary>−1, 0 or 1.</summary>
    public Tensor Sign() => Pointwise.Apply("Sign", s_sign, [this]);

    /// <summary>x²; of truth values int64.</summary>
    public Tensor Square() => Pointwise.Apply("Square", s_square, [this], computeAs: DType == DType.Bool ? DType.Int64 : Autocast.Wide(DType));

    /// <summary>√x; NaN below 0.</summary>
    public Tensor Sqrt() => Floating("Sqrt", s_sqrt);

    /// <summary>1/√x.</summary>
    public Tensor Rsqrt() => Wide("Rsqrt", s_rsqrt);

    /// <summary>1/x.</summary>
    public Tensor Reciprocal() => Wide("Reciprocal", s_reciprocal);

    /// <summary>eˣ.</summary>
    public Tensor Exp() => Wide("Exp", s_exp);

    /// <summary>eˣ − 1, accurate near 0.</summary>
    public Tensor Expm1() => Wide("Expm1", s_expm1);

    /// <summary>ln x; −∞ at 0, NaN below.</summary>
    public Tensor Log() => Wide("Log", s_log);

    /// <summary>ln(1 + x), accurate near 0.</summary>
    public Tensor Log1p() => Wide("Log1p", s_log1p);

    /// <summary>sin x.</summary>
    public Tensor Sin() => Floating("Sin", s_sin);

    /// <summary>cos x.</summary>
    public Tensor Cos() => Floating("Cos", s_cos);

    /// <summary>tan x.</summary>
    public Tensor Tan() => Wide("Tan", s_tan);

    /// <summary>tanh x: saturates at ±1; gradient 1 − y².</summary>
    public Tensor Tanh() => Floating("Tanh", s_tanh);

    /// <summary>The error function.</summary>
    public Tensor Erf() => Floating("Erf", s_erf);

    /// <summary>The next integer below; no gradient. Integers are returned as they are.</summary>
    public Tensor Floor() => Rounded("Floor", s_floor);

    /// <summary>The next integer above; no gradient. Integers are returned as they are.</summary>
    public Tensor Ceil() => Rounded("Ceil", s_ceil);

    /// <summary>The nearest integer, halves to the even one; no gradient. Integers are returned as they are.</summary>
    public Tensor Round() => Rounded("Round", s_round);

    /// <summary>Without the fraction; no gradient. Integers are returned as they are.</summary>
    public Tensor Truncate() => Rounded("Truncate", s_truncate);

    /// <summary>True where x is NaN.</summary>
    public Tensor IsNaN() => Pointwise.Apply("IsNaN", s_isNaN, [this], computeAs: TypePromotion.ToFloating(DType), resultAs: DType.Bool);

    /// <summary>
    /// xʸ. Of integers an integer that wraps around like a product; there a negative y gives 0, but for x = ±1 the power itself.
    /// </summary>
    public Tensor Pow(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        DType dtype = TypePromotion.Common(this, y);
        return Pointwise.Apply("Pow", s_pow, [this, y], computeAs: dtype == DType.Bool ? DType.Int64 : Autocast.Wide(dtype));
    }

    /// <summary>
    /// xʸ for a number; squares, roots and the like take their own, faster form. Integers to a whole power stay integers and wrap around like a
    /// product; to a fraction they become float32.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Integers to a negative whole power.</exception>
    public Tensor Pow(double y)
    {
        if (!DType.IsFloatingPoint() && double.IsInteger(y))
        {
            if (y < 0)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(y), y, $"Pow: integers ({DType.ShortName()}) to a negative power are fractions. Convert the tensor with To(DType.Float32) first.");
            }

            return y == 2 ? Square() : Pointwise.Apply("Pow", s_powScalar, [this], [y], DType == DType.Bool ? DType.Int64 : DType);
        }

        return y switch
        {
            2 => Wide("Square", s_square),
            0.5 => Wide("Sqrt", s_sqrt),
            -1 => Reciprocal(),
            _ => Pointwise.Apply("Pow", s_powScalar, [this], [y], Autocast.Wide(TypePromotion.ToFloating(DType))),
        };
    }

    /// <summary>⌊x / y⌋.</summary>
    public Tensor FloorDiv(Tensor y) => Pointwise.Apply("FloorDiv", s_floorDiv, [this, y]);

    /// <summary>The larger of two elements; NaN wins; at a tie each gets half of the gradient.</summary>
    public static Tensor Maximum(Tensor x, Tensor y) => Pointwise.Apply("Maximum", s_maximum, [x, y]);

    /// <summary>The smaller of two elements; NaN wins; at a tie each gets half of the gradient.</summary>
    public static Tensor Minimum(Tensor x, Tensor y) => Pointwise.Apply("Minimum", s_minimum, [x, y]);

    /// <summary>
    /// x, but at least <paramref name="min"/> and at most <paramref name="max"/>; the gradient passes inside and at the bounds. Integers between
    /// whole bounds stay integers (truth values become int64), between others they become float32.
    /// </summary>
    public Tensor Clamp(double min = double.NegativeInfinity, double max = double.PositiveInfinity) =>
        !DType.IsFloatingPoint() && IsWholeBound(min) && IsWholeBound(max)
            ? Clamp(WholeBound(min), WholeBound(max))
            : Pointwise.Apply("Clamp", s_clamp, [this], [min, max], TypePromotion.ToFloating(DType));

    /// <inheritdoc cref="Clamp(double, double)"/>
    public Tensor Clamp(long min, long max) =>
        DType.IsFloatingPoint() ? Clamp((double)min, (double)max)
        : DType is DType.Int64 or DType.Bool ? Pointwise.Apply("Clamp", s_clampWhole, [this], ClampParts(min, max), DType.Int64)
        : Pointwise.Apply("Clamp", s_clamp, [this], [Math.Clamp(min, LowestInteger(DType), HighestInteger(DType)), Math.Clamp(max, LowestInteger(DType), HighestInteger(DType))]);

    /// <summary>True where x &lt; y.</summary>
    public Tensor LessThan(Tensor y) => Pointwise.Apply("LessThan", s_less, [this, y], resultAs: DType.Bool);

    /// <summary>True where x ≤ y.</summary>
    public Tensor LessOrEqual(Tensor y) => Pointwise.Apply("LessOrEqual", s_lessEqual, [this, y], resultAs: DType.Bool);

    /// <summary>True where x &gt; y.</summary>
    public Tensor GreaterThan(Tensor y) => CompareTensors("LessThan", s_less, y, this);

    /// <summary>True where x ≥ y.</summary>
    public Tensor GreaterOrEqual(Tensor y) => CompareTensors("LessOrEqual", s_lessEqual, y, this);

    /// <summary>True where x = y; NaN equals nothing.</summary>
    public Tensor EqualTo(Tensor y) => Pointwise.Apply("EqualTo", s_equal, [this, y], resultAs: DType.Bool);

    /// <summary>True where x = y.</summary>
    public Tensor EqualTo(double y) =>
        IsWholeFor(y) && double.IsInteger(y) ? EqualTo((long)y) : CompareScalar("EqualTo", s_equalScalar, this, IsWholeFor(y) ? double.NaN : Beyond(y));

    /// <inheritdoc cref="EqualTo(double)"/>
    public Tensor EqualTo(long y) => CompareWhole("EqualTo", s_equalScalar, s_equalWhole, this, y);

    /// <summary>True where x ≠ y, NaN included.</summary>
    public Tensor NotEqualTo(Tensor y) => Pointwise.Apply("NotEqualTo", s_notEqual, [this, y], resultAs: DType.Bool);

    /// <summary>True where x ≠ y.</summary>
    public Tensor NotEqualTo(double y) =>
        IsWholeFor(y) && double.IsInteger(y) ? NotEqualTo((long)y) : CompareScalar("NotEqualTo", s_notEqualScalar, this, IsWholeFor(y) ? double.NaN : Beyond(y));

    /// <inheritdoc cref="NotEqualTo(double)"/>
    public Tensor NotEqualTo(long y) => CompareWhole("NotEqualTo", s_notEqualScalar, s_notEqualWhole, this, y);

    /// <summary>True where both are (not 0).</summary>
    public Tensor And(Tensor y) => Pointwise.Apply("And", s_and, [this, y], resultAs: DType.Bool);

    /// <summary>True where one of them is (not 0).</summary>
    public Tensor Or(Tensor y) => Pointwise.Apply("Or", s_or, [this, y], resultAs: DType.Bool);

    /// <summary>True where x is 0.</summary>
    public Tensor Not() => Pointwise.Apply("Not", s_not, [this], resultAs: DType.Bool);

    /// <summary>x where the condition is true (not 0), otherwise y; the other side's NaN does not show.</summary>
    public static Tensor Where(Tensor condition, Tensor x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        return Pointwise.Apply("Where", Programs.Where, [condition, x, y], computeAs: TypePromotion.Common(x, y));
    }

    /// <summary>The value where the mask is true, otherwise x.</summary>
    public Tensor MaskedFill(Tensor mask, double value)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return Where(mask, Full(Shape.Scalar, value, DType, Device), this);
    }

    /// <inheritdoc cref="MaskedFill(Tensor, double)"/>
    public Tensor MaskedFill(Tensor mask, long value)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return Where(mask, Full(Shape.Scalar, value, DType, Device), this);
    }

    private static long LowestInteger(DType dtype) => dtype switch { DType.Int64 => long.MinValue, DType.Int32 => int.MinValue, _ => 0 };

    private static long HighestInteger(DType dtype) => dtype switch { DType.Int64 => long.MaxValue, DType.Int32 => int.MaxValue, DType.Bool => 1, _ => byte.MaxValue };

    private static bool IsWholeBound(double bound) => double.IsInteger(bound) || double.IsInfinity(bound);

    private static long WholeBound(double bound) => long.CreateSaturating(bound);

    private static double[] ClampParts(long min, long max)
    {
        (double minHigh, double minLow) = Programs.Parts(min);
        (double maxHigh, double maxLow) = Programs.Parts(max);
        return [minHigh, minLow, maxHigh, maxLow];
    }

    /// <summary>Rounding to whole numbers, which leaves integers alone.</summary>
    private Tensor Rounded(string op, MapProgram program) =>
        DType.IsFloatingPoint() ? Pointwise.Apply(op, program, [this]) : Pointwise.Apply(op, Programs.Copy, [this]);

    private Tensor Floating(string op, MapProgram program) => Pointwise.Apply(op, program, [this], computeAs: TypePromotion.ToFloating(DType));

    /// <summary>A function that needs float32's range or digits where <see cref="Autocast"/> is in force.</summary>
    private Tensor Wide(string op, MapProgram program) => Pointwise.Apply(op, program, [this], computeAs: Autocast.Wide(TypePromotion.ToFloating(DType)));
}
