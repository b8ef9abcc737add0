namespace Engine;

/// <summary>Maxima with their places, and the way back.</summary>
public sealed partial class Tensor
{
    /// <summary><see cref="MaxPool1d"/> and the place of each maximum: int64, 0 to L − 1.</summary>
    /// <inheritdoc cref="MaxPool1d"/>
    public (Tensor Values, Tensor Indices) MaxPool1dWithIndices(int kernelSize, int? stride = null, int padding = 0, int dilation = 1, bool ceilMode = false)
    {
        const string Op = nameof(MaxPool1dWithIndices);
        Guard.Rank(Op, this, 3, "[N, C, L]", "x");
        (Tensor values, Tensor indices) = UnpoolOps.Max(Op, Unsqueeze(2), (1, kernelSize), (1, stride ?? kernelSize), (0, padding), (1, dilation), ceilMode);
        return (values.Squeeze(2), indices.Squeeze(2).To(DType.Int64));
    }

    /// <summary><see cref="MaxPool2d"/> and the place of each maximum in its plane: int64, row·W + column.</summary>
    /// <inheritdoc cref="MaxPool2d"/>
    public (Tensor Values, Tensor Indices) MaxPool2dWithIndices(
        Size2 kernelSize, Size2? stride = null, Size2? padding = null, Size2? dilation = null, bool ceilMode = false)
    {
        const string Op = nameof(MaxPool2dWithIndices);
        Guard.Rank(Op, this, 4, "[N, C, H, W]", "x");
        (Tensor values, Tensor indices) = UnpoolOps.Max(Op, this, kernelSize, stride, padding, dilation, ceilMode);
        return (values, indices.To(DType.Int64));
    }

    /// <summary><see cref="MaxPool3d"/> and the place of each maximum in its volume: int64, (depth·H + row)·W + column.</summary>
    /// <inheritdoc cref="MaxPool3d"/>
    public (Tensor Values, Tensor Indices) MaxPool3dWithIndices(
        Size3 kernelSize, Size3? stride = null, Size3? padding = null, Size3? dilation = null, bool ceilMode = false)
    {
        const string Op = nameof(MaxPool3dWithIndices);
        Guard.Rank(Op, this, 5, "[N, C, D, H, W]", "x");
        Size3 step = stride ?? kernelSize, pad = padding ?? 0, gap = dilation ?? 1;
        (Tensor planes, Tensor inPlane) = UnpoolOps.Max(Op, PoolAxes.Planes(this), kernelSize.Plane, step.Plane, pad.Plane, gap.Plane, ceilMode);
        (Tensor y, Tensor chosen) = UnpoolOps.Max(Op, PoolAxes.Depths(this, planes), (kernelSize.Depth, 1), (step.Depth, 1), (pad.Depth, 0), (gap.Depth, 1), ceilMode);
        Shape shape = [Shape[0], Shape[1], y.Shape[2], planes.Shape[2], planes.Shape[3]];
        if (shape.ElementCount == 0)
        {
            return (y.ReshapeOrSelf(shape: shape), Zeros(shape, DType.Int64, Device));
        }

        // Of each maximum: which plane it was chosen from, and where it lies there.
        Tensor flat = chosen.To(DType.Int64).FlattenOrSelf(2), place = PoolAxes.Depths(this, inPlane).To(DType.Int64).FlattenOrSelf(2);
        Tensor cells = flat.FloorDiv(Scalar((long)planes.Shape[2] * planes.Shape[3], DType.Int64, Device)) * ((long)Shape[3] * Shape[4]);
        return (y.ReshapeOrSelf(shape: shape), (cells + place.Gather(2, flat)).ReshapeOrSelf(shape: shape));
    }

    /// <summary>Maxima back at their places and 0 elsewhere: the partial inverse of <see cref="MaxPool1dWithIndices"/>, [N, C, P] → [N, C, L].</summary>
    /// <inheritdoc cref="MaxUnpool2d"/>
    public Tensor MaxUnpool1d(Tensor indices, int kernelSize, int? stride = null, int padding = 0, int? outputSize = null)
    {
        ArgumentNullException.ThrowIfNull(indices);
        Guard.Rank(nameof(MaxUnpool1d), this, 3, "[N, C, P]", "x");
        return this.Unpool(nameof(MaxUnpool1d), indices, [kernelSize], [stride ?? kernelSize], [padding], outputSize is { } size ? [size] : []);
    }

