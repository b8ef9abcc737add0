namespace Engine.Cpu;

/// <summary>
/// The loop nest of a gather or scatter. For each coordinate i of the index: one place in the dense operand (the result, or what is
/// added) and one in the table: Σ iₐ·<see cref="Table"/>[a] + index[i]·<see cref="AxisStride"/>.
/// </summary>
/// <remarks>
/// Axes of size 1 are left out and neighbours that lie evenly in all operands are merged, so the rows of an embedding are one inner axis
/// along which the index has stride 0.
/// </remarks>
internal unsafe struct IndexedSpace
{
    /// <summary>Number of axes, at least 1.</summary>
    public int Rank;

    /// <summary>Sizes, outermost first.</summary>
    public fixed long Sizes[Shape.MaxRank];

    /// <summary>Steps in the table; 0 at the indexed axis.</summary>
    public fixed long Table[Shape.MaxRank];

    /// <summary>Steps in the index.</summary>
    public fixed long Index[Shape.MaxRank];

    /// <summary>Steps in the dense operand.</summary>
    public fixed long Dense[Shape.MaxRank];

    /// <summary>Where the nest begins in each operand, in elements from its first one.</summary>
    public long TableStart, IndexStart, DenseStart;

    /// <summary>The distance between neighbours of the indexed axis in the table.</summary>
    public long AxisStride;

    /// <summary>The size of the indexed axis.</summary>
    public int AxisSize;

    /// <summary>The nest over the shape of <paramref name="index"/>.</summary>
    public static IndexedSpace Create(in Layout table, in Layout index, in Layout dense, int axis)
    {
        IndexedSpace space = new() { AxisStride = table.Strides[axis], AxisSize = table.Shape[axis] };
        for (int a = 0; a < index.Rank; a++)
        {
            long size = index.Shape[a];
            if (size == 1)
            {
                continue;
            }
            long t = a == axis ? 0 : table.Strides[a], i = index.Strides[a], d = dense.Strides[a];
            int last = space.Rank - 1;
            if (last >= 0 && space.Table[last] == t * size && space.Index[last] == i * size && space.Dense[last] == d * size)
            {
                space.Sizes[last] *= size;
                (space.Table[last], space.Index[last], space.Dense[last]) = (t, i, d);
                continue;
            }

            last = space.Rank++;
            space.Sizes[last] = size;
            (space.Table[last], space.Index[last], space.Dense[last]) = (t, i, d);
        }

        if (space.Rank == 0)
        {
            space.Sizes[space.Rank++] = 1;
        }
        return space;
    }

    /// <summary>The number of index values that are read, repeated ones included.</summary>
    public readonly long Count
    {
        get
        {
            long count = 1;
            for (int a = 0; a < Rank; a++)
            {
                count *= Sizes[a];
            }
            return count;
        }
    }

    /// <summary>
    /// The longest axis, or −1. With <paramref name="distinct"/> only those along which the table moves: parts of such an axis never
    /// meet in one element of the table.
    /// </summary>
    public readonly int LongestAxis(bool distinct)
    {
        int longest = -1;
        for (int a = 0; a < Rank; a++)
        {
            if (distinct && Table[a] == 0)
            {
                continue;
            }
            if (longest < 0 || Sizes[a] > Sizes[longest])
            {
                longest = a;
            }
        }

        return longest;
    }

    /// <summary>The part of the nest with coordinates [first, end) at one axis.</summary>
    public readonly IndexedSpace Narrow(int axis, long first, long end)
    {
        IndexedSpace part = this;
        part.Sizes[axis] = end - first;
        part.TableStart += first * Table[axis];
        part.IndexStart += first * Index[axis];
        part.DenseStart += first * Dense[axis];
        return part;
    }

    /// <summary>Moves to the next row, the last axis being the row; false after the last one.</summary>
    /// <param name="coordinates">Of the outer axes; zeros at the start.</param>
    public bool NextRow(Span<long> coordinates)
    {
        for (int a = Rank - 2; a >= 0; a--)
        {
            TableStart += Table[a];
            IndexStart += Index[a];
            DenseStart += Dense[a];
            if (++coordinates[a] < Sizes[a])
            {
                return true;
            }
            coordinates[a] = 0;
            TableStart -= Sizes[a] * Table[a];
            IndexStart -= Sizes[a] * Index[a];
            DenseStart -= Sizes[a] * Dense[a];
        }

        return false;
    }
}
