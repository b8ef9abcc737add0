using System.Numerics;

namespace Engine.Gpu;

internal sealed partial class KernelBuilder
{
    private static bool IsCommutative(Opcode op) =>
        op is Opcode.Add or Opcode.Mul or Opcode.MulHigh or Opcode.Min or Opcode.Max or Opcode.And or Opcode.Or or Opcode.Xor or Opcode.Equal or Opcode.NotEqual;

    /// <summary>An equal value that is cheaper, or null. Floating-point rules are exact for NaN, infinities and signed zeros.</summary>
    private Value? Simplify(Opcode op, RegisterType type, Value a, Value? b, Value? c)
    {
        if (a.IsConstant && b is not { IsConstant: false } && c is not { IsConstant: false } && ConstantFolding.Fold(op, type, a, b, c) is { } bits)
        {
            return Pure(Opcode.Constant, type, bits, isNonNegative: type.IsInteger() && bits >= 0);
        }

        return op switch
        {
            Opcode.Select => a.IsConstant ? (a.Bits != 0 ? b : c) : ReferenceEquals(b, c) ? b : null,
            Opcode.Not => a.Op == Opcode.Not ? a.A : null,
            Opcode.Convert or Opcode.Bitcast => null,
            _ when b is null => null,
            _ when type == RegisterType.Bool => SimplifyLogic(op, a, b),
            _ when type.IsFloat() => SimplifyFloat(op, a, b),
            _ => SimplifyInteger(op, type, a, b),
        };
    }

    private Value? SimplifyLogic(Opcode op, Value a, Value b) => op switch
    {
        Opcode.And => a.IsConstant ? (a.Bits != 0 ? b : a) : b.IsConstant ? (b.Bits != 0 ? a : b) : ReferenceEquals(a, b) ? a : null,
        Opcode.Or => a.IsConstant ? (a.Bits != 0 ? a : b) : b.IsConstant ? (b.Bits != 0 ? b : a) : ReferenceEquals(a, b) ? a : null,
        Opcode.LessEqual or Opcode.Equal when ReferenceEquals(a, b) && a.Type.IsInteger() => Bool(true),
        Opcode.Less or Opcode.NotEqual when ReferenceEquals(a, b) && a.Type.IsInteger() => Bool(false),
        Opcode.Less when a.IsNonNegative && b is { IsConstant: true, Bits: 0 } && b.Type.IsInteger() => Bool(false),
        Opcode.LessEqual when a is { IsConstant: true, Bits: 0 } && b.IsNonNegative && a.Type.IsInteger() => Bool(true),
        _ => null,
    };

    private static Value? SimplifyFloat(Opcode op, Value a, Value b) => op switch
    {
        Opcode.Mul or Opcode.Div when b.IsConstant && b.Number == 1 => a,
        Opcode.Mul when a.IsConstant && a.Number == 1 => b,
        Opcode.Sub when b.IsConstant && b.Bits == 0 => a,                                                        // x − (+0); x + 0 would change −0
        Opcode.Add when b.IsConstant && b.Bits == BitConverter.DoubleToInt64Bits(-0.0) => a,
        _ => null,
    };

    private Value? SimplifyInteger(Opcode op, RegisterType type, Value a, Value b)
    {
        if (a.IsConstant && !b.IsConstant && IsCommutative(op))
        {
            (a, b) = (b, a);
        }

        if (!b.IsConstant)
        {
            return op switch
            {
                // Constants move outwards, where loads and stores take them into the instruction.
                Opcode.Add when a is { Op: Opcode.Add, B.IsConstant: true } && b is { Op: Opcode.Add, B.IsConstant: true } => a.A! + b.A! + (a.B! + b.B!),
                Opcode.Add when a is { Op: Opcode.Add, B.IsConstant: true } => a.A! + b + a.B!,
                Opcode.Add when b is { Op: Opcode.Add, B.IsConstant: true } => a + b.A! + b.B!,
                Opcode.Sub when a is { Op: Opcode.Add, B.IsConstant: true } => a.A! - b + a.B!,
                Opcode.Sub when ReferenceEquals(a, b) => a.Like(0),
                Opcode.And or Opcode.Or or Opcode.Min or Opcode.Max when ReferenceEquals(a, b) => a,
                _ => null,
            };
        }

        long k = b.Bits;
        switch (op)
        {
            case Opcode.Add or Opcode.Sub or Opcode.Or or Opcode.Xor or Opcode.ShiftLeft or Opcode.ShiftRight when k == 0:
            case Opcode.Mul or Opcode.Div when k == 1:
                return a;
            case Opcode.Mul or Opcode.And when k == 0:
                return b;
            case Opcode.Rem when k == 1:
                return a.Like(0);
            case Opcode.Sub when k != int.MinValue && k != long.MinValue && type != RegisterType.UInt32:
                return a + Pure(Opcode.Constant, type, -k, isNonNegative: k <= 0); // bits: Like would round beyond 2⁵³
            case Opcode.Add when a is { Op: Opcode.Add, B.IsConstant: true }:
                return a.A! + (a.B! + b);
            case Opcode.Mul when a is { Op: Opcode.Mul, B.IsConstant: true }:
                return a.A! * (a.B! * b);
            case Opcode.Mul when a is { Op: Opcode.Add, B.IsConstant: true }:
                return (a.A! * b) + (a.B! * b);
        }

        // Powers of two: only for numbers known to be non-negative, since / rounds towards zero and >> downwards.
        if ((a.IsNonNegative || type == RegisterType.UInt32) && k > 0 && BitOperations.IsPow2(k))
        {
            return op switch
            {
                Opcode.Div => a >> BitOperations.Log2((ulong)k),
                Opcode.Rem => Binary(Opcode.And, a, Pure(Opcode.Constant, type, k - 1, isNonNegative: true)),
                _ => null,
            };
        }

        return null;
    }
}
