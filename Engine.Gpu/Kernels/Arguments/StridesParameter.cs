namespace Engine.Gpu;

/// <summary>The strides of an operand as parameters of a kernel.</summary>
internal sealed class StridesParameter
{
    private readonly Value[] _strides;

    /// <summary>Adds NAME_s0, NAME_s1, … to the parameters.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="name">The operand's name.</param>
    /// <param name="rank">How many.</param>
    /// <param name="is64Bit">Whether indices need 64 bits; see <see cref="Is64Bit"/>.</param>
    public StridesParameter(KernelBuilder k, string name, int rank, bool is64Bit)
    {
        _strides = new Value[rank];
        for (int i = 0; i < rank; i++)
        {
            _strides[i] = k.Scalar($"{name}_s{i}", is64Bit ? RegisterType.Int64 : RegisterType.Int32);
        }
    }

    /// <summary>The stride of one axis.</summary>
    public Value this[int axis] => _strides[axis];

    /// <summary>The distance of an index along one axis.</summary>
    public Value Along(int axis, Value index) => index.To(_strides[axis].Type) * _strides[axis];

    /// <summary>The offset of an element, counted from the operand's first.</summary>
    public Value Offset(params ReadOnlySpan<Value> indices)
    {
        Value offset = Along(0, indices[0]);
        for (int i = 1; i < indices.Length; i++)
        {
            offset += Along(i, indices[i]);
        }

        return offset;
    }

    /// <summary>Whether elements of one of the operands lie 2³¹ elements or more apart.</summary>
    public static bool Is64Bit(params ReadOnlySpan<Operand?> operands)
    {
        foreach (Operand? operand in operands)
        {
            if (operand is { } given && Reach(given.Layout) > int.MaxValue)
            {
                return true;
            }
        }

        return false;
    }

    private static long Reach(in Layout layout)
    {
        long reach = 0;
        for (int i = 0; i < layout.Rank; i++)
        {
            reach += Math.Abs(layout.Strides[i]) * Math.Max(layout.Shape[i] - 1, 1);
        }

        return reach;
    }
}
