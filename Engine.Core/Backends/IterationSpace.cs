using System.Runtime.CompilerServices;

namespace Engine.Backends;

/// <summary>
/// Nested loops over operands that share a shape: sizes, outermost first, and for each operand a stride per loop and the offset of its first
/// element. Built from layouts, then brought into the order of memory and coalesced, so that most calls end up as one or two long loops.
/// </summary>
/// <remarks>Unmanaged: spaces live on the stack of the calling thread, where its workers read them by address.</remarks>
public unsafe struct IterationSpace
{
    /// <summary>Inputs and outputs of a program, and the element number.</summary>
    public const int MaxOperands = MapProgram.MaxInputs + MapProgram.MaxOutputs + 1;

    private fixed long _sizes[Shape.MaxRank];
    private fixed long _offsets[MaxOperands];
    private fixed long _strides[MaxOperands * Shape.MaxRank];

    /// <summary>Number of loops; 0 for a single element.</summary>
    public int Rank { get; private set; }

    /// <summary>Number of operands added.</summary>
    public int Operands { get; private set; }

    /// <summary>Number of iterations of all loops together.</summary>
    public readonly long Count
    {
        get
        {
            long count = 1;
            for (int loop = 0; loop < Rank; loop++)
            {
                count *= _sizes[loop];
            }

            return count;
        }
    }

    /// <summary>Length of the innermost loop; 1 if there is none.</summary>
    public readonly long InnerSize => Rank == 0 ? 1 : _sizes[Rank - 1];

    /// <summary>A space of loops over the axes in <paramref name="axes"/> that are longer than 1 (or empty).</summary>
    public static IterationSpace Over(Shape shape, AxisSet axes)
    {
        IterationSpace space = default;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (axes.Contains(axis) && shape[axis] != 1)
            {
                space._sizes[space.Rank++] = shape[axis];
            }
        }

