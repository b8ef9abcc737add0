using Engine.Nn;

namespace Engine.Tests.RollCall;

/// <summary>Rows of layers over sequences, images and volumes.</summary>
internal static class SpatialLayerCases
{
    public static IReadOnlyList<LayerCase> All { get; } = [.. Convolutions(), .. Pools(), .. Borders(), .. Sizes(), .. Norms()];

    private static LayerCase[] Convolutions() =>
    [
        new("Conv1d, same", [2, 2, 4], static () => new Conv1d(2, 2, 4, padding: Padding.Same), static (p, x) => PlainSpatial.Conv(PlainSpatial.Pad(x, [(1, 2)], PlainSpatial.Zero), p[0], p[1])),
        new("Conv2d, reflected", [1, 2, 3, 4], static () => new Conv2d(2, 2, 3, padding: (1, 2), paddingMode: PaddingMode.Reflect), static (p, x) =>
            PlainSpatial.Conv(PlainSpatial.Pad(x, [(1, 1), (2, 2)], PlainSpatial.Reflect), p[0], p[1])),
        new("Conv1d, circular", [1, 2, 5], static () => new Conv1d(2, 1, 2, padding: Padding.Same, paddingMode: PaddingMode.Circular), static (p, x) =>
            PlainSpatial.Conv(PlainSpatial.Pad(x, [(0, 1)], PlainSpatial.Circular), p[0], p[1])),
        new("Conv3d", [1, 4, 3, 2, 3], static () => new Conv3d(4, 2, 2, stride: 2, padding: 1, groups: 2), static (p, x) => PlainSpatial.Conv(x, p[0], p[1], 2, 1)),
        new("Conv3d, replicated", [1, 1, 3, 2, 2], static () => new Conv3d(1, 2, (2, 1, 3), padding: Padding.Same, paddingMode: PaddingMode.Replicate), static (p, x) =>
            PlainSpatial.Conv(PlainSpatial.Pad(x, [(0, 1), (0, 0), (1, 1)], PlainSpatial.Replicate), p[0], p[1])),
        new("ConvTranspose1d", [2, 2, 3], static () => new ConvTranspose1d(2, 3, 3, stride: 2, padding: 1), static (p, x) => PlainSpatial.ConvTranspose(x, p[0], p[1], 2, 1)),
        new("ConvTranspose3d", [1, 2, 2, 2, 1], static () => new ConvTranspose3d(2, 1, (2, 3, 2), stride: 2, padding: 0), static (p, x) => PlainSpatial.ConvTranspose(x, p[0], p[1], 2)),
    ];

    private static LayerCase[] Pools() =>
    [
        new("MaxPool1d", [2, 2, 6], static () => new MaxPool1d(3), static (_, x) => PlainSpatial.Pool(x, 3, Enumerable.Max)),
        new("AvgPool1d", [2, 2, 6], static () => new AvgPool1d(3), static (_, x) => PlainSpatial.Pool(x, 3, Enumerable.Average)),
        new("LpPool1d", [1, 2, 6], static () => new LpPool1d(2, 3), static (_, x) => PlainSpatial.Pool(x, 3, static v => Math.Sqrt(v.Sum(static e => e * e)))),
        new("LpPool2d", [1, 2, 4, 2], static () => new LpPool2d(2, 2), static (_, x) => PlainSpatial.Pool(x, 2, static v => Math.Sqrt(v.Sum(static e => e * e)))),
        new("MaxPool3d", [1, 2, 4, 2, 2], static () => new MaxPool3d(2), static (_, x) => PlainSpatial.Pool(x, 2, Enumerable.Max)),
        new("AvgPool3d", [1, 2, 4, 2, 2], static () => new AvgPool3d(2), static (_, x) => PlainSpatial.Pool(x, 2, Enumerable.Average)),
        new("AvgPool2d, divisor", [1, 2, 4, 2], static () => new AvgPool2d(2, divisorOverride: 3), static (_, x) => PlainSpatial.Pool(x, 2, static v => v.Sum() / 3)),
        new("MaxPool2d, ceiling", [1, 1, 5, 4], static () => new MaxPool2d(2, ceilMode: true), static (_, x) => PlainSpatial.Pool(PlainSpatial.Pad(x, [(0, 1), (0, 0)], PlainSpatial.Zero, double.NegativeInfinity), 2, Enumerable.Max)),
        new("MaxUnpool1d", [2, 2, 6], static () => Unpooling(new MaxUnpool1d(2), static (m, x) => m.Forward(x.MaxPool1dWithIndices(2).Values, x.MaxPool1dWithIndices(2).Indices)), static (_, x) => Maxima(x)),
        new("MaxUnpool2d", [1, 2, 4, 2], static () => Unpooling(new MaxUnpool2d(2), static (m, x) => m.Forward(x.MaxPool2dWithIndices(2).Values, x.MaxPool2dWithIndices(2).Indices)), static (_, x) => Maxima(x)),
        new("MaxUnpool3d", [1, 1, 2, 4, 2], static () => Unpooling(new MaxUnpool3d(2), static (m, x) => m.Forward(x.MaxPool3dWithIndices(2).Values, x.MaxPool3dWithIndices(2).Indices)), static (_, x) => Maxima(x)),
        new("AdaptiveAvgPool1d", [2, 2, 5], static () => new AdaptiveAvgPool1d(3), static (_, x) => PlainSpatial.Adaptive(x, [3], Enumerable.Average)),
        new("AdaptiveAvgPool3d", [1, 2, 3, 4, 2], static () => new AdaptiveAvgPool3d((2, 3, 2)), static (_, x) => PlainSpatial.Adaptive(x, [2, 3, 2], Enumerable.Average)),
        new("AdaptiveMaxPool1d", [2, 2, 5], static () => new AdaptiveMaxPool1d(3), static (_, x) => PlainSpatial.Adaptive(x, [3], Enumerable.Max)),
        new("AdaptiveMaxPool2d", [1, 2, 3, 4], static () => new AdaptiveMaxPool2d((2, 3)), static (_, x) => PlainSpatial.Adaptive(x, [2, 3], Enumerable.Max)),
        new("AdaptiveMaxPool3d", [1, 2, 3, 4, 2], static () => new AdaptiveMaxPool3d((2, 3, 1)), static (_, x) => PlainSpatial.Adaptive(x, [2, 3, 1], Enumerable.Max)),
    ];

