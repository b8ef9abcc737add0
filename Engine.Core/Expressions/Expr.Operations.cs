namespace Engine;

/// <summary>One function for each operation of the table; formulas and special values stand at the <see cref="ScalarOpcode"/>.</summary>
public sealed partial class Expr
{
    /// <summary>A number as a formula.</summary>
    public static implicit operator Expr(double value) => Constant(value);

    /// <summary>−x.</summary>
    public static Expr operator -(Expr x) => new(ScalarOpcode.Neg, x);

    /// <summary>a + b.</summary>
    public static Expr operator +(Expr a, Expr b) => new(ScalarOpcode.Add, a, b);

    /// <summary>a − b.</summary>
    public static Expr operator -(Expr a, Expr b) => new(ScalarOpcode.Sub, a, b);

    /// <summary>a · b.</summary>
    public static Expr operator *(Expr a, Expr b) => new(ScalarOpcode.Mul, a, b);

    /// <summary>a / b.</summary>
    public static Expr operator /(Expr a, Expr b) => new(ScalarOpcode.Div, a, b);

    /// <summary>The remainder of a / b with the sign of b.</summary>
    public static Expr operator %(Expr a, Expr b) => new(ScalarOpcode.Mod, a, b);

    /// <summary>1 where a &lt; b, else 0.</summary>
    public static Expr operator <(Expr a, Expr b) => new(ScalarOpcode.Less, a, b);

    /// <summary>1 where a &gt; b, else 0.</summary>
    public static Expr operator >(Expr a, Expr b) => new(ScalarOpcode.Less, b, a);

    /// <summary>1 where a ≤ b, else 0.</summary>
    public static Expr operator <=(Expr a, Expr b) => new(ScalarOpcode.LessEqual, a, b);

    /// <summary>1 where a ≥ b, else 0.</summary>
    public static Expr operator >=(Expr a, Expr b) => new(ScalarOpcode.LessEqual, b, a);

