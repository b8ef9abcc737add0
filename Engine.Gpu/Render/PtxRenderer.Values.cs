using System.Diagnostics;
using System.Globalization;

namespace Engine.Gpu;

internal sealed partial class PtxRenderer
{
    private readonly Dictionary<Value, string> _constants = new(ReferenceEqualityComparer.Instance);

    /// <summary>
    /// The instruction of an operation on arguments of a type, for all that are written "instruction result, a, b, c"; null for those that need
    /// more. Rounding is named everywhere, which also keeps the compiler from contracting products and sums on its own.
    /// </summary>
    private string? Instruction(Opcode op, RegisterType type)
    {
        string typed = Typed(type);
        string bits = Bits(type);
        bool isFloat = type.IsFloat();
        return op switch
        {
            Opcode.Add => isFloat ? $"add.rn.{typed}" : $"add.{typed}",
            Opcode.Sub => isFloat ? $"sub.rn.{typed}" : $"sub.{typed}",
            Opcode.Mul => isFloat ? $"mul.rn.{typed}" : $"mul.lo.{typed}",
            Opcode.MulHigh => $"mul.hi.{typed}",
            Opcode.Div => isFloat ? $"div.rn.{typed}" : $"div.{typed}",
            Opcode.Rem => $"rem.{typed}",
            Opcode.Neg => $"neg.{typed}",
            Opcode.Abs => $"abs.{typed}",
            Opcode.Min => !isFloat ? $"min.{typed}" : HasMinMaxNaN(type) ? $"min.NaN.{typed}" : null,
            Opcode.Max => !isFloat ? $"max.{typed}" : HasMinMaxNaN(type) ? $"max.NaN.{typed}" : null,
            Opcode.Fma => $"fma.rn.{typed}",
            Opcode.And => $"and.{bits}",
            Opcode.Or => $"or.{bits}",
            Opcode.Xor => $"xor.{bits}",
            Opcode.Not => $"not.{bits}",
            Opcode.ShiftLeft => $"shl.{bits}",
            Opcode.ShiftRight => $"shr.{typed}",
            Opcode.Less => $"setp.lt.{typed}",
            Opcode.LessEqual => $"setp.le.{typed}",
            Opcode.Equal => $"setp.eq.{typed}",
            Opcode.NotEqual => isFloat ? $"setp.neu.{typed}" : $"setp.ne.{typed}",
            Opcode.Bitcast => Width(type) == 64 ? "mov.b64" : "mov.b32",
            Opcode.Floor => $"cvt.rmi.{typed}.{typed}",
            Opcode.Ceil => $"cvt.rpi.{typed}.{typed}",
            Opcode.Round => $"cvt.rni.{typed}.{typed}",
            Opcode.Trunc => $"cvt.rzi.{typed}.{typed}",
            Opcode.Sqrt => $"sqrt.rn.{typed}",
            Opcode.RoundTf32 => "cvt.rna.tf32.f32",
            Opcode.PackFloat16 => "cvt.rn.f16x2.f32",
            Opcode.PackBFloat16 => "cvt.rn.bf16x2.f32",
            Opcode.FastPowerOfTwo => "ex2.approx.ftz.f32",
            Opcode.Constant or Opcode.Parameter or Opcode.LocalId or Opcode.GroupId or Opcode.GroupCount or Opcode.Counter or Opcode.Read => null,
            Opcode.Select or Opcode.Convert or Opcode.CopySign or Opcode.ShuffleXor => null,
            >= Opcode.Exp and <= Opcode.Pow => throw new OperationNotSupportedException($"{_kernel.Name}: PTX has no {op}; it is expanded into arithmetic when the kernel is built."),
            _ => throw new UnreachableException($"{op} has no row."),
        };
    }

    // Single precision since compute capability 8.0, double never.
    private bool HasMinMaxNaN(RegisterType type) => _isAmpere && type == RegisterType.Float32;

