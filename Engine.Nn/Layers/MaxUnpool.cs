namespace Engine.Nn;

/// <summary>Maxima of sequences back at their places and 0 elsewhere: the partial inverse of max pooling with indices.</summary>
/// <inheritdoc cref="MaxUnpool2d" path="/*[not(self::summary) and not(self::param)]"/>
/// <param name="kernelSize">Size of the window.</param>
/// <param name="stride">Its step; the window's size if left out.</param>
/// <param name="padding">Cells on each side.</param>
public sealed class MaxUnpool1d(int kernelSize, int? stride = null, int padding = 0) : Module
{
    /// <summary>[N, C, P] → [N, C, L].</summary>
    /// <param name="x">The maxima.</param>
    /// <param name="indices">Their places, from <see cref="Tensor.MaxPool1dWithIndices"/>.</param>
    /// <param name="outputSize">L, which pooling does not tell; (P − 1)·stride − 2·padding + kernelSize if left out.</param>
    /// <exception cref="ShapeMismatchException">Shapes of values and indices differ, or the output size is not within one stride of the usual one.</exception>
    public Tensor Forward(Tensor x, Tensor indices, int? outputSize = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.MaxUnpool1d(indices, kernelSize, stride, padding, outputSize);
    }

    /// <inheritdoc/>
    public override string ToString() => $"MaxUnpool1d({kernelSize})";
}

/// <summary>Maxima of images back at their places and 0 elsewhere: the partial inverse of max pooling with indices.</summary>
/// <remarks>
/// The places come from the pooling itself: instead of a layer with <c>return_indices=True</c>, call <c>x.MaxPool2dWithIndices(2)</c> in the model.
/// </remarks>
/// <example><code>
/// (Tensor pooled, Tensor places) = x.MaxPool2dWithIndices(2);
/// Tensor back = new MaxUnpool2d(2).Forward(pooled, places);
/// </code></example>
/// <param name="kernelSize">Size of the window, one number or (height, width).</param>
/// <param name="stride">Its step; the window's size if left out.</param>
/// <param name="padding">Cells on each side; none if left out.</param>
public sealed class MaxUnpool2d(Size2 kernelSize, Size2? stride = null, Size2? padding = null) : Module
{
    /// <summary>[N, C, P, Q] → [N, C, H, W].</summary>
    /// <param name="x">The maxima.</param>
    /// <param name="indices">Their places, from <see cref="Tensor.MaxPool2dWithIndices"/>.</param>
    /// <param name="outputSize">H and W, which pooling does not tell; (P − 1)·stride − 2·padding + kernelSize if left out.</param>
    /// <exception cref="ShapeMismatchException">Shapes of values and indices differ, or the output size is not within one stride of the usual one.</exception>
    public Tensor Forward(Tensor x, Tensor indices, Size2? outputSize = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.MaxUnpool2d(indices, kernelSize, stride, padding, outputSize);
    }

    /// <inheritdoc/>
    public override string ToString() => $"MaxUnpool2d({kernelSize.Height}×{kernelSize.Width})";
}

/// <summary>Maxima of volumes back at their places and 0 elsewhere: the partial inverse of max pooling with indices.</summary>
/// <inheritdoc cref="MaxUnpool2d" path="/*[not(self::summary) and not(self::param)]"/>
/// <param name="kernelSize">Size of the window, one number or (depth, height, width).</param>
/// <param name="stride">Its step; the window's size if left out.</param>
/// <param name="padding">Cells on each side; none if left out.</param>
public sealed class MaxUnpool3d(Size3 kernelSize, Size3? stride = null, Size3? padding = null) : Module
{
    /// <summary>[N, C, E, P, Q] → [N, C, D, H, W].</summary>
    /// <param name="x">The maxima.</param>
    /// <param name="indices">Their places, from <see cref="Tensor.MaxPool3dWithIndices"/>.</param>
    /// <param name="outputSize">D, H and W, which pooling does not tell; (P − 1)·stride − 2·padding + kernelSize if left out.</param>
    /// <exception cref="ShapeMismatchException">Shapes of values and indices differ, or the output size is not within one stride of the usual one.</exception>
    public Tensor Forward(Tensor x, Tensor indices, Size3? outputSize = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.MaxUnpool3d(indices, kernelSize, stride, padding, outputSize);
    }

    /// <inheritdoc/>
    public override string ToString() => $"MaxUnpool3d({kernelSize.Depth}×{kernelSize.Height}×{kernelSize.Width})";
}
