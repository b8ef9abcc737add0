namespace Engine.Nn;

/// <summary>The largest value of each window of a sequence; NaN wins, padding never does.</summary>
/// <remarks>Shapes: x [N, C, L] → y [N, C, P] with P = ⌊(L + 2·pad − d·(R − 1) − 1)/s⌋ + 1.</remarks>
/// <param name="kernelSize">Size of the window.</param>
/// <param name="stride">Step; the window's size if left out.</param>
/// <param name="padding">Elements on each side, at most half the window.</param>
/// <param name="dilation">Distance between the elements of a window.</param>
/// <param name="ceilMode">Whether a window that leaves the padded input at the far side counts too.</param>
public sealed class MaxPool1d(int kernelSize, int? stride = null, int padding = 0, int dilation = 1, bool ceilMode = false) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.MaxPool1d(kernelSize, stride, padding, dilation, ceilMode);

    /// <inheritdoc/>
    public override string ToString() => $"MaxPool1d({kernelSize})";
}

/// <summary>The mean of each window of a sequence.</summary>
/// <remarks>Shapes: x [N, C, L] → y [N, C, P] with P = ⌊(L + 2·pad − R)/s⌋ + 1.</remarks>
/// <param name="kernelSize">Size of the window.</param>
/// <param name="stride">Step; the window's size if left out.</param>
/// <param name="padding">Zeros on each side, at most half the window.</param>
/// <param name="countIncludePad">Whether zeros of the padding count as cells.</param>
/// <param name="ceilMode">Whether a window that leaves the padded input at the far side counts too.</param>
public sealed class AvgPool1d(int kernelSize, int? stride = null, int padding = 0, bool countIncludePad = true, bool ceilMode = false) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.AvgPool1d(kernelSize, stride, padding, countIncludePad, ceilMode);

    /// <inheritdoc/>
    public override string ToString() => $"AvgPool1d({kernelSize})";
}

/// <summary>The p-norm of each window of a sequence, (Σ xᵖ)^(1/p).</summary>
/// <remarks>Shapes: x [N, C, L] → y [N, C, P]; see <see cref="Tensor.LpPool1d"/>.</remarks>
/// <param name="normType">The power.</param>
/// <param name="kernelSize">Size of the window.</param>
/// <param name="stride">Step; the window's size if left out.</param>
/// <param name="ceilMode">Whether a window that leaves the padded input at the far side counts too.</param>
public sealed class LpPool1d(double normType, int kernelSize, int? stride = null, bool ceilMode = false) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.LpPool1d(normType, kernelSize, stride, ceilMode);

    /// <inheritdoc/>
    public override string ToString() => $"LpPool1d({normType}, {kernelSize})";
}

/// <summary>The mean over windows that divide a sequence into the given number of cells, whatever its length.</summary>
/// <remarks>Shapes: x [N, C, L] → y [N, C, outputSize]; cell i of n covers elements ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉ − 1.</remarks>
/// <param name="outputSize">Cells of y.</param>
public sealed class AdaptiveAvgPool1d(int outputSize) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.AdaptiveAvgPool1d(outputSize);

    /// <inheritdoc/>
    public override string ToString() => $"AdaptiveAvgPool1d({outputSize})";
}

/// <summary>The largest value of windows that divide a sequence into the given number of cells, whatever its length.</summary>
/// <remarks>Shapes: x [N, C, L] → y [N, C, outputSize]; cell i of n covers elements ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉ − 1.</remarks>
/// <param name="outputSize">Cells of y.</param>
public sealed class AdaptiveMaxPool1d(int outputSize) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.AdaptiveMaxPool1d(outputSize);

    /// <inheritdoc/>
    public override string ToString() => $"AdaptiveMaxPool1d({outputSize})";
}
