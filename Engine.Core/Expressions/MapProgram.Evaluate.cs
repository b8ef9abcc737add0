namespace Engine.Backends;

// The reference evaluators: slow and plain. Tests compare every backend with them.
public sealed partial class MapProgram
{
    /// <summary>The outputs for one element, in double precision.</summary>
    /// <param name="inputs">The element of each input.</param>
    /// <param name="parameters">The parameter list; the words of a random key are whole numbers below 2³².</param>
    /// <param name="index">Row-major index of the element.</param>
    /// <param name="outputs">Receives the element of each output.</param>
    /// <exception cref="ArgumentException">A span is shorter than the program asks for.</exception>
    public void Evaluate(ReadOnlySpan<double> inputs, ReadOnlySpan<double> parameters, long index, Span<double> outputs)
    {
        CheckLengths(inputs.Length, parameters.Length, outputs.Length);
        var values = new double[_formulas.Length];
        for (int i = 0; i < values.Length; i++)
        {
            Instruction step = _formulas[i];
            values[i] = step.Op switch
            {
                ScalarOpcode.Input => inputs[step.A],
                ScalarOpcode.Constant => step.Value,
                ScalarOpcode.Parameter => parameters[step.A],
                ScalarOpcode.Index => index,
                ScalarOpcode.Random => Philox.Uniform(
                    (uint)parameters[step.A], (uint)parameters[step.A + 1], (uint)parameters[step.A + 2], (uint)parameters[step.A + 3], index),
                _ => ScalarOp.Of(step.Op).Reference!(values[step.A], values[step.B], values[step.C]),
            };
        }
        for (int i = 0; i < _formulaOutputs.Length; i++)
        {
            outputs[i] = values[_formulaOutputs[i]];
        }
    }

    /// <summary>The single output for one element, in double precision.</summary>
    /// <exception cref="ArgumentException">A span is shorter than the program asks for, or it has several outputs.</exception>
    public double Evaluate(ReadOnlySpan<double> inputs, ReadOnlySpan<double> parameters = default, long index = 0)
    {
        Span<double> output = stackalloc double[1];
        Evaluate(inputs, parameters, index, output);
        return output[0];
    }

    /// <summary>The outputs for one element in an integer type; each step wraps on overflow.</summary>
    /// <param name="inputs">The element of each input.</param>
    /// <param name="parameters">The parameter list.</param>
    /// <param name="index">Row-major index of the element.</param>
    /// <param name="outputs">Receives the element of each output.</param>
    /// <param name="computeType"><see cref="DType.Int32"/> or <see cref="DType.Int64"/>.</param>
    /// <exception cref="NotSupportedException">The program does not run on integers.</exception>
    /// <exception cref="ArgumentException">A span is shorter than the program asks for, or the type is no integer compute type.</exception>
    public void Evaluate(ReadOnlySpan<long> inputs, ReadOnlySpan<long> parameters, long index, Span<long> outputs, DType computeType)
    {
        if (computeType is not (DType.Int32 or DType.Int64))
        {
            throw new ArgumentException($"Integer programs run in i32 or i64, not in {computeType.ShortName()}.", nameof(computeType));
        }
        if (!SupportsInteger)
        {
            throw new NotSupportedException($"Map: `{this}` is not defined on integers; convert its inputs to floating point first.");
        }
        CheckLengths(inputs.Length, parameters.Length, outputs.Length);
        var values = new long[_formulas.Length];
        for (int i = 0; i < values.Length; i++)
        {
            Instruction step = _formulas[i];
            long value = step.Op switch
            {
                ScalarOpcode.Input => inputs[step.A],
                ScalarOpcode.Constant => (long)step.Value,
                ScalarOpcode.Parameter => parameters[step.A],
                ScalarOpcode.Index => index,
                _ => ScalarOp.Of(step.Op).IntegerReference!(values[step.A], values[step.B], values[step.C]),
            };
            values[i] = computeType == DType.Int32 ? unchecked((int)value) : value;
        }
        for (int i = 0; i < _formulaOutputs.Length; i++)
        {
            outputs[i] = values[_formulaOutputs[i]];
        }
    }

    /// <summary>Adds to the draw number of every random key in a parameter list, modulo 2⁶⁴: see <see cref="MapArgs.DrawOffset"/>.</summary>
    public void ShiftDraws(Span<double> parameters, long offset)
    {
        for (int i = 0; i < _code.Length; i++)
        {
            Instruction step = _code[i];
            if (step.Op != ScalarOpcode.Random || DrawsBefore(i, step.A))
            {
                continue;
            }

            Span<double> stream = parameters.Slice(step.A + 2, 2);
            ulong draw = unchecked(((ulong)(uint)stream[1] << 32 | (uint)stream[0]) + (ulong)offset);
            (stream[0], stream[1]) = ((uint)draw, (uint)(draw >> 32));
        }
    }

    private bool DrawsBefore(int step, int firstParameter)
    {
        for (int i = 0; i < step; i++)
        {
            if (_code[i].Op == ScalarOpcode.Random && _code[i].A == firstParameter)
            {
                return true;
            }
        }

        return false;
    }

    private void CheckLengths(int inputs, int parameters, int outputs)
    {
        if (inputs < InputCount || parameters < ParameterCount || outputs < OutputCount)
        {
            throw new ArgumentException(
                $"Map: `{this}` takes {InputCount} inputs, {ParameterCount} parameters and {OutputCount} outputs; got {inputs}, {parameters} and {outputs}.");
        }
    }
}
