namespace Engine.Backends;

/// <summary>The window of a 2-D pooling.</summary>
public readonly record struct PoolGeometry
{
    /// <summary>Height of the window.</summary>
    public required int KernelH { get; init; }

    /// <summary>Width of the window.</summary>
    public required int KernelW { get; init; }

    /// <summary>Vertical step.</summary>
    public required int StrideH { get; init; }

    /// <summary>Horizontal step.</summary>
    public required int StrideW { get; init; }

    /// <summary>Rows added above and below; never chosen as a maximum.</summary>
    public int PadH { get; init; }

    /// <summary>Columns added left and right; never chosen as a maximum.</summary>
    public int PadW { get; init; }

    /// <summary>Vertical distance between the cells of a window.</summary>
    public int DilationH { get; init; } = 1;

    /// <summary>Horizontal distance between the cells of a window.</summary>
    public int DilationW { get; init; } = 1;

    /// <summary>Whether an average divides by the whole window, padding included (PyTorch's default), or by the cells inside the image.</summary>
    public bool CountIncludePad { get; init; } = true;

    /// <summary>Starts from no padding and dilation 1.</summary>
    public PoolGeometry()
    {
    }
}
