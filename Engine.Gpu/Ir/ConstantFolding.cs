namespace Engine.Gpu;

/// <summary>Carries out operations on constants as the card would.</summary>
internal static class ConstantFolding
{
    /// <summary>The bits of the result, or null where the operation is left to the card.</summary>
    public static long? Fold(Opcode op, RegisterType type, Value a, Value? b, Value? c) =>
        op == Opcode.Convert ? Convert(type, a)
        : op == Opcode.Select ? (a.Bits != 0 ? b!.Bits : c!.Bits)
        : a.Type == RegisterType.Bool ? Logic(op, a.Bits, b?.Bits ?? 0)
        : a.Type.IsFloat() ? Float(op, type, a.Number, b?.Number ?? 0, c?.Number ?? 0)
        : Integer(op, a.Type, type, a.Bits, b?.Bits ?? 0);

    private static long? Logic(Opcode op, long a, long b) => op switch
    {
        Opcode.And => a & b,
        Opcode.Or => a | b,
        Opcode.Xor => a ^ b,
        Opcode.Not => 1 - a,
        _ => null,
    };

    private static long? Float(Opcode op, RegisterType type, double a, double b, double c)
    {
        bool? truth = op switch
        {
            Opcode.Less => a < b,
            Opcode.LessEqual => a <= b,
            Opcode.Equal => a == b,
            Opcode.NotEqual => a != b,
            _ => null,
        };
        if (truth is { } holds)
        {
            return holds ? 1 : 0;
        }

        // Doubles hold the sum, product, quotient and root of float32 precisely enough for the second rounding to be the right one.
        double? result = op switch
        {
            Opcode.Add => a + b,
            Opcode.Sub => a - b,
            Opcode.Mul => a * b,
            Opcode.Div => a / b,
            Opcode.Neg => -a,
            Opcode.Abs => Math.Abs(a),
            Opcode.Min => Math.Min(a, b),
            Opcode.Max => Math.Max(a, b),
            Opcode.Sqrt => Math.Sqrt(a),
            Opcode.Floor => Math.Floor(a),
            Opcode.Ceil => Math.Ceiling(a),
            Opcode.Round => Math.Round(a, MidpointRounding.ToEven),
            Opcode.Trunc => Math.Truncate(a),
            Opcode.CopySign => Math.CopySign(a, b),
            Opcode.Fma => type == RegisterType.Float32 ? MathF.FusedMultiplyAdd((float)a, (float)b, (float)c) : Math.FusedMultiplyAdd(a, b, c),
            _ => null,
        };
        return result is { } number ? BitConverter.DoubleToInt64Bits(type == RegisterType.Float32 ? (float)number : number) : null;
    }

    private static long? Integer(Opcode op, RegisterType from, RegisterType type, long a, long b)
    {
        long? result = op switch
        {
            Opcode.Add => unchecked(a + b),
            Opcode.Sub => unchecked(a - b),
            Opcode.Mul => unchecked(a * b),
            Opcode.MulHigh => (long)((ulong)a * (ulong)b >> 32),
            Opcode.Div => b == 0 || (b == -1 && a == long.MinValue) ? null : a / b,
            Opcode.Rem => b is 0 or -1 ? null : a % b,
            Opcode.Neg => unchecked(-a),
            Opcode.Abs => a < 0 ? unchecked(-a) : a,
            Opcode.Min => Math.Min(a, b),
            Opcode.Max => Math.Max(a, b),
            Opcode.And => a & b,
            Opcode.Or => a | b,
            Opcode.Xor => a ^ b,
            Opcode.Not => ~a,
            Opcode.ShiftLeft => a << (int)b,
            Opcode.ShiftRight => a >> (int)b,
            Opcode.Less => a < b ? 1 : 0,
            Opcode.LessEqual => a <= b ? 1 : 0,
            Opcode.Equal => a == b ? 1 : 0,
            Opcode.NotEqual => a != b ? 1 : 0,
            _ => null,
        };
        return result is not { } bits || type == RegisterType.Bool ? result : Wrap(from, bits);
    }

    private static long? Convert(RegisterType type, Value a)
    {
        double number = a.Type.IsFloat() ? a.Number : a.Bits;
        return type switch
        {
            RegisterType.Float32 => BitConverter.DoubleToInt64Bits(a.Type.IsFloat() ? (float)number : (float)a.Bits),
            RegisterType.Float64 => BitConverter.DoubleToInt64Bits(number),
            RegisterType.Bool => null,
            _ when !a.Type.IsFloat() => Wrap(type, a.Bits),
            RegisterType.Int32 => double.IsNaN(number) ? 0 : (int)Math.Clamp(Math.Truncate(number), int.MinValue, int.MaxValue),
            RegisterType.UInt32 => double.IsNaN(number) ? 0 : (uint)Math.Clamp(Math.Truncate(number), uint.MinValue, uint.MaxValue),
            _ => double.IsNaN(number) ? 0 : number >= 9.2233720368547758E18 ? long.MaxValue : number <= -9.2233720368547758E18 ? long.MinValue : (long)number,
        };
    }

    private static long Wrap(RegisterType type, long bits) => type switch
    {
        RegisterType.Int32 => unchecked((int)bits),
        RegisterType.UInt32 => unchecked((uint)bits),
        _ => bits,
    };
}
