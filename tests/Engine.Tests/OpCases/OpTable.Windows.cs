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
    ];

    private static OpCase MaxPool(string name, Func<int, OpInput[]> inputs, Func<Tensor, Tensor> run) =>
        new OpCase(name, inputs, x => run(x[0])) { NeedsDistinct = true }.Small();
}
