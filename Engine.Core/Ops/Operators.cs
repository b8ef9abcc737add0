using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>
/// Arithmetic with broadcasting. Numbers are weak, C#'s as well as tensors without axes: they never widen a tensor with axes of their own kind
/// (whole or floating). Whole numbers are exact over all of int64; integer arithmetic wraps around.
/// </summary>
public sealed partial class Tensor
{
    /// <summary>x + y.</summary>
    public static Tensor operator +(Tensor x, Tensor y) => Pointwise.Apply("Add", Programs.Add, [x, y]);

    /// <summary>x − y.</summary>
    public static Tensor operator -(Tensor x, Tensor y) => Pointwise.Apply("Sub", Programs.Sub, [x, y]);

    /// <summary>x·y, element by element.</summary>
    public static Tensor operator *(Tensor x, Tensor y) => Pointwise.Apply("Mul", Programs.Mul, [x, y]);

    /// <summary>x / y; of integers a float32.</summary>
    public static Tensor operator /(Tensor x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        return Pointwise.Apply("Div", Programs.Div, [x, y], computeAs: TypePromotion.ToFloating(TypePromotion.Common(x, y)));
    }

    /// <summary>The remainder with the sign of y, as in Python.</summary>
    public static Tensor operator %(Tensor x, Tensor y) => Pointwise.Apply("Mod", s_mod, [x, y]);

    /// <summary>x + y.</summary>
    public static Tensor operator +(Tensor x, double y) => WithScalar("Add", Programs.AddScalar, x, y);

    /// <inheritdoc cref="operator +(Tensor, double)"/>
    public static Tensor operator +(Tensor x, long y) => WithWhole("Add", Programs.AddScalar, s_addWhole, x, y);

    /// <summary>x + y.</summary>
    public static Tensor operator +(double x, Tensor y) => WithScalar("Add", Programs.AddScalar, y, x);

    /// <inheritdoc cref="operator +(double, Tensor)"/>
    public static Tensor operator +(long x, Tensor y) => WithWhole("Add", Programs.AddScalar, s_addWhole, y, x);

    /// <summary>x − y.</summary>
    public static Tensor operator -(Tensor x, double y) => WithScalar("Sub", Programs.AddScalar, x, -y);

    /// <inheritdoc cref="operator -(Tensor, double)"/>
    public static Tensor operator -(Tensor x, long y) => WithWhole("Sub", Programs.AddScalar, s_addWhole, x, unchecked(-y));

    /// <summary>x − y.</summary>
    public static Tensor operator -(double x, Tensor y) => WithScalar("Sub", Programs.ScalarSub, y, x);

    /// <inheritdoc cref="operator -(double, Tensor)"/>
    public static Tensor operator -(long x, Tensor y) => WithWhole("Sub", Programs.ScalarSub, s_wholeSub, y, x);

    /// <summary>x·y.</summary>
    public static Tensor operator *(Tensor x, double y) => WithScalar("Mul", Programs.MulScalar, x, y);

    /// <inheritdoc cref="operator *(Tensor, double)"/>
    public static Tensor operator *(Tensor x, long y) => WithWhole("Mul", Programs.MulScalar, s_mulWhole, x, y);

    /// <summary>x·y.</summary>
    public static Tensor operator *(double x, Tensor y) => WithScalar("Mul", Programs.MulScalar, y, x);

    /// <inheritdoc cref="operator *(double, Tensor)"/>
    public static Tensor operator *(long x, Tensor y) => WithWhole("Mul", Programs.MulScalar, s_mulWhole, y, x);

