namespace Engine.Backends;

internal static partial class ScalarOps
{
    private static ScalarOp[] Bits() =>
    [
        OfBits(ScalarOpcode.BitwiseAnd, "bitand", static (a, b) => a & b, isCommutative: true),
        OfBits(ScalarOpcode.BitwiseOr, "bitor", static (a, b) => a | b, isCommutative: true),
        OfBits(ScalarOpcode.BitwiseXor, "bitxor", static (a, b) => a ^ b, isCommutative: true),
        OfBits(ScalarOpcode.LeftShift, "shl", static (a, b) => b is >= 0 and < 64 ? a << (int)b : 0),
        OfBits(ScalarOpcode.RightShift, "shr", static (a, b) => a >> (b is >= 0 and < 64 ? (int)b : 63)),
    ];

    private static ScalarOp OfBits(ScalarOpcode opcode, string name, Func<long, long, long> f, bool isCommutative = false) => new(opcode, name, 2)
    {
        Reference = (a, b, _) => f((long)a, (long)b),
        IntegerReference = (a, b, _) => f(a, b),
        IsPiecewiseConstant = true,
        IsIntegerOnly = true,
        IsCommutative = isCommutative,
        ZeroToZero = true,
        Domain = (0.25, 12),
    };
}
