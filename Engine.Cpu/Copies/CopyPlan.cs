namespace Engine.Cpu;

/// <summary>
/// The loops of a copy between two layouts of one element type: rows along which the destination is contiguous and, where the source is
/// contiguous along another loop, columns along that one, so that squares can be transposed.
/// </summary>
internal unsafe struct CopyPlan
{
    /// <summary>Below this many rows or columns a transposition has no squares to work on.</summary>
    private const int SmallestSquare = 8;

    private const int Source = 0, Destination = 1;

    /// <summary>All loops; the last is the row, and in a transposition the last but one the column.</summary>
    public IterationSpace Space;

    public byte* From;
    public byte* To;
    public int ElementBytes;

    /// <summary>Whether the two innermost loops are a transposition.</summary>
    public bool Transposes;

    /// <summary>Whether rows are written past the caches.</summary>
    public bool Streams;

    public static void Create(in Operand from, in Operand to, Shape shape, out CopyPlan plan)
    {
        plan = default;
        AxisSet axes = AxisSet.All(shape.Rank);
        plan.Space = IterationSpace.Over(shape, axes);
        plan.Space.Add(shape, axes, from.Layout.Strides);
        plan.Space.Add(shape, axes, to.Layout.Strides);
        plan.Space.OrderBy(Destination);
        plan.Space.Coalesce();
        plan.From = (byte*)from.Address;
        plan.To = (byte*)to.Address;
        plan.ElementBytes = from.DType.SizeInBytes();
        plan.FindTransposition();
        long bytes = shape.ElementCount * plan.ElementBytes;
        plan.Streams = !plan.Transposes && plan.SourceStride(1) == 1 && plan.DestinationStride(1) == 1 && plan.Space.InnerSize * plan.ElementBytes >= StreamedCopy.FewestBytes
            && from.Storage != to.Storage && Streaming.Pays(bytes + Math.Min(bytes, from.Storage.Bytes));
    }

    /// <summary>Step of the source along one of the two innermost loops: 1 is the row, 2 the column.</summary>
    public readonly nint SourceStride(int fromInside) => Space.Rank < fromInside ? 1 : (nint)Space.Stride(Source, Space.Rank - fromInside);

    /// <summary>Likewise of the destination.</summary>
    public readonly nint DestinationStride(int fromInside) => Space.Rank < fromInside ? 1 : (nint)Space.Stride(Destination, Space.Rank - fromInside);

    /// <summary>Where the source is in iteration <paramref name="index"/> of the outer loops.</summary>
    public readonly byte* SourceAt(long index, int outer) => From + (Space.Distance(Source, index, outer) * ElementBytes);

    /// <summary>Likewise the destination.</summary>
    public readonly byte* DestinationAt(long index, int outer) => To + (Space.Distance(Destination, index, outer) * ElementBytes);

    private void FindTransposition()
    {
        int row = Space.Rank - 1;
        if (row < 1 || Space.Stride(Destination, row) != 1 || Space.Stride(Source, row) == 1 || Space.Size(row) < SmallestSquare)
        {
            return;
        }
        for (int loop = 0; loop < row; loop++)
        {
            if (Space.Stride(Source, loop) != 1 || Space.Size(loop) < SmallestSquare)
            {
                continue;
            }
            Space.MoveInnermost(loop);
            Space.MoveInnermost(row - 1);
            Transposes = true;
            return;
        }
    }
}
