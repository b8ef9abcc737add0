namespace Engine.Gpu;

/// <summary>The axes of operands of one shape as [outer, length, inner] around one of them.</summary>
internal readonly record struct RowSplit(int Outer, int Length, int Inner)
{
    /// <summary>Rows are numbered in 32 bits.</summary>
    public const long MaxRows = 1 << 30;

    /// <summary>How many rows there are.</summary>
    public long Rows => (long)Outer * Inner;

    /// <summary>Splits a shape at an axis; false where there are too many rows for one launch.</summary>
    public static bool TrySplit(Shape shape, int axis, out RowSplit split)
    {
        long outer = 1, inner = 1;
        for (int i = 0; i < shape.Rank; i++)
        {
            outer *= i < axis ? shape[i] : 1;
            inner *= i > axis ? shape[i] : 1;
        }

        bool fits = outer * inner <= MaxRows;
        split = fits ? new RowSplit((int)outer, shape[axis], (int)inner) : default;
        return fits;
    }

    /// <summary>An operand in this form, if its strides allow it.</summary>
    public bool TryView(in Operand operand, out Operand view)
    {
        bool fits = operand.Layout.TryReshape([Outer, Length, Inner], out Layout layout);
        view = operand.With(layout);
        return fits;
    }
}
