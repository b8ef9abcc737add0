namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static int[] NormSizes => [1, 3, 16, 17, 33, 129];

    private static IEnumerable<OpCase> Normalizations() =>
    [
        Norm("BatchNormRows", n => [new([5, n]), new([n]), new([n])], x => x[0].BatchNorm(x[1], x[2])),
        Norm("BatchNormImages", n => [new([3, 2, 3, n]), new([2]), new([2])], x => x[0].BatchNorm(x[1], x[2])),
        Norm("BatchNormChannels", n => [new([3, n, 2, 2]), new([n]), new([n])], x => x[0].BatchNorm(x[1], x[2])),
        Norm("BatchNormRelu", n => [new([3, 2, 3, n]), new([2]), new([2])], x => x[0].BatchNorm(x[1], x[2], relu: true)),
        Norm("BatchNormPlain", n => [new([3, 2, n])], x => x[0].BatchNorm(null, null)),
        Norm(
            "BatchNormPrediction",
            n => [new([3, 2, 3, n]), new([2]), new([2]), OpInput.Constant([2]), OpInput.Constant([2], 0.5, 2)],
            x => x[0].BatchNorm(x[1], x[2], x[3], x[4], training: false)),
        Norm(
            "BatchNormPredictionRelu",
            n => [new([3, n]), new([n]), new([n]), OpInput.Constant([n]), OpInput.Constant([n], 0.5, 2)],
            x => x[0].BatchNorm(x[1], x[2], x[3], x[4], training: false, relu: true)),
        Norm("BatchNormAdd", n => [new([3, 2, 3, n]), new([2]), new([2]), new([2, 1, n])], x => x[0].BatchNorm(x[1], x[2], residual: x[3])),
        Norm("BatchNormAddRelu", n => [new([3, 2, 3, n]), new([2]), new([2]), new([3, 2, 3, n])], x => x[0].BatchNorm(x[1], x[2], relu: true, residual: x[3])),
        Norm("BatchNormAddReluRows", n => [new([5, n]), new([n]), new([n]), new([5, n])], x => x[0].BatchNorm(x[1], x[2], relu: true, residual: x[3])),
        Norm("BatchNormAddItself", n => [new([3, 2, n])], x => x[0].BatchNorm(null, null, relu: true, residual: x[0])),
        Norm(
            "BatchNormPredictionAddRelu",
            n => [new([3, 2, 3, n]), new([2]), new([2]), OpInput.Constant([2]), OpInput.Constant([2], 0.5, 2), new([3, 2, 3, n])],
            x => x[0].BatchNorm(x[1], x[2], x[3], x[4], training: false, relu: true, residual: x[5])),
        Norm("LayerNorm", n => [new([4, n + 2]), new([n + 2]), new([n + 2])], x => x[0].LayerNorm(x[1], x[2])),
        Norm("LayerNormTwoAxes", n => [new([3, 2, n + 1]), new([2, n + 1]), new([2, n + 1])], x => x[0].LayerNorm(x[1], x[2], axes: 2)),
        Norm("LayerNormPlain", n => [new([4, n + 2])], x => x[0].LayerNorm()),
        Norm("RmsNorm", n => [new([4, n + 2]), new([n + 2])], x => x[0].RmsNorm(x[1])),
        Norm("RmsNormTwoAxes", n => [new([3, 2, n + 1])], x => x[0].RmsNorm(axes: 2, eps: 0.1)),
        Norm("GroupNorm", n => [new([2, 4, n + 1]), new([4]), new([4])], x => x[0].GroupNorm(2, x[1], x[2])),
        Norm("GroupNormOneChannel", n => [new([2, 3, 2, n + 1]), new([3]), new([3])], x => x[0].GroupNorm(3, x[1], x[2])),
    ];

    // Statistics of a few nearly equal numbers magnify rounding, hence the wider bound.
    private static OpCase Norm(string name, Func<int, OpInput[]> inputs, Func<Tensor[], Tensor> run) =>
        new(name, inputs, run) { Sizes = NormSizes, Tolerance = 2e-4, NeedsSpread = true };
}
