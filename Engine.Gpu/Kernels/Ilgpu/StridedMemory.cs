namespace Engine.Gpu;

/// <summary>An operand as kernels in ILGPU's language take it: a view that begins at its lowest element, and the offset of its first one in that view.</summary>
/// <remarks>With negative strides the first element is not the lowest, and views have no elements before their beginning.</remarks>
internal readonly record struct StridedMemory(Operand Memory, int Origin)
{
    /// <summary>The memory of an operand whose elements 32 bits can count.</summary>
    public static StridedMemory Of(in Operand operand)
    {
        Layout layout = operand.Layout;
        long origin = 0;
        for (int i = 0; i < layout.Rank; i++)
        {
            origin += layout.Strides[i] < 0 ? -layout.Strides[i] * Math.Max(0, layout.Shape[i] - 1) : 0;
        }

        return origin == 0 ? new StridedMemory(operand, 0) : new StridedMemory(operand.With(Lowest(layout, origin)), checked((int)origin));
    }

    /// <summary>Whether offsets in all operands, and the offset where each begins in its memory, are numbers of 32 bits.</summary>
    public static bool AreNear(params ReadOnlySpan<Operand?> operands)
    {
        foreach (Operand? operand in operands)
        {
            if (operand is { } given && given.Layout.Offset > int.MaxValue)
            {
                return false;
            }
        }

        return !StridesParameter.Is64Bit(operands);
    }

    private static Layout Lowest(in Layout layout, long origin)
    {
        Span<long> strides = stackalloc long[Shape.MaxRank];
        for (int i = 0; i < layout.Rank; i++)
        {
            strides[i] = Math.Abs(layout.Strides[i]);
        }

        return new Layout(layout.Shape, strides[..layout.Rank], layout.Offset - origin);
    }
}
