namespace Engine.Backends;

/// <summary>
/// The sizes of one 2-D convolution: x [Batch, InChannels, InHeight, InWidth], w [OutChannels, InChannels/Groups, KernelHeight,
/// KernelWidth], y [Batch, OutChannels, OutHeight, OutWidth]. Core has checked that they fit together.
/// </summary>
/// <remarks>
/// y[n, k, p, q] = Σ x[n, c, p·StrideH − PadH + r·DilationH, q·StrideW − PadW + s·DilationW] · w[k, c, r, s] over the channels c of k's group.
/// </remarks>
public readonly record struct ConvGeometry
{
    /// <summary>N, the number of images.</summary>
    public required int Batch { get; init; }

    /// <summary>C, channels of x over all groups.</summary>
    public required int InChannels { get; init; }

    /// <summary>H.</summary>
    public required int InHeight { get; init; }

    /// <summary>W.</summary>
    public required int InWidth { get; init; }

    /// <summary>K, channels of y over all groups.</summary>
    public required int OutChannels { get; init; }

    /// <summary>P.</summary>
    public required int OutHeight { get; init; }

    /// <summary>Q.</summary>
    public required int OutWidth { get; init; }

    /// <summary>R.</summary>
    public required int KernelHeight { get; init; }

    /// <summary>S.</summary>
    public required int KernelWidth { get; init; }

    /// <summary>Vertical step of the window.</summary>
    public int StrideH { get; init; } = 1;

    /// <summary>Horizontal step of the window.</summary>
    public int StrideW { get; init; } = 1;

    /// <summary>Rows of zeros above the image (below it as many as the output needs).</summary>
    public int PadH { get; init; }

    /// <summary>Columns of zeros left of the image.</summary>
    public int PadW { get; init; }

    /// <summary>Vertical distance between taps.</summary>
    public int DilationH { get; init; } = 1;

    /// <summary>Horizontal distance between taps.</summary>
    public int DilationW { get; init; } = 1;

    /// <summary>Groups of channels that are convolved separately; equal to the channel count for a depthwise convolution.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Starts from stride 1, dilation 1, no padding, one group.</summary>
    public ConvGeometry()
    {
    }

    /// <summary>Multiply-adds counted as two operations.</summary>
    public long Flops => Groups == 0 ? 0 : 2L * Batch * OutChannels * OutHeight * OutWidth * (InChannels / Groups) * KernelHeight * KernelWidth;
}
