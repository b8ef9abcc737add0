using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>
/// Writes a <see cref="MapProgram"/> into a kernel, one row an operation. Truth values stay truth values between comparisons and the
/// conditions that use them; as numbers they are 1 and 0.
/// </summary>
internal readonly ref struct ExprEmitter
{
    private readonly KernelBuilder _k;
    private readonly RegisterType _compute;
    private readonly Value?[] _numbers;
    private readonly Value?[] _truths;

    private ExprEmitter(KernelBuilder k, RegisterType compute, int steps)
    {
        (_k, _compute) = (k, compute);
        (_numbers, _truths) = (new Value?[steps], new Value?[steps]);
    }

    /// <summary>The outputs of a program for one element, in the compute type.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="program">The program to compute.</param>
    /// <param name="compute">Float32, Float64, Int32 or Int64.</param>
    /// <param name="inputs">The element of each input in any type; those that the program does not read may be missing at the end.</param>
    /// <param name="parameters">Needed where the program has parameters.</param>
    /// <param name="index">Needed where the program reads the index or draws random numbers.</param>
    public static Value[] Emit(
        KernelBuilder k, MapProgram program, RegisterType compute, ReadOnlySpan<Value> inputs, ProgramParameters? parameters = null, ElementIndex? index = null)
    {
        ReadOnlySpan<Instruction> code = program.Code;
        ExprEmitter emitter = new(k, compute, code.Length);
        for (int i = 0; i < code.Length; i++)
        {
            ref readonly Instruction step = ref code[i];
            if (emitter.Truth(step) is { } truth)
            {
                emitter._truths[i] = truth;
                continue;
            }

            emitter._numbers[i] = step.Op switch
            {
                ScalarOpcode.Input => inputs[step.A].To(compute),
                ScalarOpcode.Constant => Constant(k, compute, step.Value),
                ScalarOpcode.Parameter => parameters!.Number(step.A),
                ScalarOpcode.Index => index!.Value.Value.To(compute),
                ScalarOpcode.Random => PhiloxEmitter.Uniform(k, parameters!.Key(step.A), index!.Value).To(compute),
                _ => emitter.Number(step),
            };
        }

        var outputs = new Value[program.OutputCount];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = emitter.Number(program.Outputs[i]);
        }

        return outputs;
    }

    /// <summary>A computed value in the form in which it is stored as such an element: truth as x ≠ 0, floats to integers by truncation.</summary>
    public static Value ForStore(KernelBuilder k, Value value, DType element) =>
        element == DType.Bool ? k.Select(value.IsNot(0), k.Int32(1), k.Int32(0)) : value.To(element.InRegister());

    private Value? Truth(in Instruction step) => step.Op switch
    {
        ScalarOpcode.IsNaN => Number(step.A).IsNot(Number(step.A)),
        ScalarOpcode.Not => !Truth(step.A),
        ScalarOpcode.Less => Number(step.A) < Number(step.B),
        ScalarOpcode.LessEqual => Number(step.A) <= Number(step.B),
        ScalarOpcode.Equal => Number(step.A).Is(Number(step.B)),
        ScalarOpcode.NotEqual => Number(step.A).IsNot(Number(step.B)),
        ScalarOpcode.And => Truth(step.A) & Truth(step.B),
        ScalarOpcode.Or => Truth(step.A) | Truth(step.B),
        _ => null,
    };

    private Value Number(in Instruction step)
    {
        if (step.Op == ScalarOpcode.Where)
        {
            return _k.Select(Truth(step.A), Number(step.B), Number(step.C));
        }

        Value a = Number(step.A);
        return ScalarOp.Of(step.Op).Arity == 1 ? Unary(step.Op, a)
            : step.Op == ScalarOpcode.Fma ? _k.Fma(a, Number(step.B), Number(step.C))
            : Binary(step.Op, a, Number(step.B));
    }

    private Value Unary(ScalarOpcode op, Value x) => op switch
    {
        ScalarOpcode.Neg => -x,
        ScalarOpcode.Abs => _k.Unary(Opcode.Abs, x),
        ScalarOpcode.Sign => _k.Select(x > 0, x.Like(1), _k.Select(x < 0, x.Like(-1), x.Like(0))),
        ScalarOpcode.Reciprocal => 1 / x,
        ScalarOpcode.Sqrt => _k.Unary(Opcode.Sqrt, x),
        ScalarOpcode.Rsqrt => MathFunctions.Rsqrt(_k, x),
        ScalarOpcode.Exp => MathFunctions.Exp(_k, x),
        ScalarOpcode.Log => MathFunctions.Log(_k, x),
        ScalarOpcode.Log1p => MathFunctions.Log1p(_k, x),
        ScalarOpcode.Expm1 => MathFunctions.Expm1(_k, x),
        ScalarOpcode.Sin => MathFunctions.Sin(_k, x),
        ScalarOpcode.Cos => MathFunctions.Cos(_k, x),
        ScalarOpcode.Tan => MathFunctions.Tan(_k, x),
        ScalarOpcode.Tanh => MathFunctions.Tanh(_k, x),
        ScalarOpcode.Sigmoid => MathFunctions.Sigmoid(_k, x),
        ScalarOpcode.Erf => MathFunctions.Erf(_k, x),
        ScalarOpcode.Floor => _k.Unary(Opcode.Floor, x),
        ScalarOpcode.Ceil => _k.Unary(Opcode.Ceil, x),
        ScalarOpcode.Round => _k.Unary(Opcode.Round, x),
        ScalarOpcode.Trunc => _k.Unary(Opcode.Trunc, x),
        ScalarOpcode.Relu => x.Type.IsFloat() ? _k.Select(x < 0, x.Like(0), x) : _k.Max(x, x.Like(0)),
        _ => throw new UnreachableException($"{op} has no form in kernels."),
    };

    private Value Binary(ScalarOpcode op, Value a, Value b) => op switch
    {
        ScalarOpcode.Add => a + b,
        ScalarOpcode.Sub => a - b,
        ScalarOpcode.Mul => a * b,
        ScalarOpcode.Div => a / b,
        ScalarOpcode.FloorDiv => Remainder.FloorDiv(_k, a, b),
        ScalarOpcode.Mod => Remainder.Mod(_k, a, b),
        ScalarOpcode.Pow => a.Type.IsFloat() ? MathFunctions.Pow(_k, a, b) : IntegerPower.Of(_k, a, b),
        ScalarOpcode.Min => _k.Min(a, b),
        ScalarOpcode.Max => _k.Max(a, b),
        ScalarOpcode.CopySign => a.Type.IsFloat() ? _k.CopySign(a, b) : _k.Select((a < 0) ^ (b < 0), -a, a),
        ScalarOpcode.BitwiseAnd => a & b,
        ScalarOpcode.BitwiseOr => a | b,
        ScalarOpcode.BitwiseXor => a ^ b,
        ScalarOpcode.LeftShift => _k.Select(IsBelowWidth(b), a << Places(b, 0), a.Like(0)),
        ScalarOpcode.RightShift => a >> Places(b, Width(a) - 1),
        _ => throw new UnreachableException($"{op} has no form in kernels."),
    };

    // Shifts by more places than there are differ among devices.
    private Value Places(Value count, int otherwise) => _k.Select(IsBelowWidth(count), count, count.Like(otherwise)).To(RegisterType.Int32);

    private static Value IsBelowWidth(Value count) => (count >= 0) & (count < Width(count));

    private static int Width(Value value) => value.Type == RegisterType.Int64 ? 64 : 32;

    private Value Number(int step) => _numbers[step] ??= _k.Select(_truths[step]!, Constant(_k, _compute, 1), Constant(_k, _compute, 0));

    private Value Truth(int step) => _truths[step] ??= _numbers[step]!.IsNot(0);

    // Integer constants wrap to the compute type as every step does.
    private static Value Constant(KernelBuilder k, RegisterType compute, double value) => compute switch
    {
        RegisterType.Int32 => k.Int32(unchecked((int)(long)value)),
        RegisterType.Int64 => k.Int64((long)value),
        _ => k.Constant(compute, value),
    };
}
