namespace Engine.Cpu;

/// <summary>
/// The values of a program that are one for the whole call: constants, parameters and values that are computed from them alone. They are
/// computed once and written as vectors of equal lanes.
/// </summary>
internal sealed unsafe class TileUniforms(MapProgram program, DType computeType, bool[] isUniform, int[] nodes)
{
    /// <summary>Bytes of one uniform: the widest vector.</summary>
    public const int Bytes = 64;

    /// <summary>Programs up to this length are evaluated on the stack.</summary>
    private const int StackLength = 256;

    /// <summary>Number of uniforms that steps read.</summary>
    public int Count => nodes.Length;

    /// <summary>Writes uniform u to <paramref name="destination"/> + u·<see cref="Bytes"/>.</summary>
    public void Write(ReadOnlySpan<double> parameters, byte* destination)
    {
        if (nodes.Length == 0)
        {
            return;
        }
        if (computeType.IsFloatingPoint())
        {
            WriteFloats(parameters, destination);
        }
        else
        {
            WriteIntegers(parameters, destination);
        }
    }

    /// <summary>Fills one vector with a value of the compute type.</summary>
    public static void Splat(DType computeType, double value, byte* destination)
    {
        if (computeType == DType.Float32)
        {
            new Span<float>(destination, Bytes / sizeof(float)).Fill((float)value);
        }
        else
        {
            new Span<double>(destination, Bytes / sizeof(double)).Fill(value);
        }
    }

    /// <summary>Fills one vector with the value at <paramref name="source"/>, which is of the compute type.</summary>
    public static void Splat(int elementBytes, byte* source, byte* destination)
    {
        if (elementBytes == sizeof(int))
        {
            new Span<int>(destination, Bytes / sizeof(int)).Fill(*(int*)source);
        }
        else
        {
            new Span<long>(destination, Bytes / sizeof(long)).Fill(*(long*)source);
        }
    }

    private void WriteFloats(ReadOnlySpan<double> parameters, byte* destination)
    {
        ReadOnlySpan<Instruction> code = program.Code;
        Span<double> values = code.Length <= StackLength ? stackalloc double[StackLength] : new double[code.Length];
        for (int i = 0; i < code.Length; i++)
        {
            if (!isUniform[i])
            {
                continue;
            }
            Instruction step = code[i];
            double value = step.Op switch
            {
                ScalarOpcode.Constant => step.Value,
                ScalarOpcode.Parameter => parameters[step.A],
                _ => ScalarOp.Of(step.Op).Reference!(values[step.A], values[step.B], values[step.C]),
            };
            values[i] = computeType == DType.Float32 ? (float)value : value;
        }

        for (int u = 0; u < nodes.Length; u++)
        {
            Splat(computeType, values[nodes[u]], destination + (u * Bytes));
        }
    }

    private void WriteIntegers(ReadOnlySpan<double> parameters, byte* destination)
    {
        ReadOnlySpan<Instruction> code = program.Code;
        Span<long> values = code.Length <= StackLength ? stackalloc long[StackLength] : new long[code.Length];
        for (int i = 0; i < code.Length; i++)
        {
            if (!isUniform[i])
            {
                continue;
            }
            Instruction step = code[i];
            long value = step.Op switch
            {
                ScalarOpcode.Constant => (long)step.Value,
                ScalarOpcode.Parameter => computeType == DType.Int32 ? int.CreateSaturating(parameters[step.A]) : long.CreateSaturating(parameters[step.A]),
                _ => ScalarOp.Of(step.Op).IntegerReference!(values[step.A], values[step.B], values[step.C]),
            };
            values[i] = computeType == DType.Int32 ? unchecked((int)value) : value;
        }

        for (int u = 0; u < nodes.Length; u++)
        {
            long value = values[nodes[u]];
            Splat(computeType.SizeInBytes(), (byte*)&value, destination + (u * Bytes));
        }
    }
}
