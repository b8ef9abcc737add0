using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>Functions of each element. Integers become float32 where the result has a fraction. NaN stays NaN unless said otherwise.</summary>
public sealed partial class Tensor
{
    /// <summary>|x|; the gradient at 0 is 0.</summary>
    public Tensor Abs() => Pointwise.Apply("Abs", ElementwisePrograms.Abs, [this]);

    /// <summary>−1, 0 or 1.</summary>
    public Tensor Sign() => Pointwise.Apply("Sign", ElementwisePrograms.Sign, [this]);

    /// <summary>x²; of truth values int64.</summary>
    public Tensor Square() => Pointwise.Apply("Square", ElementwisePrograms.Square, [this], computeAs: DType == DType.Bool ? DType.Int64 : Autocast.Wide(DType));

    /// <summary>√x; NaN below 0.</summary>
    public Tensor Sqrt() => this.Floating("Sqrt", ElementwisePrograms.Sqrt);

    /// <summary>1/√x.</summary>
    public Tensor Rsqrt() => this.Wide("Rsqrt", ElementwisePrograms.Rsqrt);

    /// <summary>1/x.</summary>
    public Tensor Reciprocal() => this.Wide("Reciprocal", ElementwisePrograms.Reciprocal);

    /// <summary>eˣ.</summary>
    public Tensor Exp() => this.Wide("Exp", ElementwisePrograms.Exp);

    /// <summary>eˣ − 1, accurate near 0.</summary>
    public Tensor Expm1() => this.Wide("Expm1", ElementwisePrograms.Expm1);

    /// <summary>ln x; −∞ at 0, NaN below.</summary>
    public Tensor Log() => this.Wide("Log", ElementwisePrograms.Log);

    /// <summary>ln(1 + x), accurate near 0.</summary>
    public Tensor Log1p() => this.Wide("Log1p", ElementwisePrograms.Log1p);

    /// <summary>sin x.</summary>
    public Tensor Sin() => this.Floating("Sin", ElementwisePrograms.Sin);

    /// <summary>cos x.</summary>
    public Tensor Cos() => this.Floating("Cos", ElementwisePrograms.Cos);

    /// <summary>tan x.</summary>
    public Tensor Tan() => this.Wide("Tan", ElementwisePrograms.Tan);

    /// <summary>tanh x: saturates at ±1; gradient 1 − y².</summary>
    public Tensor Tanh() => this.Floating("Tanh", ElementwisePrograms.Tanh);

    /// <summary>The error function.</summary>
    public Tensor Erf() => this.Floating("Erf", ElementwisePrograms.Erf);

    /// <summary>The next integer below; no gradient. Integers are returned as they are.</summary>
    public Tensor Floor() => this.Rounded("Floor", ElementwisePrograms.Floor);

    /// <summary>The next integer above; no gradient. Integers are returned as they are.</summary>
    public Tensor Ceil() => this.Rounded("Ceil", ElementwisePrograms.Ceil);

    /// <summary>The nearest integer, halves to the even one; no gradient. Integers are returned as they are.</summary>
    public Tensor Round() => this.Rounded("Round", ElementwisePrograms.Round);

    /// <summary>Without the fraction; no gradient. Integers are returned as they are.</summary>
    public Tensor Truncate() => this.Rounded("Truncate", ElementwisePrograms.Truncate);

    /// <summary>True where x is NaN.</summary>
    public Tensor IsNaN() => Pointwise.Apply("IsNaN", ElementwisePrograms.IsNaN, [this], computeAs: TypePromotion.ToFloating(DType), resultAs: DType.Bool);

    /// <summary>
    /// xʸ. Of integers an integer that wraps around like a product; there a negative y gives 0, but for x = ±1 the power itself.
    /// </summary>
    public Tensor Pow(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        DType dtype = TypePromotion.Common(this, y);
        return Pointwise.Apply("Pow", ElementwisePrograms.Pow, [this, y], computeAs: dtype == DType.Bool ? DType.Int64 : Autocast.Wide(dtype));
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

            return y == 2 ? Square() : Pointwise.Apply("Pow", ElementwisePrograms.PowScalar, [this], [y], DType == DType.Bool ? DType.Int64 : DType);
        }

