namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static readonly FusedMap s_fusedBits = Fuse.Map((x, y) => Expr.BitwiseXor(Expr.LeftShift(x, 3), Expr.BitwiseOr(Expr.RightShift(y, 1), Expr.BitwiseNot(x) * 5)));

    /// <summary>Operations on bits, of int64 and of what it is converted to.</summary>
    private static IEnumerable<OpCase> Bits() =>
    [
        OfBits("BitwiseAnd", (a, b) => a.BitwiseAnd(b)),
        OfBits("BitwiseOr", (a, b) => a.BitwiseOr(b)),
        OfBits("BitwiseXor", (a, b) => a.To(DType.Int32).BitwiseXor(b.To(DType.Int32))),
        OfBits("BitwiseNot", (a, b) => a.BitwiseNot() + b.To(DType.UInt8).BitwiseNot()),
        OfBits("LeftShift", (a, b) => (a - 150).To(DType.Int32).LeftShift((b % 40L).To(DType.Int32))),
        OfBits("RightShift", (a, b) => (a - 150).RightShift((b % 80L) - 8)),
        OfBits("BitsWithNumbers", (a, b) => a.BitwiseAnd(0x5A).BitwiseOr(b.BitwiseXor(-7)).BitwiseOr(256).LeftShift(3).RightShift(1)),
        OfBits("BitwiseOperators", (a, b) => (a & b) | (~a ^ b)),
        OfBits("BitwiseOperatorsWithNumbers", (a, b) => ((a & 12) | 3) ^ (5 & b) ^ (9 | a) ^ (6 ^ b) ^ 1),
        OfBits("ShiftOperators", (a, b) => (a << (b % 9L)) + (a >> (b % 3L)) - (a << 2) - (b >> 1)),
        OfBits("FusedBits", (a, b) => s_fusedBits.Apply(a, b)),
    ];

    private static OpCase OfBits(string name, Func<Tensor, Tensor, Tensor> run) =>
        new OpCase(name, n => [OpInput.Index([3, n], 300), OpInput.Index([n], 300)], x => run(x[0], x[1])) { Sizes = [0, 1, 3, 17, 257] }.NotDifferentiable();
}