    /// <summary>Maxima back at their places and 0 elsewhere: the partial inverse of <see cref="MaxPool2dWithIndices"/>, [N, C, P, Q] → [N, C, H, W].</summary>
    /// <param name="indices">The places, int64 or int32, of this tensor's shape.</param>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Its step; the window's size if left out.</param>
    /// <param name="padding">On each side.</param>
    /// <param name="outputSize">The size of the result, which pooling does not tell; (P − 1)·stride − 2·padding + kernelSize if left out.</param>
    /// <remarks>Where windows overlap, a place that was the maximum of several gets the mean of their values: one and the same number if these are the maxima.</remarks>
    /// <exception cref="ShapeMismatchException">Shapes of values and indices differ, or the output size is not within one stride of the usual one.</exception>
    public Tensor MaxUnpool2d(Tensor indices, Size2 kernelSize, Size2? stride = null, Size2? padding = null, Size2? outputSize = null)
    {
        ArgumentNullException.ThrowIfNull(indices);
        Guard.Rank(nameof(MaxUnpool2d), this, 4, "[N, C, P, Q]", "x");
        (Size2 step, Size2 pad) = (stride ?? kernelSize, padding ?? 0);
        return this.Unpool(
            nameof(MaxUnpool2d), indices, [kernelSize.Height, kernelSize.Width], [step.Height, step.Width], [pad.Height, pad.Width], outputSize is { } size ? [size.Height, size.Width] : []);
    }

    /// <summary>Maxima back at their places and 0 elsewhere: the partial inverse of <see cref="MaxPool3dWithIndices"/>, [N, C, E, P, Q] → [N, C, D, H, W].</summary>
    /// <inheritdoc cref="MaxUnpool2d"/>
    public Tensor MaxUnpool3d(Tensor indices, Size3 kernelSize, Size3? stride = null, Size3? padding = null, Size3? outputSize = null)
    {
        ArgumentNullException.ThrowIfNull(indices);
        Guard.Rank(nameof(MaxUnpool3d), this, 5, "[N, C, E, P, Q]", "x");
        (Size3 step, Size3 pad) = (stride ?? kernelSize, padding ?? 0);
        return this.Unpool(
            nameof(MaxUnpool3d),
            indices,
            [kernelSize.Depth, kernelSize.Height, kernelSize.Width],
            [step.Depth, step.Height, step.Width],
            [pad.Depth, pad.Height, pad.Width],
            outputSize is { } size ? [size.Depth, size.Height, size.Width] : []);
    }
}

file static class UnpoolOps
{
    public static (Tensor Values, Tensor Indices) Max(string op, Tensor x, Size2 kernelSize, Size2? stride, Size2? padding, Size2? dilation, bool ceilMode)
    {
        (PoolGeometry geometry, Shape shape) = x.CheckPool(op, kernelSize, stride ?? kernelSize, padding ?? 0, dilation ?? 1, true, ceilMode);
        Tensor y = PoolingOps.MaxPoolForward(geometry, x, shape, withIndices: true, out Tensor? indices);
        return (y, indices!);
    }

    public static Tensor Unpool(this Tensor x, string op, Tensor indices, ReadOnlySpan<int> kernelSize, ReadOnlySpan<int> stride, ReadOnlySpan<int> padding, ReadOnlySpan<int> given)
    {
        Guard.FloatingPoint(op, x, "x");
        Guard.Index(op, indices);
        if (indices.Shape != x.Shape)
        {
            throw new ShapeMismatchException($"{op}: x is {x.Shape}, indices are {indices.Shape}; they must be equal.");
        }

        bool overlaps = false;
        long cells = 1;
        Span<int> sizes = stackalloc int[x.Rank];
        x.Shape.AsSpan().CopyTo(sizes);
        for (int i = 0; i < kernelSize.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kernelSize[i], nameof(kernelSize));
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stride[i], nameof(stride));
            ArgumentOutOfRangeException.ThrowIfNegative(padding[i], nameof(padding));
            long usual = ((x.Shape[2 + i] - 1L) * stride[i]) - (2L * padding[i]) + kernelSize[i], size = given.IsEmpty ? usual : given[i];
            if (size <= usual - stride[i] || size >= usual + stride[i] || size <= 0)
            {
                throw new ShapeMismatchException($"{op}: x is {x.Shape}; its axis {2 + i} can come from {Math.Max(1, usual - stride[i] + 1)} to {usual + stride[i] - 1} elements, not from {size}.");
            }

            overlaps |= stride[i] < kernelSize[i];
            sizes[2 + i] = Guard.Size(op, size);
            cells = Guard.Size(op, cells * size);
        }

        Shape planes = [x.Shape[0], x.Shape[1], (int)cells];
        Tensor at = indices.FlattenOrSelf(2), values = x.FlattenOrSelf(2), zeros = Tensor.Zeros(planes, x.DType, x.Device);
        Guard.IndexRange(op, at, (int)cells, name: nameof(indices));
        Tensor y = zeros.ScatterAdd(2, at, values);
        if (overlaps)
        {
            y /= zeros.ScatterAdd(2, at, values.OnesLike()).Clamp(min: 1);
        }

        return y.ReshapeOrSelf(shape: new Shape(sizes));
    }
}