        return y switch
        {
            2 => this.Wide("Square", ElementwisePrograms.Square),
            0.5 => this.Wide("Sqrt", ElementwisePrograms.Sqrt),
            -1 => Reciprocal(),
            _ => Pointwise.Apply("Pow", ElementwisePrograms.PowScalar, [this], [y], Autocast.Wide(TypePromotion.ToFloating(DType))),
        };
    }

    /// <summary>⌊x / y⌋.</summary>
    public Tensor FloorDiv(Tensor y) => Pointwise.Apply("FloorDiv", ElementwisePrograms.FloorDiv, [this, y]);

    /// <summary>The larger of two elements; NaN wins; at a tie each gets half of the gradient.</summary>
    public static Tensor Maximum(Tensor x, Tensor y) => Pointwise.Apply("Maximum", ElementwisePrograms.Maximum, [x, y]);

    /// <summary>The smaller of two elements; NaN wins; at a tie each gets half of the gradient.</summary>
    public static Tensor Minimum(Tensor x, Tensor y) => Pointwise.Apply("Minimum", ElementwisePrograms.Minimum, [x, y]);

    /// <summary>
    /// x, but at least <paramref name="min"/> and at most <paramref name="max"/>; the gradient passes inside and at the bounds. Integers between
    /// whole bounds stay integers (truth values become int64), between others they become float32.
    /// </summary>
    public Tensor Clamp(double min = double.NegativeInfinity, double max = double.PositiveInfinity) =>
        !DType.IsFloatingPoint() && ElementwiseOps.IsWholeBound(min) && ElementwiseOps.IsWholeBound(max)
            ? Clamp(ElementwiseOps.WholeBound(min), ElementwiseOps.WholeBound(max))
            : Pointwise.Apply("Clamp", ElementwisePrograms.Clamp, [this], [min, max], TypePromotion.ToFloating(DType));

    /// <inheritdoc cref="Clamp(double, double)"/>
    public Tensor Clamp(long min, long max) =>
        DType.IsFloatingPoint() ? Clamp((double)min, (double)max)
        : DType is DType.Int64 or DType.Bool ? Pointwise.Apply("Clamp", ElementwisePrograms.ClampWhole, [this], ElementwiseOps.ClampParts(min, max), DType.Int64)
        : Pointwise.Apply("Clamp", ElementwisePrograms.Clamp, [this], [Math.Clamp(min, ElementwiseOps.LowestInteger(DType), ElementwiseOps.HighestInteger(DType)), Math.Clamp(max, ElementwiseOps.LowestInteger(DType), ElementwiseOps.HighestInteger(DType))]);

    /// <summary>True where x &lt; y.</summary>
    public Tensor LessThan(Tensor y) => Pointwise.Apply("LessThan", ElementwisePrograms.Less, [this, y], resultAs: DType.Bool);

    /// <summary>True where x ≤ y.</summary>
    public Tensor LessOrEqual(Tensor y) => Pointwise.Apply("LessOrEqual", ElementwisePrograms.LessEqual, [this, y], resultAs: DType.Bool);

    /// <summary>True where x &gt; y.</summary>
    public Tensor GreaterThan(Tensor y) => OperandRules.CompareTensors("LessThan", ElementwisePrograms.Less, y, this);

    /// <summary>True where x ≥ y.</summary>
    public Tensor GreaterOrEqual(Tensor y) => OperandRules.CompareTensors("LessOrEqual", ElementwisePrograms.LessEqual, y, this);

    /// <summary>True where x = y; NaN equals nothing.</summary>
    public Tensor EqualTo(Tensor y) => Pointwise.Apply("EqualTo", ElementwisePrograms.Equal, [this, y], resultAs: DType.Bool);

    /// <summary>True where x = y.</summary>
    public Tensor EqualTo(double y) =>
        this.IsWholeFor(y) && double.IsInteger(y) ? EqualTo((long)y) : OperandRules.CompareScalar("EqualTo", ElementwisePrograms.EqualScalar, this, this.IsWholeFor(y) ? double.NaN : this.Beyond(y));

    /// <inheritdoc cref="EqualTo(double)"/>
    public Tensor EqualTo(long y) => OperandRules.CompareWhole("EqualTo", ElementwisePrograms.EqualScalar, ElementwisePrograms.EqualWhole, this, y);

    /// <summary>True where x ≠ y, NaN included.</summary>
    public Tensor NotEqualTo(Tensor y) => Pointwise.Apply("NotEqualTo", ElementwisePrograms.NotEqual, [this, y], resultAs: DType.Bool);

    /// <summary>True where x ≠ y.</summary>
    public Tensor NotEqualTo(double y) =>
        this.IsWholeFor(y) && double.IsInteger(y) ? NotEqualTo((long)y) : OperandRules.CompareScalar("NotEqualTo", ElementwisePrograms.NotEqualScalar, this, this.IsWholeFor(y) ? double.NaN : this.Beyond(y));

    /// <inheritdoc cref="NotEqualTo(double)"/>
    public Tensor NotEqualTo(long y) => OperandRules.CompareWhole("NotEqualTo", ElementwisePrograms.NotEqualScalar, ElementwisePrograms.NotEqualWhole, this, y);

    /// <summary>True where both are (not 0).</summary>
    public Tensor And(Tensor y) => Pointwise.Apply("And", ElementwisePrograms.And, [this, y], resultAs: DType.Bool);

    /// <summary>True where one of them is (not 0).</summary>
    public Tensor Or(Tensor y) => Pointwise.Apply("Or", ElementwisePrograms.Or, [this, y], resultAs: DType.Bool);

    /// <summary>True where x is 0.</summary>
    public Tensor Not() => Pointwise.Apply("Not", ElementwisePrograms.Not, [this], resultAs: DType.Bool);

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
}

