namespace Engine.Gpu;

/// <summary>A tensor [N, H, rows, columns] in global memory as a kernel of attention sees it.</summary>
internal sealed class AttentionOperand
{
    private readonly KernelBuilder _k;
    private readonly StridesParameter _strides;
    private readonly bool _isAligned;
    private Value? _origin;

    /// <summary>Adds the buffer and the strides to the parameters; <see cref="Bind"/> adds the arguments.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="name">The operand's name.</param>
    /// <param name="element">Type of its elements.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="isAligned">Whether four neighbours in a row are a vector in memory.</param>
    /// <param name="is64Bit">Whether offsets need 64 bits.</param>
    /// <param name="readOnly">Whether it is read.</param>
    public AttentionOperand(KernelBuilder k, string name, DType element, int columns, bool isAligned, bool is64Bit, bool readOnly = true)
    {
        (_k, _isAligned, Columns) = (k, isAligned, columns);
        Memory = k.Buffer(name, element, readOnly);
        _strides = new StridesParameter(k, name, 4, is64Bit);
    }

    /// <summary>The memory.</summary>
    public Memory Memory { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>Whether four neighbours in a row are a vector in memory.</summary>
    public bool HasVectors => _isAligned;

    /// <summary>Whether operands can be read in vectors of <paramref name="run"/> elements.</summary>
    public static bool IsAligned(int run, params ReadOnlySpan<Operand?> operands)
    {
        foreach (Operand? operand in operands)
        {
            if (operand is { } given)
            {
                ReadOnlySpan<long> strides = given.Layout.Strides;
                bool fits = given.Shape[3] % run == 0 && strides[3] == 1 && given.StartsAligned(run);
                for (int axis = 0; axis < 3; axis++)
                {
                    fits &= given.Shape[axis] == 1 || strides[axis] % run == 0;
                }

                if (!fits)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Adds the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in Operand operand, bool is64Bit)
    {
        arguments.Add(operand);
        arguments.AddStrides(operand, is64Bit);
    }

    /// <summary>Chooses the sample and the head, once for the kernel.</summary>
    public void MoveTo(Value sample, Value head) => _origin = _strides.Along(0, sample) + _strides.Along(1, head);

    /// <summary>Where an element lies.</summary>
    public Value At(Value row, Value column) =>
        _origin! + _strides.Along(2, row) + (_isAligned ? column.To(_origin!.Type) : _strides.Along(3, column));

    /// <summary>Four neighbours of a row; 0 where there are none.</summary>
    public Value[] Load(Value row, Value column, Value exists)
    {
        if (_isAligned)
        {
            return _k.LoadVector(Memory, At(row, column), 4, exists & (column < Columns));
        }

        return [.. Enumerable.Range(0, 4).Select(i => _k.Load(Memory, At(row, column + i), exists & (column + i < Columns)))];
    }

    /// <summary>Writes neighbours of a row, as far as they exist.</summary>
    public void Store(Value row, Value column, Value[] values, Value exists)
    {
        if (_isAligned && values.Length > 1)
        {
            _k.StoreVector(Memory, At(row, column), values, exists & (column < Columns));
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            _k.Store(Memory, At(row, column + i), values[i], exists & (column + i < Columns));
        }
    }
}
