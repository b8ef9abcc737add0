namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static IEnumerable<OpCase> Windows() =>
    [
        MaxPool("MaxPool2d", n => [new([2, 3, 4, n + 1])], x => x.MaxPool2d(2)),
        MaxPool("MaxPool2dOverlapping", n => [new([2, 2, 5, n + 2])], x => x.MaxPool2d(3, 2, 1)),
        MaxPool("MaxPool2dDense", n => [new([1, 2, 4, n + 2])], x => x.MaxPool2d(3, 1, 1)),
        MaxPool("MaxPool2dUneven", n => [new([1, 2, 6, n + 4])], x => x.MaxPool2d((2, 3), (1, 2), dilation: (2, 1))),
        new OpCase("AvgPool2d", n => [new([2, 3, 4, n + 1])], x => x[0].AvgPool2d(2)).Small(),
        new OpCase("AvgPool2dPadded", n => [new([2, 2, 5, n + 2])], x => x[0].AvgPool2d(3, 2, 1)).Small(),
        new OpCase("AvgPool2dInsideOnly", n => [new([2, 2, 5, n + 2])], x => x[0].AvgPool2d(3, 2, 1, countIncludePad: false)).Small(),
        new OpCase("AdaptiveAvgPool2dToOne", n => [new([2, 3, 4, n])], x => x[0].AdaptiveAvgPool2d(1)).Small(),
        new OpCase("AdaptiveAvgPool2dUneven", n => [new([2, 3, 5, n + 3])], x => x[0].AdaptiveAvgPool2d((2, 3))).Small(),
        Maxima("MaxPool1d", n => [new([2, 2, n + 2])], x => x.MaxPool1d(3, 2, 1, ceilMode: true)),
        Maxima("MaxPool3d", n => [new([1, 2, 3, 3, n + 1])], x => x.MaxPool3d(2, 1)),
        Maxima("MaxPoolWithIndices", n => [new([2, 2, n + 4])], x => x.MaxPool1dWithIndices(2).Values.Unsqueeze(2).MaxPool2dWithIndices((1, 2)).Values.Unsqueeze(2).MaxPool3dWithIndices(1).Values),
        Maxima("MaxUnpool", n => [new([2, 1, 4, n + 3])], x =>
        {
            (Tensor values, Tensor indices) = x.MaxPool2dWithIndices((2, 3), 1);
            return values.MaxUnpool2d(indices, (2, 3), 1);
        }),
        Maxima("MaxUnpool1d", n => [new([2, 1, n + 3])], x => x.MaxUnpool1d(x.MaxPool1dWithIndices(1).Indices, 1).Unsqueeze(2).Unsqueeze(2).MaxUnpool3d(x.MaxPool1dWithIndices(1).Indices.Unsqueeze(2).Unsqueeze(2), 1)),
        Spatial("AvgPool1d", n => [new([2, 2, n + 2])], x => x[0].AvgPool1d(3, 2, 1, ceilMode: true)),
        Spatial("AvgPool3d", n => [new([1, 2, 3, 4, n + 2])], x => x[0].AvgPool3d((2, 3, 2), (1, 2, 1), (1, 1, 0), countIncludePad: false)),
        Spatial("AvgPool3dDivisor", n => [new([1, 2, 3, 4, n + 2])], x => x[0].AvgPool3d(2, divisorOverride: 3)),
        Spatial("LpPool", n => [new([1, 2, 4, n + 3], 0.1, 2)], x => x[0].LpPool2d(2, 2, 1).Flatten(2).LpPool1d(3, 2)),
        Spatial("AdaptiveAvgPool1d", n => [new([2, 2, n + 3])], x => x[0].AdaptiveAvgPool1d(3)),
        Spatial("AdaptiveAvgPool3d", n => [new([1, 2, 3, 2, n + 3])], x => x[0].AdaptiveAvgPool3d((2, 2, 3))),
        Maxima("AdaptiveMaxPool1d", n => [new([2, 2, n + 3])], x => x.AdaptiveMaxPool1d(3)),
        Maxima("AdaptiveMaxPool2d", n => [new([1, 2, 3, n + 3])], x => x.AdaptiveMaxPool2d((2, 3))),
        Maxima("AdaptiveMaxPool3d", n => [new([1, 2, 3, 2, n + 2])], x => x.AdaptiveMaxPool3d((2, 1, 2))),
        Spatial("Windows", n => [new([2, n + 4, 2])], x => x[0].Windows(1, 3, 2, 2)),
        Spatial("Unfold", n => [new([2, 2, 3, n + 1])], x => x[0].Unfold((2, 2), 1, (1, 0), (2, 1))),
        Spatial("Fold", n => [new([2, 4, 2 * (n + 1)])], x => x[0].Fold((2, (x[0].Shape[2] / 2) + 1), (1, 2))),
        Spatial("PixelShuffle", n => [new([2, 8, 2, n])], x => x[0].PixelShuffle(2)),
        Spatial("PixelUnshuffle", n => [new([2, 1, 2, 2 * n])], x => x[0].PixelUnshuffle(2).ChannelShuffle(2)),
        Spatial("PadReflect", n => [new([2, 3, n + 2])], x => x[0].Pad([(1, 2), (2, 1)], mode: PaddingMode.Reflect)),
        Spatial("PadReplicate", n => [new([2, 3, n])], x => x[0].Pad([(1, 2), (0, 3)], mode: PaddingMode.Replicate)),
        Spatial("PadReplicateFar", n => [new([2, n])], x => x[0].Pad([(17, 16)], mode: PaddingMode.Replicate)),
        Spatial("PadCircular", n => [new([2, 2, n + 1])], x => x[0].Pad([(2, 1)], mode: PaddingMode.Circular)),
        Spatial("PadNegative", n => [new([3, n + 2])], x => x[0].Pad([(-1, 2), (1, -2)], 0.5)),
        Spatial("InterpolateNearest", n => [new([2, 2, 3, n])], x => x[0].Interpolate([5, 7])),
        Spatial("InterpolateWhole", n => [new([2, 2, 3, n])], x => x[0].Interpolate(scaleFactor: 2)),
        Spatial("InterpolateLinear", n => [new([2, 2, n + 1])], x => x[0].Interpolate(4, InterpolationMode.Linear)),
        Spatial("InterpolateBilinear", n => [new([1, 2, 3, n])], x => x[0].Interpolate([1.5, 2.5], InterpolationMode.Bilinear)),
        Spatial("InterpolateBicubic", n => [new([1, 2, 3, n + 1])], x => x[0].Interpolate([5, 4], InterpolationMode.Bicubic, alignCorners: true)),
        Spatial("InterpolateAntialiased", n => [new([1, 2, 5, n + 1])], x => x[0].Interpolate([2, 3], InterpolationMode.Bilinear, antialias: true)),
        Spatial("GridSample", n => [new([1, 2, 3, 3]), new([1, 2, n, 2], -1.3, 1.3)], x => x[0].GridSample(x[1])),
        Spatial("GridSampleBicubic", n => [new([1, 2, 3, 4]), new([1, 1, n, 2], -1.3, 1.3)], x => x[0].GridSample(x[1], InterpolationMode.Bicubic, GridPadding.Reflection, alignCorners: true)) with { TwiceDifferentiable = false },
        Spatial("AffineGrid", n => [new([n, 2, 3])], x => x[0].AffineGrid([x[0].Shape[0], 1, 2, 3])),
    ];

    /// <summary>Compositions of operations that have rows of their own: few sizes.</summary>
    private static OpCase Spatial(string name, Func<int, OpInput[]> inputs, Func<Tensor[], Tensor> run) => new(name, inputs, run) { Sizes = [1, 5], GradientSizes = [2], Tolerance = 5e-5, IsComposed = true };

    private static OpCase MaxPool(string name, Func<int, OpInput[]> inputs, Func<Tensor, Tensor> run) =>
        new OpCase(name, inputs, x => run(x[0])) { NeedsDistinct = true }.Small();

    private static OpCase Maxima(string name, Func<int, OpInput[]> inputs, Func<Tensor, Tensor> run) => Spatial(name, inputs, x => run(x[0])) with { NeedsDistinct = true };
}
