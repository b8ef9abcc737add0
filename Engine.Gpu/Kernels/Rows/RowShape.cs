namespace Engine.Gpu;

/// <summary>How the work-items of a group are laid over rows that are reduced: how many share a row, and how many elements each of them keeps.</summary>
/// <param name="Width">Work-items of a row, a power of two.</param>
/// <param name="Kept">Elements that an item keeps in registers, which are then read once; 0 where a row is too long and is read once a pass.</param>
internal readonly record struct RowShape(int Width, int Kept)
{
    // Rows this many leave no work-item idle when each has a row of its own.
    private const int ManyRows = 1024;

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

    /// <summary>The groups that cover all rows.</summary>
    public LaunchGrid Grid(GpuTarget target, long rows)
    {
        int rowsOfGroup = target.GroupSize / Width;
        return new LaunchGrid((int)((rows + rowsOfGroup - 1) / rowsOfGroup));
    }
}
