using System.Diagnostics;

namespace Engine.Gpu;

internal sealed partial class OpenClRenderer
{
    /// <summary>The right side of a value's definition.</summary>
    private string Expression(Value value)
    {
        string a = value.A is null ? string.Empty : Use(value.A);
        string b = value.B is null ? string.Empty : Use(value.B);
        string c = value.C is null ? string.Empty : Use(value.C);
        RegisterType type = value.A?.Type ?? value.Type;
        return value.Op switch
        {
            Opcode.LocalId => "(int)get_local_id(0)",
            Opcode.GroupId => $"(int)get_group_id({value.Bits})",
            Opcode.GroupCount => $"(int)get_num_groups({value.Bits})",
            Opcode.Read => $"r{value.Bits}",
            Opcode.Add => Wrapping(type, a, "+", b),
            Opcode.Sub => Wrapping(type, a, "-", b),
            Opcode.Mul => Wrapping(type, a, "*", b),
            Opcode.MulHigh => $"mul_hi({a}, {b})",
            Opcode.Div => $"{a} / {b}",
            Opcode.Rem => $"{a} % {b}",
            Opcode.Neg => type.IsInteger() ? Wrapping(type, "0", "-", a) : $"-({a})",
            Opcode.Abs => type.IsFloat() ? $"fabs({a})" : $"({Name(type)})abs({a})",
            Opcode.Min => Extreme(type, "min", "fmin", a, b),
            Opcode.Max => Extreme(type, "max", "fmax", a, b),
            Opcode.Fma => $"fma({a}, {b}, {c})",
            Opcode.And => type == RegisterType.Bool ? $"{a} && {b}" : $"{a} & {b}",
            Opcode.Or => type == RegisterType.Bool ? $"{a} || {b}" : $"{a} | {b}",
            Opcode.Xor => type == RegisterType.Bool ? $"{a} != {b}" : $"{a} ^ {b}",
            Opcode.Not => type == RegisterType.Bool ? $"!{a}" : $"~{a}",
            Opcode.ShiftLeft => type == RegisterType.UInt32 ? $"{a} << {b}" : $"({Name(type)})(({Unsigned(type)})({a}) << {b})",
            Opcode.ShiftRight => $"{a} >> {b}",
            Opcode.Less => $"{a} < {b}",
            Opcode.LessEqual => $"{a} <= {b}",
            Opcode.Equal => $"{a} == {b}",
            Opcode.NotEqual => $"{a} != {b}",
            Opcode.Select => $"{a} ? {b} : {c}",
            Opcode.Convert => Conversion(value.A!, value.Type, a),
            Opcode.Bitcast => $"as_{Name(value.Type)}({a})",
            Opcode.Floor => $"floor({a})",
            Opcode.Ceil => $"ceil({a})",
            Opcode.Round => $"rint({a})",
            Opcode.Trunc => $"trunc({a})",
            Opcode.Sqrt => $"sqrt({a})",
            Opcode.CopySign => $"copysign({a}, {b})",
            Opcode.Exp => $"exp({a})",
            Opcode.Log => $"log({a})",
            Opcode.Log1p => $"log1p({a})",
            Opcode.Expm1 => $"expm1({a})",
            Opcode.Sin => $"sin({a})",
            Opcode.Cos => $"cos({a})",
            Opcode.Tan => $"tan({a})",
            Opcode.Tanh => $"tanh({a})",
            Opcode.Erf => $"erf({a})",
            Opcode.Pow => $"pow({a}, {b})",
            Opcode.ShuffleXor => Shuffle(a, value.Bits),
            Opcode.RoundTf32 or Opcode.PackFloat16 or Opcode.PackBFloat16 or Opcode.FastPowerOfTwo =>
                throw new OperationNotSupportedException($"{_kernel.Name}: {value.Op} exists on CUDA only."),
            Opcode.Constant or Opcode.Parameter or Opcode.Counter or _ => throw new UnreachableException($"{value.Op} has no definition."),
        };
    }

    private string Shuffle(string a, long mask)
    {
        _shuffles = true;
        return _dialect switch
        {
            SubGroupDialect.Intel => $"intel_sub_group_shuffle_xor({a}, {mask}u)",
            SubGroupDialect.Khronos20 or SubGroupDialect.Khronos30 => $"sub_group_shuffle_xor({a}, {mask}u)",
            _ => throw new OperationNotSupportedException($"{_kernel.Name}: the device has no shuffles."),
        };
    }

    // Signed overflow is undefined in C: it is carried out on unsigned numbers.
    private string Wrapping(RegisterType type, string a, string op, string b) => type switch
    {
        RegisterType.Int32 or RegisterType.Int64 => $"({Name(type)})(({Unsigned(type)})({a}) {op} ({Unsigned(type)})({b}))",
        _ => $"{a} {op} {b}",
    };

    private static string Unsigned(RegisterType type) => type == RegisterType.Int64 ? "ulong" : "uint";

    // fmin and fmax drop a NaN; a sum with one keeps it.
    private static string Extreme(RegisterType type, string integer, string floating, string a, string b) =>
        type.IsFloat() ? $"({a} != {a} || {b} != {b}) ? {a} + {b} : {floating}({a}, {b})" : $"{integer}({a}, {b})";

    private string Conversion(Value from, RegisterType to, string a) => (from.Type, to) switch
    {
        (RegisterType.Bool, _) => $"{a} ? ({Name(to)})1 : ({Name(to)})0",

        // The saturating conversions leave NaN to the device; here it is 0 everywhere.
        (RegisterType.Float32 or RegisterType.Float64, RegisterType.Int32 or RegisterType.UInt32 or RegisterType.Int64) =>
            $"{a} != {a} ? ({Name(to)})0 : convert_{Name(to)}_sat_rtz({a})",
        (_, RegisterType.Float32 or RegisterType.Float64) => $"convert_{Name(to)}_rte({a})",
        _ => $"({Name(to)})({a})",
    };
}
