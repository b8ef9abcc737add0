using static Engine.Expr;

namespace Engine.Backends;

internal static partial class ScalarOps
{
    private static ScalarOp[] Unary() =>
    [
        new(ScalarOpcode.Neg, "neg", 1)
        {
            Reference = static (x, _, _) => -x,
            IntegerReference = static (x, _, _) => unchecked(-x),
            Derivative = static (x, y, dy) => [-dy],
            ZeroToZero = true,
        },
        new(ScalarOpcode.Abs, "abs", 1)
        {
            Reference = static (x, _, _) => Math.Abs(x),
            IntegerReference = static (x, _, _) => x < 0 ? unchecked(-x) : x,
            Derivative = static (x, y, dy) => [dy * Sign(x[0])],
            ZeroToZero = true,
        },
        new(ScalarOpcode.Sign, "sign", 1)
        {
            Reference = static (x, _, _) => x > 0 ? 1 : x < 0 ? -1 : 0,
            IntegerReference = static (x, _, _) => Math.Sign(x),
            IsPiecewiseConstant = true,
            ZeroToZero = true,
        },
        new(ScalarOpcode.Reciprocal, "reciprocal", 1)
        {
            Reference = static (x, _, _) => 1 / x,
            Derivative = static (x, y, dy) => [-(dy * (y * y))],
            Domain = (0.25, 8),
        },
        new(ScalarOpcode.Sqrt, "sqrt", 1)
        {
            Reference = static (x, _, _) => Math.Sqrt(x),
            Derivative = static (x, y, dy) => [dy / (2 * y)],
            ZeroToZero = true,
            Domain = (0.25, 100),
        },
        new(ScalarOpcode.Rsqrt, "rsqrt", 1)
        {
            Reference = static (x, _, _) => 1 / Math.Sqrt(x),
            Derivative = static (x, y, dy) => [-0.5 * dy * (y * y * y)],
            Domain = (0.25, 100),
        },
        new(ScalarOpcode.Exp, "exp", 1)
        {
            Reference = static (x, _, _) => Math.Exp(x),
            Derivative = static (x, y, dy) => [dy * y],
        },
        new(ScalarOpcode.Log, "log", 1)
        {
            Reference = static (x, _, _) => Math.Log(x),
            Derivative = static (x, y, dy) => [dy / x[0]],
            Domain = (0.1, 100),
        },
        new(ScalarOpcode.Log1p, "log1p", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Log1p(x),
            Derivative = static (x, y, dy) => [dy / (x[0] + 1)],
            ZeroToZero = true,
            Domain = (-0.9, 10),
        },
        new(ScalarOpcode.Expm1, "expm1", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Expm1(x),
            Derivative = static (x, y, dy) => [dy * (y + 1)],
            ZeroToZero = true,
        },
        new(ScalarOpcode.Sin, "sin", 1)
        {
            Reference = static (x, _, _) => Math.Sin(x),
            Derivative = static (x, y, dy) => [dy * Cos(x[0])],
            ZeroToZero = true,
        },
        new(ScalarOpcode.Cos, "cos", 1)
        {
            Reference = static (x, _, _) => Math.Cos(x),
            Derivative = static (x, y, dy) => [-(dy * Sin(x[0]))],
        },
        new(ScalarOpcode.Tan, "tan", 1)
        {
            Reference = static (x, _, _) => Math.Tan(x),
            Derivative = static (x, y, dy) => [dy * (1 + y * y)],
            ZeroToZero = true,
            Domain = (-1.4, 1.4),
        },
        new(ScalarOpcode.Tanh, "tanh", 1)
        {
            Reference = static (x, _, _) => Math.Tanh(x),
            Derivative = static (x, y, dy) => [dy * (1 - y * y)],
            ZeroToZero = true,
        },
        new(ScalarOpcode.Sigmoid, "sigmoid", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Sigmoid(x),
            Derivative = static (x, y, dy) => [dy * (y * (1 - y))],
        },
        new(ScalarOpcode.Erf, "erf", 1)
        {
            Reference = static (x, _, _) => SpecialFunctions.Erf(x),
            Derivative = static (x, y, dy) => [dy * (2 / Math.Sqrt(Math.PI) * Exp(-(x[0] * x[0])))],
            ZeroToZero = true,
        },
        new(ScalarOpcode.Floor, "floor", 1)
        {
            Reference = static (x, _, _) => Math.Floor(x),
            IsPiecewiseConstant = true,
            ZeroToZero = true,
        },
        new(ScalarOpcode.Ceil, "ceil", 1)
        {
            Reference = static (x, _, _) => Math.Ceiling(x),
            IsPiecewiseConstant = true,
            ZeroToZero = true,
        },
        new(ScalarOpcode.Round, "round", 1)
        {
            Reference = static (x, _, _) => Math.Round(x, MidpointRounding.ToEven),
            IsPiecewiseConstant = true,
            ZeroToZero = true,
        },
        new(ScalarOpcode.Trunc, "trunc", 1)
        {
            Reference = static (x, _, _) => Math.Truncate(x),
            IsPiecewiseConstant = true,
            ZeroToZero = true,
        },
        new(ScalarOpcode.Relu, "relu", 1)
        {
            Reference = static (x, _, _) => x < 0 ? 0 : x,
            IntegerReference = static (x, _, _) => Math.Max(x, 0),
            Derivative = static (x, y, dy) => [Where(y <= 0, 0, dy)],
            ZeroToZero = true,
        },
    ];
}
