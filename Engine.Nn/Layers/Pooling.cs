namespace Engine.Nn;

/// <summary>The largest value of each window; NaN wins, padding never does.</summary>
/// <remarks>Shapes: x [N, C, H, W] → y [N, C, P, Q] with P = ⌊(H + 2·pad − d·(R − 1) − 1)/s⌋ + 1.</remarks>
/// <param name="kernelSize">Size of the window, one number or (height, width).</param>
/// <param name="stride">Step of the window; the window's size if left out.</param>
/// <param name="padding">Cells on each side, at most half the window; none if left out.</param>
/// <param name="dilation">Distance between the cells of a window; 1 if left out.</param>
/// <param name="ceilMode">Whether a window that leaves the padded image at the far side counts too.</param>
public sealed class MaxPool2d(Size2 kernelSize, Size2? stride = null, Size2? padding = null, Size2? dilation = null, bool ceilMode = false) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.MaxPool2d(kernelSize, stride, padding, dilation, ceilMode);

    /// <inheritdoc/>
    public override string ToString() => $"MaxPool2d({kernelSize.Height}×{kernelSize.Width})";
}

/// <summary>The mean of each window.</summary>
/// <remarks>Shapes: x [N, C, H, W] → y [N, C, P, Q] with P = ⌊(H + 2·pad − R)/s⌋ + 1.</remarks>
/// <param name="kernelSize">Size of the window, one number or (height, width).</param>
/// <param name="stride">Step of the window; the window's size if left out.</param>
/// <param name="padding">Zeros on each side, at most half the window; none if left out.</param>
/// <param name="countIncludePad">Whether zeros of the padding count as cells.</param>
/// <param name="ceilMode">Whether a window that leaves the padded image at the far side counts too.</param>
/// <param name="divisorOverride">What sums are divided by, instead of the number of cells.</param>
public sealed class AvgPool2d(
    Size2 kernelSize, Size2? stride = null, Size2? padding = null, bool countIncludePad = true, bool ceilMode = false, int? divisorOverride = null) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.AvgPool2d(kernelSize, stride, padding, countIncludePad, ceilMode, divisorOverride);

    /// <inheritdoc/>
    public override string ToString() => $"AvgPool2d({kernelSize.Height}×{kernelSize.Width})";
}

/// <summary>The mean over windows that divide the image into the given number of rows and columns, whatever its size.</summary>
/// <remarks>Shapes: x [N, C, H, W] → y [N, C, rows, columns]; cell i of n covers rows ⌊i·H/n⌋ to ⌈(i + 1)·H/n⌉.</remarks>
/// <param name="outputSize">Rows and columns of y, one number or (rows, columns).</param>
public sealed class AdaptiveAvgPool2d(Size2 outputSize) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.AdaptiveAvgPool2d(outputSize);

    /// <inheritdoc/>
    public override string ToString() => $"AdaptiveAvgPool2d({outputSize.Height}×{outputSize.Width})";
}

/// <summary>The largest value of windows that divide the image into the given number of rows and columns, whatever its size.</summary>
/// <remarks>Shapes: x [N, C, H, W] → y [N, C, rows, columns]; cell i of n covers rows ⌊i·H/n⌋ to ⌈(i + 1)·H/n⌉.</remarks>
/// <param name="outputSize">Rows and columns of y, one number or (rows, columns).</param>
public sealed class AdaptiveMaxPool2d(Size2 outputSize) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.AdaptiveMaxPool2d(outputSize);

    /// <inheritdoc/>
    public override string ToString() => $"AdaptiveMaxPool2d({outputSize.Height}×{outputSize.Width})";
}

/// <summary>The p-norm of each window of an image, (Σ xᵖ)^(1/p).</summary>
/// <remarks>Shapes: x [N, C, H, W] → y [N, C, P, Q]; see <see cref="Tensor.LpPool2d"/>.</remarks>
/// <param name="normType">The power.</param>
/// <param name="kernelSize">Size of the window, one number or (height, width).</param>
/// <param name="stride">Step; the window's size if left out.</param>
/// <param name="ceilMode">Whether a window that leaves the padded input at the far side counts too.</param>
public sealed class LpPool2d(double normType, Size2 kernelSize, Size2? stride = null, bool ceilMode = false) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.LpPool2d(normType, kernelSize, stride, ceilMode);

    /// <inheritdoc/>
    public override string ToString() => $"LpPool2d({normType}, {kernelSize.Height}×{kernelSize.Width})";
}

/// <summary>The mean of each channel over the whole image.</summary>
/// <remarks>Shapes: x [N, C, H, W] → y [N, C].</remarks>
public sealed class GlobalAvgPool2d : OperationLayer
{
    private protected override Tensor Apply(Tensor x) =>
        x.Rank == 4 ? x.Mean([2, 3]) : throw new ShapeMismatchException($"GlobalAvgPool2d: x is {x.Shape}; it must be [N, C, H, W].");
}
