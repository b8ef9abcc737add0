namespace Engine.Gpu;

/// <summary>Python's division with remainder in kernels: ⌊a/b⌋ and a rest with the sign of b.</summary>
internal static class Remainder
{
    /// <summary>⌊a/b⌋; an integer division by 0 gives 0.</summary>
    public static Value FloorDiv(KernelBuilder k, Value a, Value b)
    {
        if (!a.Type.IsFloat())
        {
            (Value quotient, Value rest) = Truncated(k, a, b);
            return k.Select(Differs(rest, b), quotient - 1, quotient);
        }

        Value remainder = Truncated(k, a, b).Remainder;
        Value q = (a - remainder) / b;
        q = k.Select(Differs(remainder, b), q - 1, q);

        // The quotient is an integer but for its rounding error.
        q = k.Select(q.Is(0), k.CopySign(q, a / b), k.Unary(Opcode.Round, q));
        return k.Select(b.Is(0), a / b, q);
    }

    /// <summary>a − b·⌊a/b⌋; an integer remainder by 0 is 0.</summary>
    public static Value Mod(KernelBuilder k, Value a, Value b)
    {
        Value rest = Truncated(k, a, b).Remainder;
        return k.Select(Differs(rest, b), rest + b, rest);
    }

    private static Value Differs(Value rest, Value b) => rest.IsNot(0) & ((rest < 0) ^ (b < 0));

    /// <summary>Quotient rounded towards zero (integers only) and remainder with the sign of a.</summary>
    private static (Value Quotient, Value Remainder) Truncated(KernelBuilder k, Value a, Value b)
    {
        if (a.Type.IsFloat())
        {
            return (a, FloatRest(k, a, b));
        }

        // Processors trap on division by 0, and on the smallest number by −1, also where the result is not used.
        Value isZero = b.Is(0), isMinusOne = b.Is(-1);
        Value safe = k.Select(isZero | isMinusOne, b.Like(1), b);
        Value quotient = a / safe, rest = a - (quotient * safe);
        return (k.Select(isZero, b.Like(0), k.Select(isMinusOne, -a, quotient)), k.Select(isZero, b.Like(0), rest));
    }

    // The quotient a / b may overflow. Then the remainder is taken by b · h², of that by b · h, and of that by b: the result is the same, and no
    // quotient overflows.
    private static Value FloatRest(KernelBuilder k, Value a, Value b)
    {
        bool single = a.Type == RegisterType.Float32;
        Value size = k.Unary(Opcode.Abs, b), quotient = k.Unary(Opcode.Abs, a / b);
        Value overflows = quotient.Is(double.PositiveInfinity) & size.IsNot(0) & k.Unary(Opcode.Abs, a).IsNot(double.PositiveInfinity);
        Value isTiny = size < (single ? Power(-25) : Power(-52));
        Value up = k.Select(overflows, k.Select(isTiny, a.Like(single ? Power(75) : Power(538)), a.Like(single ? Power(50) : Power(450))), a.Like(1));
        Value down = k.Select(overflows, k.Select(isTiny, a.Like(single ? Power(-75) : Power(-538)), a.Like(single ? Power(-50) : Power(-450))), a.Like(1));
        Variable rest = k.Variable(a), divisor = k.Variable(b * up * up);
        k.For(0, k.Select(overflows, k.Int32(3), k.Int32(1)), 1, _ =>
        {
            rest.Value = BoundedRest(k, rest.Value, divisor.Value);
            divisor.Value *= down;
        });
        return rest.Value;
    }

    // r ← r − b·trunc(r/b), exact in one fused step since r/b has no more bits than r; each step takes 22 (51) bits off the quotient.
    private static Value BoundedRest(KernelBuilder k, Value a, Value b)
    {
        bool single = a.Type == RegisterType.Float32;
        int bits = single ? 22 : 51, mantissa = single ? 23 : 52, bias = single ? 127 : 1023;
        Value ratio = k.Unary(Opcode.Abs, a / b);
        Value exponent = (ratio.As(single ? RegisterType.Int32 : RegisterType.Int64) >> mantissa).To(RegisterType.Int32) - bias;
        Value steps = (k.Max(exponent, k.Int32(0)) / bits) + 1;
        Variable rest = k.Variable(a);
        k.For(0, steps, 1, _ =>
        {
            Value r = rest.Value, q = k.Unary(Opcode.Trunc, r / b);
            rest.Value = k.Select(q.Is(0), r, k.Fma(-q, b, r));
        });

        // A quotient just below an integer was rounded up to it, or (where division has more than half a unit of error) down.
        Value last = rest.Value, divisor = k.CopySign(b, a);
        last = k.Select(last.IsNot(0) & ((last < 0) ^ (a < 0)), last + divisor, last);
        last = k.Select(k.Unary(Opcode.Abs, last) >= k.Unary(Opcode.Abs, b), last - divisor, last);
        return k.Select(last.Is(0), k.CopySign(last, a), last);
    }

    private static double Power(int exponent) => System.Math.ScaleB(1, exponent);
}
