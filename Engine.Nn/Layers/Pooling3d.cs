namespace Engine.Nn;

/// <summary>The largest value of each window of a volume; NaN wins, padding never does.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] → y [N, C, E, P, Q] with P = ⌊(H + 2·pad − d·(R − 1) − 1)/s⌋ + 1.</remarks>
/// <param name="kernelSize">Size of the window, one number or (depth, height, width).</param>
/// <param name="stride">Step; the window's size if left out.</param>
/// <param name="padding">Cells on each side, at most half the window; none if left out.</param>
/// <param name="dilation">Distance between the cells of a window; 1 if left out.</param>
/// <param name="ceilMode">Whether a window that leaves the padded input at the far side counts too.</param>
public sealed class MaxPool3d(Size3 kernelSize, Size3? stride = null, Size3? padding = null, Size3? dilation = null, bool ceilMode = false) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.MaxPool3d(kernelSize, stride, padding, dilation, ceilMode);

    /// <inheritdoc/>
    public override string ToString() => $"MaxPool3d({kernelSize.Depth}×{kernelSize.Height}×{kernelSize.Width})";
}

/// <summary>The mean of each window of a volume.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] → y [N, C, E, P, Q] with P = ⌊(H + 2·pad − R)/s⌋ + 1.</remarks>
/// <param name="kernelSize">Size of the window, one number or (depth, height, width).</param>
/// <param name="stride">Step; the window's size if left out.</param>
/// <param name="padding">Zeros on each side, at most half the window; none if left out.</param>
/// <param name="countIncludePad">Whether zeros of the padding count as cells.</param>
/// <param name="ceilMode">Whether a window that leaves the padded input at the far side counts too.</param>
/// <param name="divisorOverride">What sums are divided by, instead of the number of cells.</param>
public sealed class AvgPool3d(Size3 kernelSize, Size3? stride = null, Size3? padding = null, bool countIncludePad = true, bool ceilMode = false, int? divisorOverride = null) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.AvgPool3d(kernelSize, stride, padding, countIncludePad, ceilMode, divisorOverride);

    /// <inheritdoc/>
    public override string ToString() => $"AvgPool3d({kernelSize.Depth}×{kernelSize.Height}×{kernelSize.Width})";
}

/// <summary>The mean over windows that divide a volume into the given number of cells, whatever its size.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] → y [N, C, depths, rows, columns]; cell i of n covers elements ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉ − 1 of an axis.</remarks>
/// <param name="outputSize">Depths, rows and columns of y.</param>
public sealed class AdaptiveAvgPool3d(Size3 outputSize) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.AdaptiveAvgPool3d(outputSize);

    /// <inheritdoc/>
    public override string ToString() => $"AdaptiveAvgPool3d({outputSize.Depth}×{outputSize.Height}×{outputSize.Width})";
}

/// <summary>The largest value of windows that divide a volume into the given number of cells, whatever its size.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] → y [N, C, depths, rows, columns]; cell i of n covers elements ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉ − 1 of an axis.</remarks>
/// <param name="outputSize">Depths, rows and columns of y.</param>
public sealed class AdaptiveMaxPool3d(Size3 outputSize) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.AdaptiveMaxPool3d(outputSize);

    /// <inheritdoc/>
    public override string ToString() => $"AdaptiveMaxPool3d({outputSize.Depth}×{outputSize.Height}×{outputSize.Width})";
}
