namespace Engine.Cpu;

/// <summary>Where the outputs of a correlation lie in an image: element (p, q) of channel k at k·Plane + First + p·RowStep + q·ColumnStep.</summary>
/// <remarks>The gradient to the input of a strided convolution is computed for one residue of rows and columns at a time, which interleave.</remarks>
internal readonly record struct OutputGrid(nint Plane, nint First, nint RowStep, nint ColumnStep)
{
    /// <summary>Planes of outputs and nothing else.</summary>
    public static OutputGrid Dense(in Correlation task) => new(task.OutPlane, 0, task.Columns.OutSize, 1);

    /// <summary>Whether an image's outputs are one flat run.</summary>
    public bool IsDense(in Correlation task) => First == 0 && ColumnStep == 1 && RowStep == task.Columns.OutSize && Plane == task.OutPlane;
}
