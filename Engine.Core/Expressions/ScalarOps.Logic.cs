using static Engine.Expr;

namespace Engine.Backends;

internal static partial class ScalarOps
{
    private static ScalarOp[] Logic() =>
    [
        new(ScalarOpcode.IsNaN, "isnan", 1)
        {
            Reference = static (x, _, _) => Truth(double.IsNaN(x)),
            IsPiecewiseConstant = true, IsBoolean = true, ZeroToZero = true,
        },
        new(ScalarOpcode.Not, "not", 1)
        {
            Reference = static (x, _, _) => Truth(x == 0),
            IntegerReference = static (x, _, _) => Bit(x == 0),
            IsPiecewiseConstant = true, IsBoolean = true,
        },
        new(ScalarOpcode.Less, "less", 2)
        {
            Reference = static (a, b, _) => Truth(a < b),
            IntegerReference = static (a, b, _) => Bit(a < b),
            IsPiecewiseConstant = true, IsBoolean = true, ZeroToZero = true, Infix = "<", Precedence = 4,
        },
        new(ScalarOpcode.LessEqual, "lessequal", 2)
        {
            Reference = static (a, b, _) => Truth(a <= b),
            IntegerReference = static (a, b, _) => Bit(a <= b),
            IsPiecewiseConstant = true, IsBoolean = true, Infix = "<=", Precedence = 4,
        },
        new(ScalarOpcode.Equal, "equal", 2)
        {
            Reference = static (a, b, _) => Truth(a == b),
            IntegerReference = static (a, b, _) => Bit(a == b),
            IsPiecewiseConstant = true, IsBoolean = true, IsCommutative = true, Infix = "==", Precedence = 3,
        },
        new(ScalarOpcode.NotEqual, "notequal", 2)
        {
            Reference = static (a, b, _) => Truth(a != b),
            IntegerReference = static (a, b, _) => Bit(a != b),
            IsPiecewiseConstant = true, IsBoolean = true, IsCommutative = true, ZeroToZero = true, Infix = "!=", Precedence = 3,
        },
        new(ScalarOpcode.And, "and", 2)
        {
            Reference = static (a, b, _) => Truth(a != 0 && b != 0),
            IntegerReference = static (a, b, _) => Bit(a != 0 && b != 0),
            IsPiecewiseConstant = true, IsBoolean = true, IsCommutative = true, ZeroToZero = true, Infix = "&", Precedence = 2,
        },
        new(ScalarOpcode.Or, "or", 2)
        {
            Reference = static (a, b, _) => Truth(a != 0 || b != 0),
            IntegerReference = static (a, b, _) => Bit(a != 0 || b != 0),
            IsPiecewiseConstant = true, IsBoolean = true, IsCommutative = true, ZeroToZero = true, Infix = "|", Precedence = 1,
        },
        new(ScalarOpcode.Where, "where", 3)
        {
            Reference = static (a, b, c) => a != 0 ? b : c,
            IntegerReference = static (a, b, c) => a != 0 ? b : c,
            Derivative = static (x, y, dy) => [null, Where(x[0], dy, 0), Where(x[0], 0, dy)],
            ZeroToZero = true,
        },
    ];

    private static double Truth(bool holds) => holds ? 1 : 0;

    private static long Bit(bool holds) => holds ? 1 : 0;
}