    private void RenderValue(Value value)
    {
        string result = _registers.Of(value);
        if (Instruction(value.Op, value.A?.Type ?? value.Type) is { } instruction)
        {
            string second = value.B is null ? string.Empty : ", " + Operand(value.B);
            string third = value.C is null ? string.Empty : ", " + Operand(value.C);
            Emit($"{instruction} {result}, {Register(value.A!)}{second}{third};");
            return;
        }

        switch (value.Op)
        {
            case Opcode.Parameter:
                int number = (int)value.Bits;
                Emit($"ld.param.{ParameterType(_kernel.Parameters[number])} {result}, [{ParameterName(number)}];");
                break;
            case Opcode.LocalId:
                Emit($"mov.u32 {result}, %tid.x;");
                break;
            case Opcode.GroupId:
                Emit($"mov.u32 {result}, %ctaid.{"xyz"[(int)value.Bits]};");
                break;
            case Opcode.GroupCount:
                Emit($"mov.u32 {result}, %nctaid.{"xyz"[(int)value.Bits]};");
                break;
            case Opcode.Read:
                Emit($"mov.{Bits(value.Type)} {result}, {_variables[(int)value.Bits]};");
                break;
            case Opcode.Min:
                RenderExtreme("min", value, result);
                break;
            case Opcode.Max:
                RenderExtreme("max", value, result);
                break;
            case Opcode.Select:
                RenderSelect(value, result);
                break;
            case Opcode.Convert:
                RenderConversion(value.A!, value.Type, result);
                break;
            case Opcode.CopySign:
                Emit($"copysign.{Typed(value.Type)} {result}, {Register(value.B!)}, {Register(value.A!)};"); // the sign comes first
                break;
            case Opcode.ShuffleXor:
                Emit($"shfl.sync.bfly.b32 {result}, {Register(value.A!)}, {Number(value.Bits)}, 31, -1;");
                break;
            default:
                throw new UnreachableException($"{value.Op} is not computed.");
        }
    }

    // The plain forms drop a NaN; a sum with one keeps it.
    private void RenderExtreme(string name, Value value, string result)
    {
        string typed = Typed(value.Type);
        string a = Register(value.A!);
        string b = Register(value.B!);
        string extreme = _registers.New(value.Type);
        string sum = _registers.New(value.Type);
        string isNaN = _registers.New(RegisterType.Bool);
        Emit($"{name}.{typed} {extreme}, {a}, {b};");
        Emit($"add.rn.{typed} {sum}, {a}, {b};");
        Emit($"setp.nan.{typed} {isNaN}, {a}, {b};");
        Emit($"selp.{Bits(value.Type)} {result}, {sum}, {extreme}, {isNaN};");
    }

    private void RenderSelect(Value value, string result)
    {
        string condition = Register(value.A!);
        if (value.Type != RegisterType.Bool)
        {
            Emit($"selp.{(value.Type.IsFloat() ? Typed(value.Type) : Bits(value.Type))} {result}, {Operand(value.B!)}, {Operand(value.C!)}, {condition};");
            return;
        }

        // Predicates cannot be selected.
        string first = _registers.New(RegisterType.Bool);
        string second = _registers.New(RegisterType.Bool);
        Emit($"and.pred {first}, {condition}, {Register(value.B!)};");
        Emit($"not.pred {second}, {condition};");
        Emit($"and.pred {second}, {second}, {Register(value.C!)};");
        Emit($"or.pred {result}, {first}, {second};");
    }

