using static Engine.Backends.ScalarOpcode;

namespace Engine.Backends;

// Rules for gradients only. A zero in a gradient means that nothing flows, whatever the other factor is. Mathematics agrees; PyTorch has
// 0·∞ = NaN: the gradient of where(x > 0, log x, 0) at 0 is 0 here. Rounding may differ in the last place.
internal sealed partial class Simplifier
{
    private Expr? RewriteGradient(ScalarOpcode opcode, Expr a, Expr? b)
    {
        switch (opcode)
        {
            case Add when IsZero(b!):
                return a;
            case Sub when IsZero(a):
                return Make(Neg, b!);
            case Neg when a.Opcode == Sub:
                return Make(Sub, a[1], a[0]);
            case Add or Sub when HaveOneCondition(a, b!):
                return Make(Where, a[0], Make(opcode, a[1], b![1]), Make(opcode, a[2], b[2]));
            case Add when a.Opcode == Add && HaveOneCondition(a[0], b!):
                return Make(Add, Make(Add, a[0], b!), a[1]);
            case Add when a.Opcode == Add && HaveOneCondition(a[1], b!):
                return Make(Add, a[0], Make(Add, a[1], b!));
            case Neg or Mul or Div when IsSwitch(a):
                return Make(Where, a[0], Through(opcode, a[1], b), Through(opcode, a[2], b));
            case Mul when IsSwitch(b!):
                return Make(Where, b![0], Through(Mul, b[1], a), Through(Mul, b[2], a));
            case Mul when b!.IsConstant && a.Opcode == Mul && a[1].IsConstant:
                return Make(Mul, a[0], Constant(a[1].Value * b.Value));
            // Constants move to the end, where they meet.
            case Mul when !b!.IsConstant && a.Opcode == Mul && a[1].IsConstant:
                return Make(Mul, Make(Mul, a[0], b), a[1]);
            case Mul when b!.Opcode == Mul && b[1].IsConstant:
                return Make(Mul, Make(Mul, a, b[0]), b[1]);
            default:
                return null;
        }
    }

    // where(c, a, 0) or where(c, 0, b): flow on one side only. Other operations move inside it, so that its zero meets no infinity.
    private static bool IsSwitch(Expr x) => x.Opcode == Where && (IsZero(x[1]) || IsZero(x[2]));

    private static bool HaveOneCondition(Expr a, Expr b) =>
        a.Opcode == Where && b.Opcode == Where && ReferenceEquals(a[0], b[0]) && (IsSwitch(a) || IsSwitch(b));

    private Expr Through(ScalarOpcode opcode, Expr branch, Expr? other) => IsZero(branch) ? Constant(0) : Make(opcode, branch, other);

    private static bool IsZero(Expr x) => x.IsConstant && x.Value == 0;
}
