using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>Arithmetic with broadcasting. A C# number is weak: it never widens a floating tensor.</summary>
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
        return Pointwise.Apply("Div", Programs.Div, [x, y], computeAs: TypePromotion.ToFloating(TypePromotion.Promote(x.DType, y.DType)));
    }

    /// <summary>The remainder with the sign of y, as in Python.</summary>
    public static Tensor operator %(Tensor x, Tensor y) => Pointwise.Apply("Mod", s_mod, [x, y]);

    /// <summary>x + y.</summary>
    public static Tensor operator +(Tensor x, double y) => WithScalar("Add", Programs.AddScalar, x, y);

    /// <summary>x + y.</summary>
    public static Tensor operator +(double x, Tensor y) => WithScalar("Add", Programs.AddScalar, y, x);

    /// <summary>x − y.</summary>
    public static Tensor operator -(Tensor x, double y) => WithScalar("Sub", Programs.AddScalar, x, -y);

    /// <summary>x − y.</summary>
    public static Tensor operator -(double x, Tensor y) => WithScalar("Sub", Programs.ScalarSub, y, x);

    /// <summary>x·y.</summary>
    public static Tensor operator *(Tensor x, double y) => WithScalar("Mul", Programs.MulScalar, x, y);

    /// <summary>x·y.</summary>
    public static Tensor operator *(double x, Tensor y) => WithScalar("Mul", Programs.MulScalar, y, x);

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
    public static Tensor operator <(Tensor x, double y) => CompareScalar("LessThan", s_lessScalar, x, y);

    /// <summary>True where x &gt; y.</summary>
    public static Tensor operator >(Tensor x, double y) => CompareScalar("GreaterThan", s_greaterScalar, x, y);

    /// <summary>True where x ≤ y.</summary>
    public static Tensor operator <=(Tensor x, double y) => CompareScalar("LessOrEqual", s_lessEqualScalar, x, y);

    /// <summary>True where x ≥ y.</summary>
    public static Tensor operator >=(Tensor x, double y) => CompareScalar("GreaterOrEqual", s_greaterEqualScalar, x, y);

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
}
