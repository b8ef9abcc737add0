namespace Engine.Gpu;

/// <summary>Where a program's parameters come from; part of a kernel's key.</summary>
/// <param name="InMemory">From memory of the device instead of arguments.</param>
/// <param name="HasDrawOffset">Whether a number in the device's memory is added to the draw number of random keys.</param>
internal readonly record struct ParameterForm(bool InMemory, bool HasDrawOffset);

/// <summary>
/// The parameter list of programs as arguments of a kernel: numbers in the compute type, and the words of random keys, which a single could
/// not hold, as UInt32; or a buffer of the compute type.
/// </summary>
internal sealed class ProgramParameters
{
    private readonly RegisterType _compute;
    private readonly Value[] _values;
    private readonly Value? _drawOffset;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public ProgramParameters(KernelBuilder k, DType compute, ParameterForm form, params ReadOnlySpan<MapProgram> programs)
    {
        _compute = compute.InRegister();
        _values = new Value[Count(programs)];
        Memory? memory = form.InMemory ? k.Buffer("parameters", compute) : null;
        for (int i = 0; i < _values.Length; i++)
        {
            _values[i] = memory is null ? k.Scalar($"p{i}", IsWord(i, programs) ? RegisterType.UInt32 : _compute) : k.Load(memory, k.Int32(i));
        }

        _drawOffset = form.HasDrawOffset ? k.Load(k.Buffer("draw_offset", DType.Int64), k.Int32(0)) : null;
    }

    /// <summary>Adds the arguments in the same order.</summary>
    public static void Bind(
        ref ArgumentList arguments, DType compute, ReadOnlySpan<double> values, Operand? memory, Operand? drawOffset, params ReadOnlySpan<MapProgram> programs)
    {
        int count = Count(programs);
        if (memory is { } buffer)
        {
            // A kernel of programs that take none does not declare the memory.
            if (count > 0)
            {
                arguments.Add(buffer);
            }
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                arguments.AddNumber(IsWord(i, programs) ? RegisterType.UInt32 : compute.InRegister(), values[i]);
            }
        }

        if (drawOffset is { } offset)
        {
            arguments.Add(offset);
        }
    }

    /// <summary>A parameter as a number of the compute type.</summary>
    public Value Number(int i) => _values[i].To(_compute);

    /// <summary>The four words of a random key, from parameter <paramref name="first"/> on.</summary>
    public Value[] Key(int first)
    {
        if (_drawOffset is null)
        {
            return _values[first..(first + 4)];
        }

        Value draw = _values[first + 2].To(RegisterType.Int64) + (_values[first + 3].To(RegisterType.Int64) << 32) + _drawOffset;
        return [_values[first], _values[first + 1], draw.To(RegisterType.UInt32), (draw >> 32).To(RegisterType.UInt32)];
    }

    private static int Count(ReadOnlySpan<MapProgram> programs)
    {
        int count = 0;
        foreach (MapProgram program in programs)
        {
            count = Math.Max(count, program.ParameterCount);
        }

        return count;
    }

    private static bool IsWord(int parameter, ReadOnlySpan<MapProgram> programs)
    {
        foreach (MapProgram program in programs)
        {
            if (!program.UsesRandom)
            {
                continue;
            }

            foreach (ref readonly Instruction step in program.Code)
            {
                if (step.Op == ScalarOpcode.Random && parameter >= step.A && parameter < step.A + 4)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