    /// <summary><inheritdoc cref="ScalarOpcode.Abs" path="/summary/node()"/></summary>
    public static Expr Abs(Expr x) => new(ScalarOpcode.Abs, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Sign" path="/summary/node()"/></summary>
    public static Expr Sign(Expr x) => new(ScalarOpcode.Sign, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Reciprocal" path="/summary/node()"/></summary>
    public static Expr Reciprocal(Expr x) => new(ScalarOpcode.Reciprocal, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Sqrt" path="/summary/node()"/></summary>
    public static Expr Sqrt(Expr x) => new(ScalarOpcode.Sqrt, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Rsqrt" path="/summary/node()"/></summary>
    public static Expr Rsqrt(Expr x) => new(ScalarOpcode.Rsqrt, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Exp" path="/summary/node()"/></summary>
    public static Expr Exp(Expr x) => new(ScalarOpcode.Exp, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Log" path="/summary/node()"/></summary>
    public static Expr Log(Expr x) => new(ScalarOpcode.Log, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Log1p" path="/summary/node()"/></summary>
    public static Expr Log1p(Expr x) => new(ScalarOpcode.Log1p, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Expm1" path="/summary/node()"/></summary>
    public static Expr Expm1(Expr x) => new(ScalarOpcode.Expm1, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Sin" path="/summary/node()"/></summary>
    public static Expr Sin(Expr x) => new(ScalarOpcode.Sin, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Cos" path="/summary/node()"/></summary>
    public static Expr Cos(Expr x) => new(ScalarOpcode.Cos, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Tan" path="/summary/node()"/></summary>
    public static Expr Tan(Expr x) => new(ScalarOpcode.Tan, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Tanh" path="/summary/node()"/></summary>
    public static Expr Tanh(Expr x) => new(ScalarOpcode.Tanh, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Sigmoid" path="/summary/node()"/></summary>
    public static Expr Sigmoid(Expr x) => new(ScalarOpcode.Sigmoid, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Erf" path="/summary/node()"/></summary>
    public static Expr Erf(Expr x) => new(ScalarOpcode.Erf, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Floor" path="/summary/node()"/></summary>
    public static Expr Floor(Expr x) => new(ScalarOpcode.Floor, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Ceil" path="/summary/node()"/></summary>
    public static Expr Ceil(Expr x) => new(ScalarOpcode.Ceil, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Round" path="/summary/node()"/></summary>
    public static Expr Round(Expr x) => new(ScalarOpcode.Round, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Trunc" path="/summary/node()"/></summary>
    public static Expr Trunc(Expr x) => new(ScalarOpcode.Trunc, x);

    /// <summary><inheritdoc cref="ScalarOpcode.IsNaN" path="/summary/node()"/></summary>
    public static Expr IsNaN(Expr x) => new(ScalarOpcode.IsNaN, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Not" path="/summary/node()"/></summary>
    public static Expr Not(Expr x) => new(ScalarOpcode.Not, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Relu" path="/summary/node()"/></summary>
    public static Expr Relu(Expr x) => new(ScalarOpcode.Relu, x);

    /// <summary><inheritdoc cref="ScalarOpcode.FloorDiv" path="/summary/node()"/></summary>
    public static Expr FloorDiv(Expr a, Expr b) => new(ScalarOpcode.FloorDiv, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Mod" path="/summary/node()"/></summary>
    public static Expr Mod(Expr a, Expr b) => new(ScalarOpcode.Mod, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Pow" path="/summary/node()"/></summary>
    public static Expr Pow(Expr a, Expr b) => new(ScalarOpcode.Pow, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Min" path="/summary/node()"/></summary>
    public static Expr Min(Expr a, Expr b) => new(ScalarOpcode.Min, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Max" path="/summary/node()"/></summary>
    public static Expr Max(Expr a, Expr b) => new(ScalarOpcode.Max, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.CopySign" path="/summary/node()"/></summary>
    public static Expr CopySign(Expr a, Expr b) => new(ScalarOpcode.CopySign, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Less" path="/summary/node()"/></summary>
    public static Expr Less(Expr a, Expr b) => new(ScalarOpcode.Less, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.LessEqual" path="/summary/node()"/></summary>
    public static Expr LessEqual(Expr a, Expr b) => new(ScalarOpcode.LessEqual, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Equal" path="/summary/node()"/></summary>
    public static Expr Equal(Expr a, Expr b) => new(ScalarOpcode.Equal, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.NotEqual" path="/summary/node()"/></summary>
    public static Expr NotEqual(Expr a, Expr b) => new(ScalarOpcode.NotEqual, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.And" path="/summary/node()"/></summary>
    public static Expr And(Expr a, Expr b) => new(ScalarOpcode.And, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Or" path="/summary/node()"/></summary>
    public static Expr Or(Expr a, Expr b) => new(ScalarOpcode.Or, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.BitwiseAnd" path="/summary/node()"/></summary>
    public static Expr BitwiseAnd(Expr a, Expr b) => new(ScalarOpcode.BitwiseAnd, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.BitwiseOr" path="/summary/node()"/></summary>
    public static Expr BitwiseOr(Expr a, Expr b) => new(ScalarOpcode.BitwiseOr, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.BitwiseXor" path="/summary/node()"/></summary>
    public static Expr BitwiseXor(Expr a, Expr b) => new(ScalarOpcode.BitwiseXor, a, b);

    /// <summary>The bits that the integer does not have: −x − 1.</summary>
    public static Expr BitwiseNot(Expr x) => new(ScalarOpcode.BitwiseXor, x, -1, nameOfA: nameof(x));

    /// <summary><inheritdoc cref="ScalarOpcode.LeftShift" path="/summary/node()"/></summary>
    public static Expr LeftShift(Expr a, Expr b) => new(ScalarOpcode.LeftShift, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.RightShift" path="/summary/node()"/></summary>
    public static Expr RightShift(Expr a, Expr b) => new(ScalarOpcode.RightShift, a, b);

    /// <summary><paramref name="a"/> where the condition is not 0, else <paramref name="b"/>; the side not taken does not matter, NaN included.</summary>
    public static Expr Where(Expr condition, Expr a, Expr b) => new(ScalarOpcode.Where, condition, a, b);

    /// <summary>a · b + c with one rounding.</summary>
    public static Expr Fma(Expr a, Expr b, Expr c) => new(ScalarOpcode.Fma, a, b, c);

    /// <summary><inheritdoc cref="ScalarOpcode.Asin" path="/summary/node()"/></summary>
    public static Expr Asin(Expr x) => new(ScalarOpcode.Asin, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Acos" path="/summary/node()"/></summary>
    public static Expr Acos(Expr x) => new(ScalarOpcode.Acos, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Atan" path="/summary/node()"/></summary>
    public static Expr Atan(Expr x) => new(ScalarOpcode.Atan, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Sinh" path="/summary/node()"/></summary>
    public static Expr Sinh(Expr x) => new(ScalarOpcode.Sinh, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Cosh" path="/summary/node()"/></summary>
    public static Expr Cosh(Expr x) => new(ScalarOpcode.Cosh, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Asinh" path="/summary/node()"/></summary>
    public static Expr Asinh(Expr x) => new(ScalarOpcode.Asinh, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Acosh" path="/summary/node()"/></summary>
    public static Expr Acosh(Expr x) => new(ScalarOpcode.Acosh, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Atanh" path="/summary/node()"/></summary>
    public static Expr Atanh(Expr x) => new(ScalarOpcode.Atanh, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Erfc" path="/summary/node()"/></summary>
    public static Expr Erfc(Expr x) => new(ScalarOpcode.Erfc, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Erfinv" path="/summary/node()"/></summary>
    public static Expr Erfinv(Expr x) => new(ScalarOpcode.Erfinv, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Lgamma" path="/summary/node()"/></summary>
    public static Expr Lgamma(Expr x) => new(ScalarOpcode.Lgamma, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Digamma" path="/summary/node()"/></summary>
    public static Expr Digamma(Expr x) => new(ScalarOpcode.Digamma, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Trigamma" path="/summary/node()"/></summary>
    public static Expr Trigamma(Expr x) => new(ScalarOpcode.Trigamma, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Sinc" path="/summary/node()"/></summary>
    public static Expr Sinc(Expr x) => new(ScalarOpcode.Sinc, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Logit" path="/summary/node()"/></summary>
    public static Expr Logit(Expr x) => new(ScalarOpcode.Logit, x);

    /// <summary><inheritdoc cref="ScalarOpcode.Atan2" path="/summary/node()"/></summary>
    public static Expr Atan2(Expr a, Expr b) => new(ScalarOpcode.Atan2, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Hypot" path="/summary/node()"/></summary>
    public static Expr Hypot(Expr a, Expr b) => new(ScalarOpcode.Hypot, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.LogAddExp" path="/summary/node()"/></summary>
    public static Expr LogAddExp(Expr a, Expr b) => new(ScalarOpcode.LogAddExp, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Fmod" path="/summary/node()"/></summary>
    public static Expr Fmod(Expr a, Expr b) => new(ScalarOpcode.Fmod, a, b);

    /// <summary><inheritdoc cref="ScalarOpcode.Xlogy" path="/summary/node()"/></summary>
    public static Expr Xlogy(Expr a, Expr b) => new(ScalarOpcode.Xlogy, a, b);
}