    private static Lambda Unpooling<T>(T module, Func<T, Tensor, Tensor> forward) => new(x => forward(module, x));

    /// <summary>The largest number of each window of 2 cells an axis where it is, and 0 elsewhere.</summary>
    private static Numbers Maxima(Numbers x) => PlainSpatial.Make(x.Shape, o =>
        PlainSpatial.Indices([.. x.Shape.Skip(2).Select(static _ => 2)]).Max(t => PlainSpatial.At(x, [o[0], o[1], .. t.Select((cell, i) => (o[i + 2] / 2 * 2) + cell)])) is var largest
        && PlainSpatial.At(x, o) == largest ? largest : 0);

    private static LayerCase[] Borders() =>
    [
        new("ConstantPad1d", [2, 3], static () => new ConstantPad1d(2, 1, 0.5), static (_, x) => PlainSpatial.Pad(x, [(2, 1)], PlainSpatial.Zero, 0.5)),
        new("ConstantPad2d", [1, 1, 2, 3], static () => new ConstantPad2d(1, 0.5), static (_, x) => PlainSpatial.Pad(x, [(1, 1), (1, 1)], PlainSpatial.Zero, 0.5)),
        new("ConstantPad3d", [1, 2, 2, 3], static () => new ConstantPad3d(1, 0, 2, 0, 0, 1, 0.5), static (_, x) => PlainSpatial.Pad(x, [(0, 1), (2, 0), (1, 0)], PlainSpatial.Zero, 0.5)),
        new("ZeroPad1d", [1, 2, 3], static () => new ZeroPad1d(1), static (_, x) => PlainSpatial.Pad(x, [(1, 1)], PlainSpatial.Zero)),
        new("ZeroPad2d", [1, 2, 3], static () => new ZeroPad2d(1, 0, 2, -1), static (_, x) => PlainSpatial.Pad(x, [(2, -1), (1, 0)], PlainSpatial.Zero)),
        new("ZeroPad3d", [1, 2, 1, 2], static () => new ZeroPad3d(1), static (_, x) => PlainSpatial.Pad(x, [(1, 1), (1, 1), (1, 1)], PlainSpatial.Zero)),
        new("ReflectionPad1d", [1, 2, 4], static () => new ReflectionPad1d(3, 2), static (_, x) => PlainSpatial.Pad(x, [(3, 2)], PlainSpatial.Reflect)),
        new("ReflectionPad2d", [1, 1, 3, 3], static () => new ReflectionPad2d(1, 2, 0, 1), static (_, x) => PlainSpatial.Pad(x, [(0, 1), (1, 2)], PlainSpatial.Reflect)),
        new("ReflectionPad3d", [1, 2, 2, 3], static () => new ReflectionPad3d(1), static (_, x) => PlainSpatial.Pad(x, [(1, 1), (1, 1), (1, 1)], PlainSpatial.Reflect)),
        new("ReplicationPad1d", [1, 2, 3], static () => new ReplicationPad1d(2), static (_, x) => PlainSpatial.Pad(x, [(2, 2)], PlainSpatial.Replicate)),
        new("ReplicationPad2d", [1, 2, 3], static () => new ReplicationPad2d(1, 2, 3, 0), static (_, x) => PlainSpatial.Pad(x, [(3, 0), (1, 2)], PlainSpatial.Replicate)),
        new("ReplicationPad3d", [1, 2, 1, 2], static () => new ReplicationPad3d(1), static (_, x) => PlainSpatial.Pad(x, [(1, 1), (1, 1), (1, 1)], PlainSpatial.Replicate)),
        new("CircularPad1d", [1, 2, 3], static () => new CircularPad1d(3, 1), static (_, x) => PlainSpatial.Pad(x, [(3, 1)], PlainSpatial.Circular)),
        new("CircularPad2d", [1, 2, 3], static () => new CircularPad2d(1), static (_, x) => PlainSpatial.Pad(x, [(1, 1), (1, 1)], PlainSpatial.Circular)),
        new("CircularPad3d", [1, 2, 1, 2], static () => new CircularPad3d(1, 0, 0, 1, 2, 0), static (_, x) => PlainSpatial.Pad(x, [(2, 0), (0, 1), (1, 0)], PlainSpatial.Circular)),
    ];

