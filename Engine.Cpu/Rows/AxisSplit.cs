namespace Engine.Cpu;

/// <summary>A contiguous tensor as [outer, size, inner] around one of its axes.</summary>
internal readonly record struct AxisSplit(nint Outer, nint Size, nint Inner)
{
    public static AxisSplit Of(in Shape shape, int axis)
    {
        nint outer = 1, inner = 1;
        for (int a = 0; a < axis; a++)
        {
            outer *= shape[a];
        }
        for (int a = axis + 1; a < shape.Rank; a++)
        {
            inner *= shape[a];
        }
        return new AxisSplit(outer, shape[axis], inner);
    }
}
