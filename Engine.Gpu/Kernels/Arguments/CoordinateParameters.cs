namespace Engine.Gpu;

/// <summary>
/// The loops around a kernel's iterations as arguments: sizes to take a number apart into coordinates, and a stride per loop for each operand
/// that is found by them.
/// </summary>
/// <remarks>The number of loops is padded with outer loops of size 1, so that few kernels serve all ranks.</remarks>
internal sealed class CoordinateParameters
{
    private readonly KernelBuilder _k;
    private readonly DivisorParameter[] _sizes;
    private readonly RegisterType _indexType;
    private readonly string _name;

    /// <summary>Adds the sizes of all loops but the outermost, whose size no one needs.</summary>
    public CoordinateParameters(KernelBuilder k, int rank, RegisterType indexType, string name = "size")
    {
        (_k, _indexType, _name) = (k, indexType, name);
        _sizes = new DivisorParameter[Math.Max(rank - 1, 0)];
        for (int i = 0; i < _sizes.Length; i++)
        {
            _sizes[i] = new DivisorParameter(k, $"{name}{i + 1}");
        }

        Rank = rank;
    }

    /// <summary>The padded number of loops.</summary>
    public int Rank { get; }

    /// <summary>The padded number for so many loops: 1, 2, 4 or 8.</summary>
    public static int Padded(int rank) => rank switch
    {
        <= 1 => 1,
        2 => 2,
        <= 4 => 4,
        _ => 8,
    };

    /// <summary>Adds an operand's strides.</summary>
    public Value[] Strides(string operand)
    {
        var strides = new Value[Rank];
        for (int i = 0; i < Rank; i++)
        {
            strides[i] = _k.Scalar($"{operand}_{_name}{i}_stride", _indexType);
        }

        return strides;
    }

    /// <summary>The coordinates of iteration <paramref name="number"/>, an Int32 at least 0.</summary>
    public Value[] Coordinates(Value number)
    {
        var coordinates = new Value[Rank];
        for (int i = Rank - 1; i > 0; i--)
        {
            (number, coordinates[i]) = _sizes[i - 1].Divide(number);
        }

        if (Rank > 0)
        {
            coordinates[0] = number;
        }

        return coordinates;
    }

    /// <summary>Σ coordinate · stride, plus <paramref name="start"/>.</summary>
    public Value Offset(ReadOnlySpan<Value> coordinates, ReadOnlySpan<Value> strides, Value? start = null)
    {
        Value? offset = start;
        for (int i = 0; i < Rank; i++)
        {
            Value step = coordinates[i].To(_indexType) * strides[i];
            offset = offset is null ? step : offset + step;
        }

        return offset ?? _k.Int32(0).To(_indexType);
    }

    /// <summary>Adds the sizes to a launch; the innermost is counted in units of <paramref name="width"/> elements.</summary>
    public static void AddSizes(ref ArgumentList arguments, in IterationSpace space, int rank, int width = 1)
    {
        for (int i = 1; i < rank; i++)
        {
            int loop = i - (rank - space.Rank);
            long size = loop < 0 ? 1 : space.Size(loop) / (i == rank - 1 ? width : 1);
            arguments.Add((int)size, new Divisor((int)size));
        }
    }

    /// <summary>Adds an operand's strides to a launch.</summary>
    public static void AddStrides(ref ArgumentList arguments, in IterationSpace space, int operand, int rank, bool is64Bit, int width = 1)
    {
        for (int i = 0; i < rank; i++)
        {
            int loop = i - (rank - space.Rank);
            long stride = loop < 0 ? 0 : space.Stride(operand, loop) * (i == rank - 1 ? width : 1);
            if (is64Bit)
            {
                arguments.Add(stride);
            }
            else
            {
                arguments.Add((int)stride);
            }
        }
    }
}