    private static LayerCase[] Sizes() =>
    [
        new("Upsample", [1, 2, 2, 3], static () => new Upsample(scaleFactor: 2), static (_, x) => PlainSpatial.Make([1, 2, 4, 6], o => PlainSpatial.At(x, o[0], o[1], o[2] / 2, o[3] / 2))),
        new("Upsample, linear", [1, 2, 3], static () => new Upsample([5], InterpolationMode.Linear, alignCorners: true), static (_, x) => PlainSpatial.Make([1, 2, 5], o =>
            (PlainSpatial.At(x, o[0], o[1], o[2] / 2) + PlainSpatial.At(x, o[0], o[1], (o[2] + 1) / 2)) / 2)),
        new("PixelShuffle", [1, 4, 2, 2], static () => new PixelShuffle(2), static (_, x) => PlainSpatial.Make([1, 1, 4, 4], o => PlainSpatial.At(x, o[0], (o[2] % 2 * 2) + (o[3] % 2), o[2] / 2, o[3] / 2))),
        new("PixelUnshuffle", [1, 1, 4, 2], static () => new PixelUnshuffle(2), static (_, x) => PlainSpatial.Make([1, 4, 2, 1], o => PlainSpatial.At(x, o[0], 0, (o[2] * 2) + (o[1] / 2), (o[3] * 2) + (o[1] % 2)))),
        new("ChannelShuffle", [1, 6, 2], static () => new ChannelShuffle(2), static (_, x) => PlainSpatial.Make([1, 6, 2], o => PlainSpatial.At(x, o[0], (o[1] % 2 * 3) + (o[1] / 2), o[2]))),
        new("Unfold2d", [1, 2, 3, 3], static () => new Unfold2d(2), static (_, x) => PlainSpatial.Make([1, 8, 4], o => PlainSpatial.At(x, 0, o[1] / 4, (o[2] / 2) + (o[1] / 2 % 2), (o[2] % 2) + (o[1] % 2)))),
        new("Fold2d", [1, 4, 4], static () => new Fold2d(3, 2), static (_, x) => PlainSpatial.Make([1, 1, 3, 3], o => PlainSpatial.Indices([2, 2]).Sum(t =>
            o[2] - t[0] is >= 0 and < 2 && o[3] - t[1] is >= 0 and < 2 ? PlainSpatial.At(x, 0, (t[0] * 2) + t[1], ((o[2] - t[0]) * 2) + o[3] - t[1]) : 0))),
    ];

    private static LayerCase[] Norms() =>
    [
        new("BatchNorm3d", [2, 2, 2, 1, 2], static () => new BatchNorm3d(2), static (p, x) => Plain.BatchNorm(x, p[0], p[1])),
        new("InstanceNorm1d", [2, 2, 4], static () => new InstanceNorm1d(2), static (_, x) => PlainSpatial.InstanceNorm(x)),
        new("InstanceNorm2d", [2, 2, 2, 2], static () => new InstanceNorm2d(2, affine: true, trackRunningStats: true), static (p, x) => PlainSpatial.InstanceNorm(x, p[0], p[1])),
        new("InstanceNorm3d", [1, 2, 2, 1, 2], static () => new InstanceNorm3d(2, affine: true), static (p, x) => PlainSpatial.InstanceNorm(x, p[0], p[1])),
        new("LocalResponseNorm", [2, 4, 3], static () => new LocalResponseNorm(3, 0.3, 0.6, 1.2), static (_, x) => PlainSpatial.Make([2, 4, 3], o =>
            PlainSpatial.At(x, o) * Math.Pow(1.2 + (0.1 * Enumerable.Range(o[1] - 1, 3).Sum(c => Math.Pow(PlainSpatial.At(x, o[0], c, o[2]), 2))), -0.6))),
    ];
}
