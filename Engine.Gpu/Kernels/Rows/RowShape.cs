namespace Engine.Gpu;

/// <summary>How the work-items of a group are laid over rows that are reduced: how many share a row, and how many elements each of them keeps.</summary>
/// <param name="Width">Work-items of a row, a power of two.</param>
/// <param name="Kept">Elements that an item keeps in registers, which are then read once; 0 where a row is too long and is read once a pass.</param>
/// <param name="Run">Neighbouring elements that an item takes at a time; rows are a multiple of it. It decides the order of sums.</param>
/// <param name="IsAligned">Whether runs are vectors in memory; else their elements are read and written one by one, in the same order.</param>
internal readonly record struct RowShape(int Width, int Kept, int Run = 1, bool IsAligned = false)
{
    // Rows this many leave no work-item idle when each has a row of its own.
    private const int ManyRows = 1024;

    // Rows of a multiprocessor that keep it busy with a sub-group each.
    private const int RowsOfUnit = 16;

    /// <summary>The choice for rows of <paramref name="length"/> elements.</summary>
    /// <param name="target">The device.</param>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="length">Elements of a row.</param>
    /// <param name="interleaved">Whether neighbouring elements belong to different rows: then neighbouring items take different rows.</param>
    public static RowShape Choose(GpuTarget target, long rows, int length, bool interleaved)
    {
        if (interleaved && rows >= ManyRows)
        {
            return new RowShape(1, 0);
        }

        int group = target.GroupSize;

        // Where there are rows enough, one sub-group takes one: a reduction over a group costs more than the few elements that its items would have each.
        if (length is > 256 and <= 1024 && target.SubGroupSize == 32 && rows >= (long)target.ComputeUnits * RowsOfUnit)
        {
            return new RowShape(32, 32);
        }

        RowShape shape = length switch
        {
            <= 4 => new RowShape(1, 4),
            <= 16 => new RowShape(4, 4),
            <= 64 => new RowShape(16, 4),
            <= 256 => new RowShape(32, 8),
            _ => new RowShape(group, length <= 8 * group ? 8 : 0),
        };
        return shape.Width <= group ? shape : new RowShape(group, 0);
    }

    /// <summary>
    /// The same with runs of as many elements as a vector holds, where that divides the rows. Only sizes and types decide, so that a sum has
    /// the same bits at all addresses. The addresses decide only how the operands are read.
    /// </summary>
    /// <param name="target">The device; a processor's driver makes vectors of neighbouring work-items instead.</param>
    /// <param name="split">The rows.</param>
    /// <param name="operands">As [outer, length, inner].</param>
    /// <param name="vectors">Numbers for each column.</param>
    public RowShape WithRuns(GpuTarget target, in RowSplit split, ReadOnlySpan<Operand> operands, params ReadOnlySpan<Operand?> vectors)
    {
        int largest = 1;
        foreach (ref readonly Operand operand in operands)
        {
            largest = Math.Max(largest, operand.DType.SizeInBytes());
        }

        foreach (ref readonly Operand? vector in vectors)
        {
            largest = Math.Max(largest, vector?.DType.SizeInBytes() ?? 1);
        }

        int run = target.IsProcessor || split.Inner > 1 ? 1 : Math.Min(4, VectorAlignment.VectorBytes / largest);
        while (split.Length % run != 0)
        {
            run /= 2;
        }

        bool isAligned = run > 1;
        foreach (ref readonly Operand operand in operands)
        {
            isAligned &= operand.Layout.Strides[1] == 1 && (split.Outer == 1 || operand.Layout.Strides[0] % run == 0) && operand.StartsAligned(run);
        }

        foreach (ref readonly Operand? vector in vectors)
        {
            isAligned &= vector is not { } given || (given.Layout.Strides[0] == 1 && given.StartsAligned(run));
        }

        return this with { Run = run, IsAligned = isAligned };
    }

    /// <summary>The groups that cover all rows.</summary>
    public LaunchGrid Grid(GpuTarget target, long rows)
    {
        int rowsOfGroup = target.GroupSize / Width;
        return new LaunchGrid((int)((rows + rowsOfGroup - 1) / rowsOfGroup));
    }
}