        return space;
    }

    /// <summary>Adds an operand by its strides. <paramref name="shape"/> and <paramref name="axes"/> are those of <see cref="Over"/>.</summary>
    /// <exception cref="ArgumentException">There are fewer strides than axes, or the axes are not those of the space.</exception>
    /// <exception cref="InvalidOperationException">There are <see cref="MaxOperands"/> operands already.</exception>
    public void Add(Shape shape, AxisSet axes, ReadOnlySpan<long> strides, long offset = 0)
    {
        CheckRoom();
        if (strides.Length < shape.Rank || !IsOver(shape, axes))
        {
            throw new ArgumentException($"IterationSpace.Add: {strides.Length} strides for {shape}; one an axis is needed, and shape and axes of the space.", nameof(strides));
        }

        int loop = 0;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (axes.Contains(axis) && shape[axis] != 1)
            {
                SetStride(Operands, loop++, strides[axis]);
            }
        }

        _offsets[Operands++] = offset;
    }

    /// <summary>The same loops without operands.</summary>
    public readonly IterationSpace WithoutOperands()
    {
        IterationSpace space = this;
        space.Operands = 0;
        return space;
    }

    /// <summary>Adds an operand that another space over the same loops has.</summary>
    /// <exception cref="ArgumentException">The other space has other loops.</exception>
    /// <exception cref="InvalidOperationException">There are <see cref="MaxOperands"/> operands already.</exception>
    public void AddFrom(in IterationSpace other, int operand)
    {
        CheckRoom();
        if (other.Rank != Rank)
        {
            throw new ArgumentException($"IterationSpace.AddFrom: the other space has {other.Rank} loops, this one {Rank}.", nameof(other));
        }

        other.CheckOperand(operand);
        for (int loop = 0; loop < Rank; loop++)
        {
            SetStride(Operands, loop, other.Stride(operand, loop));
        }

        _offsets[Operands++] = other.Offset(operand);
    }

    /// <summary>Adds an operand whose elements follow one another in the order of the loops.</summary>
    /// <exception cref="InvalidOperationException">There are <see cref="MaxOperands"/> operands already.</exception>
    public void AddContiguous()
    {
        CheckRoom();
        long stride = 1;
        for (int loop = Rank - 1; loop >= 0; loop--)
        {
            SetStride(Operands, loop, stride);
            stride *= _sizes[loop];
        }

        _offsets[Operands++] = 0;
    }

    /// <summary>Length of one loop.</summary>
    public readonly long Size(int loop)
    {
        CheckLoop(loop);
        return _sizes[loop];
    }

    /// <summary>The offset of an operand's first element, in elements.</summary>
    public readonly long Offset(int operand)
    {
        CheckOperand(operand);
        return _offsets[operand];
    }

    /// <summary>Step of an operand along one loop, in elements.</summary>
    public readonly long Stride(int operand, int loop)
    {
        CheckOperand(operand);
        CheckLoop(loop);
        return StrideOf(operand, loop);
    }

    /// <summary>Step of an operand along the innermost loop.</summary>
    public readonly long InnerStride(int operand)
    {
        CheckOperand(operand);
        return Rank == 0 ? 0 : StrideOf(operand, Rank - 1);
    }

    /// <summary>Orders the loops by descending step of one operand.</summary>
    public void OrderBy(int operand)
    {
        CheckOperand(operand);
        for (int i = 1; i < Rank; i++)
        {
            for (int j = i; j > 0 && Math.Abs(StrideOf(operand, j - 1)) < Math.Abs(StrideOf(operand, j)); j--)
            {
                Swap(j - 1, j);
            }
        }
    }

    /// <summary>Makes a loop the innermost one; the others keep their order.</summary>
    public void MoveInnermost(int loop)
    {
        CheckLoop(loop);
        for (; loop < Rank - 1; loop++)
        {
            Swap(loop, loop + 1);
        }
    }

    /// <summary>Joins neighbouring loops that every operand walks as one.</summary>
    public void Coalesce()
    {
        int kept = 0;
        for (int loop = 1; loop < Rank; loop++)
        {
            if (Joins(kept, loop))
            {
                _sizes[kept] *= _sizes[loop];
            }
            else
            {
                _sizes[++kept] = _sizes[loop];
            }

            for (int k = 0; k < Operands; k++)
            {
                SetStride(k, kept, StrideOf(k, loop));
            }
        }

        Rank = Math.Min(Rank, kept + 1);
    }

    /// <summary>Counts a loop in steps of so many iterations, the last of which may be incomplete.</summary>
    public void CountInTiles(int loop, int iterations)
    {
        CheckLoop(loop);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(iterations);
        _sizes[loop] = (_sizes[loop] + iterations - 1) / iterations;
        for (int k = 0; k < Operands; k++)
        {
            SetStride(k, loop, StrideOf(k, loop) * iterations);
        }
    }

    /// <summary>Whether an operand's elements follow one another over all loops.</summary>
    public readonly bool IsContiguous(int operand)
    {
        CheckOperand(operand);
        long expected = 1;
        for (int loop = Rank - 1; loop >= 0; loop--)
        {
            if (StrideOf(operand, loop) != expected)
            {
                return false;
            }

            expected *= _sizes[loop];
        }

        return true;
    }

    /// <summary>Whether an operand stays at one element.</summary>
    public readonly bool IsUniform(int operand)
    {
        CheckOperand(operand);
        for (int loop = 0; loop < Rank; loop++)
        {
            if (StrideOf(operand, loop) != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How far an operand is from where it begins in iteration <paramref name="index"/> of the outer <paramref name="loops"/> loops, in elements.</summary>
    public readonly long Distance(int operand, long index, int loops)
    {
        CheckOperand(operand);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(loops, Rank);
        long distance = 0;
        for (int loop = loops - 1; loop >= 0; loop--)
        {
            (index, long coordinate) = Math.DivRem(index, _sizes[loop]);
            distance += coordinate * StrideOf(operand, loop);
        }

        return distance;
    }

    /// <summary>How far from its first element an operand gets, in either direction.</summary>
    public readonly long Extent(int operand)
    {
        CheckOperand(operand);
        long extent = 0;
        for (int loop = 0; loop < Rank; loop++)
        {
            extent += (_sizes[loop] - 1) * Math.Abs(StrideOf(operand, loop));
        }

        return extent;
    }

    /// <summary>Iterations <paramref name="start"/> to <paramref name="start"/> + <paramref name="length"/> of the outermost loop.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no loop.</exception>
    public readonly IterationSpace Part(long start, long length)
    {
        CheckLoop(0);
        IterationSpace part = this;
        part._sizes[0] = length;
        for (int k = 0; k < Operands; k++)
        {
            part._offsets[k] += start * StrideOf(k, 0);
        }

        return part;
    }

    /// <summary>The space inside iteration <paramref name="index"/> of the outermost loop.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no loop.</exception>
    public readonly IterationSpace Inside(long index)
    {
        IterationSpace part = Part(index, 1);
        part.Rank--;
        for (int loop = 0; loop < part.Rank; loop++)
        {
            part._sizes[loop] = _sizes[loop + 1];
            for (int k = 0; k < Operands; k++)
            {
                part.SetStride(k, loop, StrideOf(k, loop + 1));
            }
        }

        return part;
    }

    private readonly bool Joins(int outer, int inner)
    {
        for (int k = 0; k < Operands; k++)
        {
            if (StrideOf(k, outer) != StrideOf(k, inner) * _sizes[inner])
            {
                return false;
            }
        }

        return true;
    }

    private void Swap(int a, int b)
    {
        (_sizes[a], _sizes[b]) = (_sizes[b], _sizes[a]);
        for (int k = 0; k < Operands; k++)
        {
            long stride = StrideOf(k, a);
            SetStride(k, a, StrideOf(k, b));
            SetStride(k, b, stride);
        }
    }

    private readonly long StrideOf(int operand, int loop) => _strides[(operand * Shape.MaxRank) + loop];

    /// <summary>Whether the loops are those of a shape over some axes.</summary>
    private readonly bool IsOver(Shape shape, AxisSet axes)
    {
        int loop = 0;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (axes.Contains(axis) && shape[axis] != 1)
            {
                if (loop == Rank || _sizes[loop++] != shape[axis])
                {
                    return false;
                }
            }
        }

        return loop == Rank;
    }

    private readonly void CheckRoom()
    {
        if (Operands == MaxOperands)
        {
            throw new InvalidOperationException($"An iteration space has at most {MaxOperands} operands.");
        }
    }

    // Numbers of operands and loops index fixed buffers, in which nothing else stops a wrong one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void CheckOperand(int operand) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)operand, (uint)Operands, nameof(operand));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void CheckLoop(int loop) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)loop, (uint)Rank, nameof(loop));

    private void SetStride(int operand, int loop, long stride) => _strides[(operand * Shape.MaxRank) + loop] = stride;
}
