using static Engine.Backends.ScalarOpcode;

namespace Engine.Backends;

// Identities that hold for all values. Each returns a node in normal form, or null where no rule applies.
internal sealed partial class Simplifier
{
    private Expr? RewriteUnary(ScalarOpcode opcode, Expr x) => (opcode, x.Opcode) switch
    {
        (Neg, Neg) => x[0],
        (Neg, Mul) when x[1].IsConstant => Make(Mul, x[0], Constant(-x[1].Value)),
        (Abs, Neg or Abs) => Make(Abs, x[0]),
        (Relu, Relu) => x,
        (Cos, Neg) => Make(Cos, x[0]),
        (Reciprocal, Sqrt) => Make(Rsqrt, x[0]),
        (Reciprocal, Neg) => Make(Neg, Make(Reciprocal, x[0])),
        (Not, Equal) => Make(NotEqual, x[0], x[1]),
        (Not, NotEqual) => Make(Equal, x[0], x[1]),
        (Not, Not) when IsBoolean(x[0]) => x[0],
        _ => null,
    };

    private Expr? RewriteBinary(ScalarOpcode opcode, Expr a, Expr b) => opcode switch
    {
        Add when Is(b, -0.0) => a,
        Add when b.Opcode == Neg => Make(Sub, a, b[0]),
        Add when a.Opcode == Neg => Make(Sub, b, a[0]),
        Sub when b.IsConstant => Make(Add, a, Constant(-b.Value)),
        Sub when b.Opcode == Neg => Make(Add, a, b[0]),
        Mul when Is(b, 1) => a,
        Mul when Is(b, -1) => Make(Neg, a),
        Mul when a.Opcode == Neg => b.IsConstant ? Make(Mul, a[0], Constant(-b.Value)) : Make(Neg, Make(Mul, a[0], b)),
        Mul when b.Opcode == Neg => Make(Neg, Make(Mul, a, b[0])),
        Div when b.IsConstant && HasExactReciprocal(b.Value) => Make(Mul, a, Constant(1 / b.Value)),
        Div when Is(a, 1) => Make(Reciprocal, b),
        Div when Is(a, -1) => Make(Neg, Make(Reciprocal, b)),
        Div when a.Opcode == Neg => Make(Neg, Make(Div, a[0], b)),
        Div when b.Opcode == Neg => Make(Neg, Make(Div, a, b[0])),
        // A power of two constants that did not fold differs among types: 2⁻¹ is 0 for integers.
        Pow when b.IsConstant && !a.IsConstant => RewritePower(a, b.Value),
        Min or Max when ReferenceEquals(a, b) => a,
        NotEqual when Is(b, 0) && IsBoolean(a) => a,
        And when b.IsConstant => b.Value != 0 ? Make(NotEqual, a, Constant(0)) : Constant(0),
        Or when b.IsConstant => b.Value != 0 ? Constant(1) : Make(NotEqual, a, Constant(0)),
        _ => null,
    };

    // The exponents for which PyTorch, too, takes products and roots.
    private Expr? RewritePower(Expr x, double exponent) => exponent switch
    {
        0 => Constant(1),
        0.5 => Make(Sqrt, x),
        1 => x,
        2 => Make(Mul, x, x),
        3 => Make(Mul, Make(Mul, x, x), x),
        -0.5 => Make(Rsqrt, x),
        -1 => Make(Reciprocal, x),
        _ => null,
    };

    private Expr? RewriteTernary(ScalarOpcode opcode, Expr a, Expr b, Expr c)
    {
        if (opcode != Where)
        {
            return null;
        }
        if (a.IsConstant)
        {
            return a.Value != 0 ? b : c;
        }
        if (ReferenceEquals(b, c))
        {
            return b;
        }
        if (a.Opcode == Not)
        {
            return Make(Where, a[0], c, b);
        }
        if (a.Opcode == NotEqual && Is(a[1], 0))
        {
            return Make(Where, a[0], b, c);
        }
        // Not in gradients, where a switch says more than a number.
        if (!BuildsGradients && Is(b, 1) && Is(c, 0) && IsBoolean(a))
        {
            return a;
        }
        if (b.Opcode == Where && ReferenceEquals(b[0], a))
        {
            return Make(Where, a, b[1], c);
        }
        if (c.Opcode == Where && ReferenceEquals(c[0], a))
        {
            return Make(Where, a, b, c[2]);
        }
        return null;
    }

    private static bool IsBoolean(Expr x) => ScalarOp.Of(x.Opcode).IsBoolean;

    private static bool Is(Expr x, double value) =>
        x.IsConstant && BitConverter.DoubleToInt64Bits(x.Value) == BitConverter.DoubleToInt64Bits(value);

    // Powers of two whose reciprocals are normal numbers in float32 as well.
    private static bool HasExactReciprocal(double value) =>
        double.IsPow2(Math.Abs(value)) && Math.Abs(value) is >= 1.0 / (1L << 62) and <= 1L << 62;
}
