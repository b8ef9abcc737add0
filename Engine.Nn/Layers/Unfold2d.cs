namespace Engine.Nn;

/// <summary>The windows of images as columns (<see cref="Tensor.Unfold"/>).</summary>
/// <remarks>Shapes: x [N, C, H, W] → [N, C·R·S, P·Q]. PyTorch's <c>nn.Unfold</c>.</remarks>
/// <param name="kernelSize">Size of the window.</param>
/// <param name="dilation">Distance between the cells of a window; 1 if left out.</param>
/// <param name="padding">Zeros on each side; none if left out.</param>
/// <param name="stride">Step of the window; 1 if left out.</param>
public sealed class Unfold2d(Size2 kernelSize, Size2? dilation = null, Size2? padding = null, Size2? stride = null) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Unfold(kernelSize, dilation, padding, stride);

    /// <inheritdoc/>
    public override string ToString() => $"Unfold2d({kernelSize.Height}×{kernelSize.Width})";
}

/// <summary>Columns added up at their windows (<see cref="Tensor.Fold"/>).</summary>
/// <remarks>Shapes: x [N, C·R·S, P·Q] → [N, C, H, W]. PyTorch's <c>nn.Fold</c>; <see cref="Fold"/> is a part of a data set here.</remarks>
/// <param name="outputSize">(H, W).</param>
/// <param name="kernelSize">Size of the window.</param>
/// <param name="dilation">Distance between the cells of a window; 1 if left out.</param>
/// <param name="padding">Cells on each side that are left out; none if left out.</param>
/// <param name="stride">Step of the window; 1 if left out.</param>
public sealed class Fold2d(Size2 outputSize, Size2 kernelSize, Size2? dilation = null, Size2? padding = null, Size2? stride = null) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Fold(outputSize, kernelSize, dilation, padding, stride);

    /// <inheritdoc/>
    public override string ToString() => $"Fold2d({outputSize.Height}×{outputSize.Width}, {kernelSize.Height}×{kernelSize.Width})";
}