/// <summary>How the types and the bounds of functions of each element are chosen.</summary>
internal static class ElementwiseOps
{
    public static long LowestInteger(DType dtype) => dtype switch { DType.Int64 => long.MinValue, DType.Int32 => int.MinValue, _ => 0 };

    public static long HighestInteger(DType dtype) => dtype switch { DType.Int64 => long.MaxValue, DType.Int32 => int.MaxValue, DType.Bool => 1, _ => byte.MaxValue };

    public static bool IsWholeBound(double bound) => double.IsInteger(bound) || double.IsInfinity(bound);

    public static long WholeBound(double bound) => long.CreateSaturating(bound);

    public static double[] ClampParts(long min, long max)
    {
        (double minHigh, double minLow) = Programs.Parts(min);
        (double maxHigh, double maxLow) = Programs.Parts(max);
        return [minHigh, minLow, maxHigh, maxLow];
    }

    /// <summary>Rounding to whole numbers, which leaves integers alone.</summary>
    public static Tensor Rounded(this Tensor x, string op, MapProgram program) =>
        x.DType.IsFloatingPoint() ? Pointwise.Apply(op, program, [x]) : Pointwise.Apply(op, Programs.Copy, [x]);

    public static Tensor Floating(this Tensor x, string op, MapProgram program) => Pointwise.Apply(op, program, [x], computeAs: TypePromotion.ToFloating(x.DType));

    /// <summary>A function of two tensors whose result has a fraction.</summary>
    public static Tensor FloatingWith(this Tensor x, string op, MapProgram program, Tensor y, [CallerArgumentExpression(nameof(y))] string name = "y")
    {
        ArgumentNullException.ThrowIfNull(y, name);
        return Pointwise.Apply(op, program, [x, y], computeAs: TypePromotion.ToFloating(TypePromotion.Common(x, y)));
    }

    /// <summary>A question about floating point numbers; integers are asked as such.</summary>
    public static Tensor Test(this Tensor x, string op, MapProgram program) => Pointwise.Apply(op, program, [x], computeAs: TypePromotion.ToFloating(x.DType), resultAs: DType.Bool);

    /// <summary>The largest finite number of a floating type.</summary>
    public static double LargestNumber(DType dtype) => dtype switch
    {
        DType.Float16 => (double)Half.MaxValue,
        DType.BFloat16 => 3.3895313892515355e38,
        DType.Float64 => double.MaxValue,
        _ => float.MaxValue,
    };

    /// <summary>A function that needs float32's range or digits where <see cref="Autocast"/> is in force.</summary>
    public static Tensor Wide(this Tensor x, string op, MapProgram program) => Pointwise.Apply(op, program, [x], computeAs: Autocast.Wide(TypePromotion.ToFloating(x.DType)));
}
