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
    public static Tensor operator %(Tensor x, Tensor y) => Pointwise.Apply("Mod", ElementwisePrograms.Mod, [x, y]);

    /// <summary>x + y.</summary>
    public static Tensor operator +(Tensor x, double y) => OperandRules.WithScalar("Add", Programs.AddScalar, x, y);

    /// <inheritdoc cref="operator +(Tensor, double)"/>
    public static Tensor operator +(Tensor x, long y) => OperandRules.WithWhole("Add", Programs.AddScalar, ElementwisePrograms.AddWhole, x, y);

    /// <summary>x + y.</summary>
    public static Tensor operator +(double x, Tensor y) => OperandRules.WithScalar("Add", Programs.AddScalar, y, x);

    /// <inheritdoc cref="operator +(double, Tensor)"/>
    public static Tensor operator +(long x, Tensor y) => OperandRules.WithWhole("Add", Programs.AddScalar, ElementwisePrograms.AddWhole, y, x);

    /// <summary>x − y.</summary>
    public static Tensor operator -(Tensor x, double y) => OperandRules.WithScalar("Sub", Programs.AddScalar, x, -y);

    /// <inheritdoc cref="operator -(Tensor, double)"/>
    public static Tensor operator -(Tensor x, long y) => OperandRules.WithWhole("Sub", Programs.AddScalar, ElementwisePrograms.AddWhole, x, unchecked(-y));

    /// <summary>x − y.</summary>
    public static Tensor operator -(double x, Tensor y) => OperandRules.WithScalar("Sub", Programs.ScalarSub, y, x);

    /// <inheritdoc cref="operator -(double, Tensor)"/>
    public static Tensor operator -(long x, Tensor y) => OperandRules.WithWhole("Sub", Programs.ScalarSub, ElementwisePrograms.WholeSub, y, x);

    /// <summary>x·y.</summary>
    public static Tensor operator *(Tensor x, double y) => OperandRules.WithScalar("Mul", Programs.MulScalar, x, y);

    /// <inheritdoc cref="operator *(Tensor, double)"/>
    public static Tensor operator *(Tensor x, long y) => OperandRules.WithWhole("Mul", Programs.MulScalar, ElementwisePrograms.MulWhole, x, y);

    /// <summary>x·y.</summary>
    public static Tensor operator *(double x, Tensor y) => OperandRules.WithScalar("Mul", Programs.MulScalar, y, x);

    /// <inheritdoc cref="operator *(double, Tensor)"/>
    public static Tensor operator *(long x, Tensor y) => OperandRules.WithWhole("Mul", Programs.MulScalar, ElementwisePrograms.MulWhole, y, x);

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
    public static Tensor operator %(Tensor x, double y) => OperandRules.WithScalar("Mod", ElementwisePrograms.ModScalar, x, y);

    /// <inheritdoc cref="operator %(Tensor, double)"/>
    public static Tensor operator %(Tensor x, long y) => OperandRules.WithWhole("Mod", ElementwisePrograms.ModScalar, ElementwisePrograms.ModWhole, x, y);

    /// <summary>−x.</summary>
    public static Tensor operator -(Tensor x) => Pointwise.Apply("Neg", ElementwisePrograms.Neg, [x]);

    /// <summary>True where x &lt; y.</summary>
    public static Tensor operator <(Tensor x, Tensor y) => OperandRules.CompareTensors("LessThan", ElementwisePrograms.Less, x, y);

    /// <summary>True where x &gt; y.</summary>
    public static Tensor operator >(Tensor x, Tensor y) => OperandRules.CompareTensors("LessThan", ElementwisePrograms.Less, y, x);

    /// <summary>True where x ≤ y.</summary>
    public static Tensor operator <=(Tensor x, Tensor y) => OperandRules.CompareTensors("LessOrEqual", ElementwisePrograms.LessEqual, x, y);

    /// <summary>True where x ≥ y.</summary>
    public static Tensor operator >=(Tensor x, Tensor y) => OperandRules.CompareTensors("LessOrEqual", ElementwisePrograms.LessEqual, y, x);

    /// <summary>True where x &lt; y.</summary>
    public static Tensor operator <(Tensor x, double y) => OperandRules.ComparesWhole(x, y) ? x < (long)Math.Ceiling(y) : OperandRules.CompareScalar("LessThan", ElementwisePrograms.LessScalar, x, x.Beyond(y));

    /// <inheritdoc cref="operator &lt;(Tensor, double)"/>
    public static Tensor operator <(Tensor x, long y) => OperandRules.CompareWhole("LessThan", ElementwisePrograms.LessScalar, ElementwisePrograms.LessWhole, x, y);

    /// <summary>True where x &gt; y.</summary>
    public static Tensor operator >(Tensor x, double y) => OperandRules.ComparesWhole(x, y) ? x > (long)Math.Floor(y) : OperandRules.CompareScalar("GreaterThan", ElementwisePrograms.GreaterScalar, x, x.Beyond(y));

    /// <inheritdoc cref="operator &gt;(Tensor, double)"/>
    public static Tensor operator >(Tensor x, long y) => OperandRules.CompareWhole("GreaterThan", ElementwisePrograms.GreaterScalar, ElementwisePrograms.GreaterWhole, x, y);

    /// <summary>True where x ≤ y.</summary>
    public static Tensor operator <=(Tensor x, double y) => OperandRules.ComparesWhole(x, y) ? x <= (long)Math.Floor(y) : OperandRules.CompareScalar("LessOrEqual", ElementwisePrograms.LessEqualScalar, x, x.Beyond(y));

    /// <inheritdoc cref="operator &lt;=(Tensor, double)"/>
    public static Tensor operator <=(Tensor x, long y) => OperandRules.CompareWhole("LessOrEqual", ElementwisePrograms.LessEqualScalar, ElementwisePrograms.LessEqualWhole, x, y);

    /// <summary>True where x ≥ y.</summary>
    public static Tensor operator >=(Tensor x, double y) => OperandRules.ComparesWhole(x, y) ? x >= (long)Math.Ceiling(y) : OperandRules.CompareScalar("GreaterOrEqual", ElementwisePrograms.GreaterEqualScalar, x, x.Beyond(y));

    /// <inheritdoc cref="operator &gt;=(Tensor, double)"/>
    public static Tensor operator >=(Tensor x, long y) => OperandRules.CompareWhole("GreaterOrEqual", ElementwisePrograms.GreaterEqualScalar, ElementwisePrograms.GreaterEqualWhole, x, y);
}

