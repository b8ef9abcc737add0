namespace Engine.Gpu;

/// <summary>
/// The parameter list of programs as arguments of a kernel: numbers in the compute type, and the words of random keys, which a single could
/// not hold, as UInt32.
/// </summary>
internal sealed class ProgramParameters
{
    private readonly RegisterType _compute;
    private readonly Value[] _values;

    /// <summary>Adds the parameters p0, p1, … to a kernel.</summary>
    public ProgramParameters(KernelBuilder k, RegisterType compute, params ReadOnlySpan<MapProgram> programs)
    {
        _compute = compute;
        _values = new Value[Count(programs)];
        for (int i = 0; i < _values.Length; i++)
        {
            _values[i] = k.Scalar($"p{i}", IsWord(i, programs) ? RegisterType.UInt32 : compute);
        }
    }

    /// <summary>A parameter as a number of the compute type.</summary>
    public Value Number(int i) => _values[i].To(_compute);

    /// <summary>A parameter as a word of a random key.</summary>
    public Value Word(int i) => _values[i];

    /// <summary>Adds the values to a launch, in the order in which the constructor declares them.</summary>
    public static void AddTo(ref ArgumentList arguments, RegisterType compute, ReadOnlySpan<double> values, params ReadOnlySpan<MapProgram> programs)
    {
        int count = Count(programs);
        for (int i = 0; i < count; i++)
        {
            if (IsWord(i, programs))
            {
                arguments.Add((uint)values[i]);
            }
            else
            {
                arguments.AddNumber(compute, values[i]);
            }
        }
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
