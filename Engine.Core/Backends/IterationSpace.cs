using System.Diagnostics;

namespace Engine.Backends;

/// <summary>
/// Nested loops over operands that share a shape: sizes, outermost first, and for each operand a stride per loop and a first place. Built
/// from layouts, then brought into the order of memory and coalesced, so that most calls end up as one or two long loops.
/// </summary>
/// <remarks>Unmanaged: spaces live on the stack of the calling thread, where its workers read them by address.</remarks>
internal unsafe struct IterationSpace
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
    public void Add(Shape shape, AxisSet axes, ReadOnlySpan<long> strides, long offset = 0)
    {
        Debug.Assert(Operands < MaxOperands);
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
    public void AddFrom(in IterationSpace other, int operand)
    {
        for (int loop = 0; loop < Rank; loop++)
        {
            SetStride(Operands, loop, other.Stride(operand, loop));
        }

        _offsets[Operands++] = other.Offset(operand);
    }

    /// <summary>Adds an operand whose elements follow one another in the order of the loops.</summary>
    public void AddContiguous()
    {
        long stride = 1;
        for (int loop = Rank - 1; loop >= 0; loop--)
        {
            SetStride(Operands, loop, stride);
            stride *= _sizes[loop];
        }

        _offsets[Operands++] = 0;
    }

    /// <summary>Length of one loop.</summary>
    public readonly long Size(int loop) => _sizes[loop];

    /// <summary>Where an operand begins, in elements.</summary>
    public readonly long Offset(int operand) => _offsets[operand];

    /// <summary>Step of an operand along one loop, in elements.</summary>
    public readonly long Stride(int operand, int loop) => _strides[(operand * Shape.MaxRank) + loop];

    /// <summary>Step of an operand along the innermost loop.</summary>
    public readonly long InnerStride(int operand) => Rank == 0 ? 0 : Stride(operand, Rank - 1);

    /// <summary>Orders the loops by descending step of one operand.</summary>
    public void OrderBy(int operand)
    {
        for (int i = 1; i < Rank; i++)
        {
            for (int j = i; j > 0 && Math.Abs(Stride(operand, j - 1)) < Math.Abs(Stride(operand, j)); j--)
            {
                Swap(j - 1, j);
            }
        }
    }

    /// <summary>Makes a loop the innermost one; the others keep their order.</summary>
    public void MoveInnermost(int loop)
    {
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
                SetStride(k, kept, Stride(k, loop));
            }
        }

        Rank = Math.Min(Rank, kept + 1);
    }

    /// <summary>Counts a loop in steps of so many iterations, the last of which may be incomplete.</summary>
    public void CountInTiles(int loop, int iterations)
    {
        _sizes[loop] = (_sizes[loop] + iterations - 1) / iterations;
        for (int k = 0; k < Operands; k++)
        {
            SetStride(k, loop, Stride(k, loop) * iterations);
        }
    }

    /// <summary>Whether an operand's elements follow one another over all loops.</summary>
    public readonly bool IsContiguous(int operand)
    {
        long expected = 1;
        for (int loop = Rank - 1; loop >= 0; loop--)
        {
            if (Stride(operand, loop) != expected)
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
        for (int loop = 0; loop < Rank; loop++)
        {
            if (Stride(operand, loop) != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How far an operand is from where it begins in iteration <paramref name="index"/> of the outer <paramref name="loops"/> loops, in elements.</summary>
    public readonly long Distance(int operand, long index, int loops)
    {
        long distance = 0;
        for (int loop = loops - 1; loop >= 0; loop--)
        {
            (index, long place) = Math.DivRem(index, _sizes[loop]);
            distance += place * Stride(operand, loop);
        }

        return distance;
    }

    /// <summary>How far from its first element an operand gets, in either direction.</summary>
    public readonly long Extent(int operand)
    {
        long extent = 0;
        for (int loop = 0; loop < Rank; loop++)
        {
            extent += (_sizes[loop] - 1) * Math.Abs(Stride(operand, loop));
        }

        return extent;
    }

    /// <summary>Iterations <paramref name="start"/> to <paramref name="start"/> + <paramref name="length"/> of the outermost loop.</summary>
    public readonly IterationSpace Part(long start, long length)
    {
        IterationSpace part = this;
        part._sizes[0] = length;
        for (int k = 0; k < Operands; k++)
        {
            part._offsets[k] += start * Stride(k, 0);
        }

        return part;
    }

    /// <summary>The space inside iteration <paramref name="place"/> of the outermost loop.</summary>
    public readonly IterationSpace Inside(long place)
    {
        IterationSpace part = Part(place, 1);
        part.Rank--;
        for (int loop = 0; loop < part.Rank; loop++)
        {
            part._sizes[loop] = _sizes[loop + 1];
            for (int k = 0; k < Operands; k++)
            {
                part.SetStride(k, loop, Stride(k, loop + 1));
            }
        }

        return part;
    }

    private readonly bool Joins(int outer, int inner)
    {
        for (int k = 0; k < Operands; k++)
        {
            if (Stride(k, outer) != Stride(k, inner) * _sizes[inner])
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
            long stride = Stride(k, a);
            SetStride(k, a, Stride(k, b));
            SetStride(k, b, stride);
        }
    }

    private void SetStride(int operand, int loop, long stride) => _strides[(operand * Shape.MaxRank) + loop] = stride;
}