/// <summary>Tensors and numbers as operands.</summary>
internal static class OperandRules
{
    public static Tensor WithScalar(string op, MapProgram program, Tensor x, double scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar));
    }

    public static Tensor CompareScalar(string op, MapProgram program, Tensor x, double scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar), DType.Bool);
    }

    public static Tensor CompareTensors(
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
    public static Tensor WithWhole(string op, MapProgram program, MapProgram inParts, Tensor x, long scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        if (x.DType.IsFloatingPoint() || Programs.IsExact(scalar))
        {
            return Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar));
        }

        (double high, double low) = Programs.Parts(scalar);
        return Pointwise.Apply(op, inParts, [x], [high, low], DType.Int64);
    }

    public static Tensor CompareWhole(string op, MapProgram program, MapProgram inParts, Tensor x, long scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        if (x.DType.IsFloatingPoint() || Programs.IsExact(scalar))
        {
            return Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar), DType.Bool);
        }

        (double high, double low) = Programs.Parts(scalar);
        return Pointwise.Apply(op, inParts, [x], [high, low], DType.Int64, DType.Bool);
    }

    public static bool ComparesWhole(Tensor x, double scalar, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return x.IsWholeFor(scalar);
    }

    /// <summary>Whether a comparison with a number can be one of whole numbers: an integer tensor against a number within int64.</summary>
    public static bool IsWholeFor(this Tensor x, double scalar) => !x.DType.IsFloatingPoint() && scalar is >= long.MinValue and < -(double)long.MinValue;

    /// <summary>A number that integers are compared with as float32: past both ends of int64 any number is as good as ∞, whatever they are rounded to.</summary>
    public static double Beyond(this Tensor x, double scalar) => x.DType.IsFloatingPoint() || double.IsNaN(scalar) ? scalar : double.CopySign(double.PositiveInfinity, scalar);
}
