namespace Engine;

/// <summary>Pooling along one axis and along three. Windows of three axes are those of planes, and then of depths: maxima and sums do not mind.</summary>
public sealed partial class Tensor
{
    /// <summary><see cref="MaxPool2d"/> along one axis: [N, C, L] → [N, C, P].</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="padding">On each side, at most half the window.</param>
    /// <param name="dilation">Distance between the elements of a window.</param>
    /// <param name="ceilMode">Whether a window that leaves the padded axis at the far side counts too.</param>
    public Tensor MaxPool1d(int kernelSize, int? stride = null, int padding = 0, int dilation = 1, bool ceilMode = false)
    {
        const string Op = nameof(MaxPool1d);
        Guard.Rank(Op, this, 3, "[N, C, L]", "x");
        return PoolingOps.Max(Op, Unsqueeze(2), (1, kernelSize), (1, stride ?? kernelSize), (0, padding), (1, dilation), ceilMode).Squeeze(2);
    }

    /// <summary><see cref="AvgPool2d"/> along one axis: [N, C, L] → [N, C, P].</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="padding">Zeros on each side, at most half the window.</param>
    /// <param name="countIncludePad">Whether zeros of the padding count as elements.</param>
    /// <param name="ceilMode">Whether a window that leaves the padded axis at the far side counts too; elements beyond the padding never count.</param>
    public Tensor AvgPool1d(int kernelSize, int? stride = null, int padding = 0, bool countIncludePad = true, bool ceilMode = false)
    {
        const string Op = nameof(AvgPool1d);
        Guard.Rank(Op, this, 3, "[N, C, L]", "x");
        return PoolingOps.Average(Op, Unsqueeze(2), (1, kernelSize), (1, stride ?? kernelSize), (0, padding), countIncludePad, ceilMode, null).Squeeze(2);
    }

    /// <summary><see cref="MaxPool2d"/> along three axes: [N, C, D, H, W] → [N, C, E, P, Q].</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="padding">On each side, at most half the window.</param>
    /// <param name="dilation">Distance between the cells of a window.</param>
    /// <param name="ceilMode">Whether a window that leaves the padded volume at the far side counts too.</param>
    public Tensor MaxPool3d(Size3 kernelSize, Size3? stride = null, Size3? padding = null, Size3? dilation = null, bool ceilMode = false)
    {
        const string Op = nameof(MaxPool3d);
        Guard.Rank(Op, this, 5, "[N, C, D, H, W]", "x");
        Size3 step = stride ?? kernelSize, pad = padding ?? 0, gap = dilation ?? 1;
        Tensor planes = PoolingOps.Max(Op, PoolAxes.Planes(this), kernelSize.Plane, step.Plane, pad.Plane, gap.Plane, ceilMode);
        Tensor depths = PoolAxes.Depths(this, planes);
        Tensor y = PoolingOps.Max(Op, depths, (kernelSize.Depth, 1), (step.Depth, 1), (pad.Depth, 0), (gap.Depth, 1), ceilMode);
        return y.ReshapeOrSelf(Shape[0], Shape[1], y.Shape[2], planes.Shape[2], planes.Shape[3]);
    }

    /// <summary><see cref="AvgPool2d"/> along three axes: [N, C, D, H, W] → [N, C, E, P, Q].</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="padding">Zeros on each side, at most half the window.</param>
    /// <param name="countIncludePad">Whether zeros of the padding count as cells.</param>
    /// <param name="ceilMode">Whether a window that leaves the padded volume at the far side counts too; cells beyond the padding never count.</param>
    /// <param name="divisorOverride">What sums are divided by, instead of the number of cells.</param>
    public Tensor AvgPool3d(
        Size3 kernelSize, Size3? stride = null, Size3? padding = null, bool countIncludePad = true, bool ceilMode = false, int? divisorOverride = null)
    {
        const string Op = nameof(AvgPool3d);
        Guard.FloatingPoint(Op, this, "x");
        Guard.Rank(Op, this, 5, "[N, C, D, H, W]", "x");
        Size3 step = stride ?? kernelSize, pad = padding ?? 0;
        // With a divisor of their own the two steps sum, so that cells are counted nowhere. Half precision is rounded once.
        int? sum = divisorOverride is null ? null : 1;
        Tensor x = ToOrSelf(DType.ComputeType());
        Tensor planes = PoolingOps.Average(Op, PoolAxes.Planes(x), kernelSize.Plane, step.Plane, pad.Plane, countIncludePad, ceilMode, sum);
        Tensor y = PoolingOps.Average(Op, PoolAxes.Depths(x, planes), (kernelSize.Depth, 1), (step.Depth, 1), (pad.Depth, 0), countIncludePad, ceilMode, divisorOverride);
        return y.ReshapeOrSelf(Shape[0], Shape[1], y.Shape[2], planes.Shape[2], planes.Shape[3]).ToOrSelf(DType);
    }

    /// <summary>The p-norm of each window, (Σ xᵖ)^(1/p): [N, C, L] → [N, C, P].</summary>
    /// <param name="normType">The power; 1 gives sums, a large one nearly maxima.</param>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="ceilMode">Whether a window that leaves the axis counts too; its sum is scaled to a full window, as in PyTorch.</param>
    /// <remarks>As in PyTorch there is no absolute value: a negative sum of odd powers gives NaN. The gradient where a sum is 0 is not defined.</remarks>
    public Tensor LpPool1d(double normType, int kernelSize, int? stride = null, bool ceilMode = false) =>
        (Pow(PoolAxes.Power(nameof(LpPool1d), normType)).AvgPool1d(kernelSize, stride, ceilMode: ceilMode) * kernelSize).Pow(1 / normType);

    /// <summary>The p-norm of each window, (Σ xᵖ)^(1/p): [N, C, H, W] → [N, C, P, Q].</summary>
    /// <param name="normType">The power; 1 gives sums, a large one nearly maxima.</param>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step; the window's size if left out.</param>
    /// <param name="ceilMode">Whether a window that leaves the image counts too; its sum is scaled to a full window, as in PyTorch.</param>
    /// <remarks>As in PyTorch there is no absolute value: a negative sum of odd powers gives NaN. The gradient where a sum is 0 is not defined.</remarks>
    public Tensor LpPool2d(double normType, Size2 kernelSize, Size2? stride = null, bool ceilMode = false) =>
        (Pow(PoolAxes.Power(nameof(LpPool2d), normType)).AvgPool2d(kernelSize, stride, ceilMode: ceilMode) * ((double)kernelSize.Height * kernelSize.Width)).Pow(1 / normType);
}

/// <summary>Volumes as planes and as depths.</summary>
internal static class PoolAxes
{
    /// <summary>[N, C, D, H, W] → [N, C·D, H, W].</summary>
    public static Tensor Planes(Tensor x) => x.ReshapeOrSelf(x.Shape[0], Guard.Size("Reshape", (long)x.Shape[1] * x.Shape[2]), x.Shape[3], x.Shape[4]);

    /// <summary>What became of planes, [N, C·D, P, Q] → [N, C, D, P·Q].</summary>
    public static Tensor Depths(Tensor x, Tensor planes) => planes.ReshapeOrSelf(x.Shape[0], x.Shape[1], x.Shape[2], Guard.Size("Reshape", (long)planes.Shape[2] * planes.Shape[3]));

    public static double Power(string op, double normType) =>
        normType > 0 && double.IsFinite(normType) ? normType : throw new ArgumentOutOfRangeException(nameof(normType), normType, $"{op}: the power must be positive and finite. For the largest value use MaxPool.");
}
