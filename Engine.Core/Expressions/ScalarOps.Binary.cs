using static Engine.Expr;

namespace Engine.Backends;

internal static partial class ScalarOps
{
    private static ScalarOp[] Binary() =>
    [
        new(ScalarOpcode.Add, "add", 2)
        {
            Reference = static (a, b, _) => a + b,
            IntegerReference = static (a, b, _) => unchecked(a + b),
            Derivative = static (x, y, dy) => [dy, dy],
            IsCommutative = true, ZeroToZero = true, Infix = "+", Precedence = 5,
        },
        new(ScalarOpcode.Sub, "sub", 2)
        {
            Reference = static (a, b, _) => a - b,
            IntegerReference = static (a, b, _) => unchecked(a - b),
            Derivative = static (x, y, dy) => [dy, -dy],
            ZeroToZero = true, Infix = "-", Precedence = 5,
        },
        new(ScalarOpcode.Mul, "mul", 2)
        {
            Reference = static (a, b, _) => a * b,
            IntegerReference = static (a, b, _) => unchecked(a * b),
            Derivative = static (x, y, dy) => [dy * x[1], dy * x[0]],
            IsCommutative = true, ZeroToZero = true, Infix = "*", Precedence = 6,
        },
        new(ScalarOpcode.Div, "div", 2)
        {
            Reference = static (a, b, _) => a / b,
            Derivative = static (x, y, dy) => [dy / x[1], -(dy * y / x[1])],
            Infix = "/", Precedence = 6, Domain = (0.25, 8),
        },
        new(ScalarOpcode.FloorDiv, "floordiv", 2)
        {
            Reference = static (a, b, _) => SpecialFunctions.FloorDiv(a, b),
            IntegerReference = static (a, b, _) => SpecialFunctions.FloorDiv(a, b),
            IsPiecewiseConstant = true, Domain = (0.25, 8),
        },
        new(ScalarOpcode.Mod, "mod", 2)
        {
            Reference = static (a, b, _) => SpecialFunctions.Mod(a, b),
            IntegerReference = static (a, b, _) => SpecialFunctions.Mod(a, b),
            Derivative = static (x, y, dy) => [dy, -(dy * FloorDiv(x[0], x[1]))],
            Infix = "%", Precedence = 6, Domain = (0.25, 8),
        },
        new(ScalarOpcode.Pow, "pow", 2)
        {
            Reference = static (a, b, _) => Math.Pow(a, b),
            IntegerReference = static (a, b, _) => SpecialFunctions.Pow(a, b),
            Derivative = static (x, y, dy) =>
            [
                Where(Equal(x[1], 0), 0, dy * (x[1] * Pow(x[0], x[1] - 1))),
                Where(And(Equal(x[0], 0), x[1] >= 0), 0, dy * (y * Log(x[0]))),
            ],
            Domain = (0.25, 4),
        },
        new(ScalarOpcode.Min, "min", 2)
        {
            Reference = static (a, b, _) => Math.Min(a, b),
            IntegerReference = static (a, b, _) => Math.Min(a, b),
            Derivative = static (x, y, dy) => [WinnersShare(x[0], x[1], x[1] < x[0], dy), WinnersShare(x[0], x[1], x[0] < x[1], dy)],
            IsCommutative = true, ZeroToZero = true,
        },
        new(ScalarOpcode.Max, "max", 2)
        {
            Reference = static (a, b, _) => Math.Max(a, b),
            IntegerReference = static (a, b, _) => Math.Max(a, b),
            Derivative = static (x, y, dy) => [WinnersShare(x[0], x[1], x[0] < x[1], dy), WinnersShare(x[0], x[1], x[1] < x[0], dy)],
            IsCommutative = true, ZeroToZero = true,
        },
        new(ScalarOpcode.CopySign, "copysign", 2)
        {
            Reference = static (a, b, _) => Math.CopySign(a, b),
            IntegerReference = static (a, b, _) => (a < 0) == (b < 0) ? a : unchecked(-a),
            Derivative = static (x, y, dy) => [dy * (Sign(x[0]) * CopySign(1, x[1])), null],
            ZeroToZero = true,
        },
        new(ScalarOpcode.Fma, "fma", 3)
        {
            Reference = static (a, b, c) => Math.FusedMultiplyAdd(a, b, c),
            IntegerReference = static (a, b, c) => unchecked(a * b + c),
            Derivative = static (x, y, dy) => [dy * x[1], dy * x[0], dy],
            IsCommutative = true, ZeroToZero = true,
        },
    ];

    // PyTorch's rule: the loser gets nothing, a tie half each; with a NaN both sides get all of it.
    private static Expr WinnersShare(Expr a, Expr b, Expr loses, Expr dy) => Where(loses, 0, Where(Equal(a, b), dy * 0.5, dy));
}