    private void RenderConversion(Value from, RegisterType to, string result)
    {
        string a = Register(from);
        if (from.Type == RegisterType.Bool)
        {
            Emit($"selp.{Bits(to)} {result}, {One(to)}, {Zero(to)}, {a};");
        }
        else if (from.Type.IsFloat() && to.IsInteger())
        {
            RenderTruncation(from, to, result);
        }
        else if (to == RegisterType.Float64 && from.Type == RegisterType.Float32)
        {
            Emit($"cvt.f64.f32 {result}, {a};");
        }
        else if (to.IsFloat())
        {
            Emit($"cvt.rn.{Typed(to)}.{Typed(from.Type)} {result}, {a};");
        }
        else if (Width(from.Type) == Width(to))
        {
            Emit($"mov.{Bits(to)} {result}, {a};");
        }
        else
        {
            // Widening follows the sign of the source; narrowing keeps the lower half.
            Emit(to == RegisterType.Int64 ? $"cvt.s64.{Typed(from.Type)} {result}, {a};" : $"cvt.u32.u64 {result}, {a};");
        }
    }

    // Saturates. A NaN becomes 0 only where neither side has 64 bits, elsewhere the smallest number.
    private void RenderTruncation(Value from, RegisterType to, string result)
    {
        string a = Register(from);
        string typed = Typed(from.Type);
        if (Width(from.Type) == 32 && Width(to) == 32)
        {
            Emit($"cvt.rzi.{Typed(to)}.{typed} {result}, {a};");
            return;
        }

        string truncated = _registers.New(to);
        string isNaN = _registers.New(RegisterType.Bool);
        Emit($"cvt.rzi.{Typed(to)}.{typed} {truncated}, {a};");
        Emit($"setp.nan.{typed} {isNaN}, {a}, {a};");
        Emit($"selp.{Bits(to)} {result}, 0, {truncated}, {isNaN};");
    }

    /// <summary>A register, or a number where the instruction takes one: everywhere but as the first argument.</summary>
    private string Operand(Value value) => value.IsConstant && value.Type != RegisterType.Bool ? Literal(value) : Register(value);

    /// <summary>The register of a value; a constant is put into one once, at the beginning.</summary>
    private string Register(Value value)
    {
        if (!value.IsConstant)
        {
            return _registers.Of(value);
        }

        if (!_constants.TryGetValue(value, out string? register))
        {
            register = _registers.New(value.Type);
            Prologue($"mov.{Bits(value.Type)} {register}, {Literal(value)};");
            _constants.Add(value, register);
        }

        return register;
    }

    private static string Literal(Value value) => value.Type switch
    {
        RegisterType.Bool => value.Bits != 0 ? "-1" : "0",
        RegisterType.Int64 when value.Bits == long.MinValue => "0x8000000000000000",
        RegisterType.Float32 => $"0f{BitConverter.SingleToUInt32Bits((float)value.Number):X8}",
        RegisterType.Float64 => $"0d{value.Bits:X16}",
        _ => Number(value.Bits),
    };

    private static string Zero(RegisterType type) => type switch
    {
        RegisterType.Float32 => "0f00000000",
        RegisterType.Float64 => "0d0000000000000000",
        _ => "0",
    };

    private static string One(RegisterType type) => type switch
    {
        RegisterType.Float32 => "0f3F800000",
        RegisterType.Float64 => "0d3FF0000000000000",
        _ => "1",
    };

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Width(RegisterType type) => type is RegisterType.Int64 or RegisterType.Float64 ? 64 : 32;

    /// <summary>The type of arithmetic.</summary>
    private static string Typed(RegisterType type) => type switch
    {
        RegisterType.Bool => "pred",
        RegisterType.Int32 => "s32",
        RegisterType.UInt32 => "u32",
        RegisterType.Int64 => "s64",
        RegisterType.Float32 => "f32",
        RegisterType.Float64 => "f64",
        _ => throw new UnreachableException(),
    };

    /// <summary>The type where only bits are moved. Floats keep their own: moves and selections know it, and literals need it.</summary>
    private static string Bits(RegisterType type) => type switch
    {
        RegisterType.Bool => "pred",
        RegisterType.Int32 or RegisterType.UInt32 => "b32",
        RegisterType.Int64 => "b64",
        RegisterType.Float32 => "f32",
        RegisterType.Float64 => "f64",
        _ => throw new UnreachableException(),
    };
}
