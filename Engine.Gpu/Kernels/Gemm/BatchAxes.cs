namespace Engine.Gpu;

/// <summary>The batch of a product as parameters of a kernel: sizes of axes and, for each operand, strides along them.</summary>
internal sealed class BatchAxes
{
    private readonly DivisorParameter?[] _sizes;
    private readonly Value[][] _strides;
    private readonly RegisterType _index;
    private readonly KernelBuilder _k;

    /// <summary>Adds <paramref name="axes"/> axes for <paramref name="operands"/> operands. The first axis needs no size: it takes what is left. <see cref="Bind"/> adds the arguments in the same order.</summary>
    public BatchAxes(KernelBuilder k, int axes, int operands, RegisterType index)
    {
        (_k, _index) = (k, index);
        _sizes = new DivisorParameter?[axes];
        _strides = new Value[axes][];
        for (int axis = 0; axis < axes; axis++)
        {
            _sizes[axis] = axis == 0 ? null : new DivisorParameter(k, $"batch{axis}");
            _strides[axis] = new Value[operands];
            for (int operand = 0; operand < operands; operand++)
            {
                _strides[axis][operand] = k.Scalar($"batch{axis}_stride{operand}", index);
            }
        }
    }

    /// <summary>Adds the arguments for the operands from a first one on.</summary>
    public static void Bind(ref ArgumentList arguments, in BatchAxisList axes, int firstOperand, bool is64Bit)
    {
        for (int i = 0; i < axes.Count; i++)
        {
            if (i > 0)
            {
                arguments.Add(axes[i].Size, new Divisor(axes[i].Size));
            }

            for (int operand = firstOperand; operand < GemmProblem.Operands; operand++)
            {
                arguments.AddIndex(axes[i].Stride(operand), is64Bit);
            }
        }
    }

    /// <summary>Where each operand's matrix begins.</summary>
    public Value[] Origins(Value batch, int operands)
    {
        var origins = new Value[operands];
        Array.Fill(origins, _k.Constant(_index, 0));
        for (int axis = _sizes.Length - 1; axis >= 0; axis--)
        {
            Value index = batch;
            if (_sizes[axis] is { } size)
            {
                (batch, index) = size.Divide(batch);
            }

            for (int operand = 0; operand < operands; operand++)
            {
                origins[operand] += index.To(_index) * _strides[axis][operand];
            }
        }

        return origins;
    }
}