    /// <summary>x / y; of integers a float32.</summary>
    public static Tensor operator /(Tensor x, double y)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Pointwise.Apply("Div", Programs.DivScalar, [x], [y], TypePromotion.ToFloating(x.DType));
    }

    /// <summary>x / y; of integers a float32.</summary>
    public static Tensor operator /(double x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        return Pointwise.Apply("Div", Programs.ScalarDiv, [y], [x], Autocast.Wide(TypePromotion.ToFloating(y.DType)));
    }

    /// <summary>The remainder with the sign of y, as in Python.</summary>
    public static Tensor operator %(Tensor x, double y) => WithScalar("Mod", s_modScalar, x, y);

    /// <inheritdoc cref="operator %(Tensor, double)"/>
    public static Tensor operator %(Tensor x, long y) => WithWhole("Mod", s_modScalar, s_modWhole, x, y);

    /// <summary>−x.</summary>
    public static Tensor operator -(Tensor x) => Pointwise.Apply("Neg", s_neg, [x]);

    /// <summary>True where x &lt; y.</summary>
    public static Tensor operator <(Tensor x, Tensor y) => CompareTensors("LessThan", s_less, x, y);

    /// <summary>True where x &gt; y.</summary>
    public static Tensor operator >(Tensor x, Tensor y) => CompareTensors("LessThan", s_less, y, x);

    /// <summary>True where x ≤ y.</summary>
    public static Tensor operator <=(Tensor x, Tensor y) => CompareTensors("LessOrEqual", s_lessEqual, x, y);

    /// <summary>True where x ≥ y.</summary>
    public static Tensor operator >=(Tensor x, Tensor y) => CompareTensors("LessOrEqual", s_lessEqual, y, x);

    /// <summary>True where x &lt; y.</summary>
    public static Tensor operator <(Tensor x, double y) => IsWholeFor(x, y) ? x < (long)Math.Ceiling(y) : CompareScalar("LessThan", s_lessScalar, x, x.Beyond(y));

    /// <inheritdoc cref="operator &lt;(Tensor, double)"/>
    public static Tensor operator <(Tensor x, long y) => CompareWhole("LessThan", s_lessScalar, s_lessWhole, x, y);

    /// <summary>True where x &gt; y.</summary>
    public static Tensor operator >(Tensor x, double y) => IsWholeFor(x, y) ? x > (long)Math.Floor(y) : CompareScalar("GreaterThan", s_greaterScalar, x, x.Beyond(y));

    /// <inheritdoc cref="operator &gt;(Tensor, double)"/>
    public static Tensor operator >(Tensor x, long y) => CompareWhole("GreaterThan", s_greaterScalar, s_greaterWhole, x, y);

    /// <summary>True where x ≤ y.</summary>
    public static Tensor operator <=(Tensor x, double y) => IsWholeFor(x, y) ? x <= (long)Math.Floor(y) : CompareScalar("LessOrEqual", s_lessEqualScalar, x, x.Beyond(y));

    /// <inheritdoc cref="operator &lt;=(Tensor, double)"/>
    public static Tensor operator <=(Tensor x, long y) => CompareWhole("LessOrEqual", s_lessEqualScalar, s_lessEqualWhole, x, y);

    /// <summary>True where x ≥ y.</summary>
    public static Tensor operator >=(Tensor x, double y) => IsWholeFor(x, y) ? x >= (long)Math.Ceiling(y) : CompareScalar("GreaterOrEqual", s_greaterEqualScalar, x, x.Beyond(y));

    /// <inheritdoc cref="operator &gt;=(Tensor, double)"/>
    public static Tensor operator >=(Tensor x, long y) => CompareWhole("GreaterOrEqual", s_greaterEqualScalar, s_greaterEqualWhole, x, y);

    private static Tensor WithScalar(string op, MapProgram program, Tensor x, double scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar));
    }

    private static Tensor CompareScalar(string op, MapProgram program, Tensor x, double scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar), DType.Bool);
    }

    private static Tensor CompareTensors(
        string op,
        MapProgram program,
        Tensor a,
        Tensor b,
        [CallerArgumentExpression(nameof(a))] string nameOfA = "a",
        [CallerArgumentExpression(nameof(b))] string nameOfB = "b")
    {
        ArgumentNullException.ThrowIfNull(a, nameOfA);
        ArgumentNullException.ThrowIfNull(b, nameOfB);
        return Pointwise.Apply(op, program, [a, b], resultAs: DType.Bool);
    }

    /// <summary>A whole number as the operand of a program; one that a double does not hold goes to another program, in two parts.</summary>
    private static Tensor WithWhole(string op, MapProgram program, MapProgram inParts, Tensor x, long scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        if (x.DType.IsFloatingPoint() || Programs.IsExact(scalar))
        {
            return Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar));
        }

        (double high, double low) = Programs.Parts(scalar);
        return Pointwise.Apply(op, inParts, [x], [high, low], DType.Int64);
    }

    private static Tensor CompareWhole(string op, MapProgram program, MapProgram inParts, Tensor x, long scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        if (x.DType.IsFloatingPoint() || Programs.IsExact(scalar))
        {
            return Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar), DType.Bool);
        }

        (double high, double low) = Programs.Parts(scalar);
        return Pointwise.Apply(op, inParts, [x], [high, low], DType.Int64, DType.Bool);
    }

    private static bool IsWholeFor(Tensor x, double scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return x.IsWholeFor(scalar);
    }

    /// <summary>Whether a comparison with a number can be one of whole numbers: integers against what lies within int64.</summary>
    private bool IsWholeFor(double scalar) => !DType.IsFloatingPoint() && scalar is >= long.MinValue and < -(double)long.MinValue;

    /// <summary>A number that integers are compared with as float32: past both ends of int64 any number is as good as ∞, whatever they are rounded to.</summary>
    private double Beyond(double scalar) => DType.IsFloatingPoint() || double.IsNaN(scalar) ? scalar : double.CopySign(double.PositiveInfinity, scalar);
}
