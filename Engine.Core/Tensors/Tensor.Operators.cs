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
    public static Tensor operator /(Tensor x, Tensor y) =>
        Pointwise.Apply("Div", Programs.Div, [x, y], computeAs: TypePromotion.ToFloating(TypePromotion.Promote(x.DType, y.DType)));

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
    public static Tensor operator /(Tensor x, double y) =>
        Pointwise.Apply("Div", Programs.DivScalar, [x], [y], TypePromotion.ToFloating(x.DType));

    /// <summary>x / y; of integers a float32.</summary>
    public static Tensor operator /(double x, Tensor y) =>
        Pointwise.Apply("Div", Programs.ScalarDiv, [y], [x], Autocast.Wide(TypePromotion.ToFloating(y.DType)));

    /// <summary>The remainder with the sign of y, as in Python.</summary>
    public static Tensor operator %(Tensor x, double y) => WithScalar("Mod", s_modScalar, x, y);

    /// <summary>−x.</summary>
    public static Tensor operator -(Tensor x) => Pointwise.Apply("Neg", s_neg, [x]);

    /// <summary>True where x &lt; y.</summary>
    public static Tensor operator <(Tensor x, Tensor y) => x.LessThan(y);

    /// <summary>True where x &gt; y.</summary>
    public static Tensor operator >(Tensor x, Tensor y) => y.LessThan(x);

    /// <summary>True where x ≤ y.</summary>
    public static Tensor operator <=(Tensor x, Tensor y) => x.LessOrEqual(y);

    /// <summary>True where x ≥ y.</summary>
    public static Tensor operator >=(Tensor x, Tensor y) => y.LessOrEqual(x);

    /// <summary>True where x &lt; y.</summary>
    public static Tensor operator <(Tensor x, double y) => CompareScalar("LessThan", s_lessScalar, x, y);

    /// <summary>True where x &gt; y.</summary>
    public static Tensor operator >(Tensor x, double y) => CompareScalar("GreaterThan", s_greaterScalar, x, y);

    /// <summary>True where x ≤ y.</summary>
    public static Tensor operator <=(Tensor x, double y) => CompareScalar("LessOrEqual", s_lessEqualScalar, x, y);

    /// <summary>True where x ≥ y.</summary>
    public static Tensor operator >=(Tensor x, double y) => CompareScalar("GreaterOrEqual", s_greaterEqualScalar, x, y);

    private static Tensor WithScalar(string op, MapProgram program, Tensor x, double scalar) =>
        Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar));

    private static Tensor CompareScalar(string op, MapProgram program, Tensor x, double scalar) =>
        Pointwise.Apply(op, program, [x], [scalar], TypePromotion.PromoteScalar(x.DType, scalar), DType.Bool);
}
