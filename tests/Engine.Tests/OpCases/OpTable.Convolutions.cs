namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static IEnumerable<OpCase> Convolutions() =>
    [
        Conv("Conv2d", n => [new([2, 3, 5, n + 2]), new([4, 3, 3, 3]), new([4])], (x, w, b) => x.Conv2d(w, b)),
        Conv("Conv2dPadded", n => [new([2, 3, 5, n]), new([4, 3, 3, 3]), new([4])], (x, w, b) => x.Conv2d(w, b, padding: 1)),
        Conv("Conv2dStrided", n => [new([2, 3, 7, n + 4]), new([2, 3, 3, 3]), new([2])], (x, w, b) => x.Conv2d(w, b, stride: 2, padding: (1, 0))),
        Conv("Conv2dDilated", n => [new([1, 2, 7, n + 4]), new([3, 2, 3, 3]), new([3])], (x, w, b) => x.Conv2d(w, b, dilation: 2)),
        Conv("Conv2dUneven", n => [new([2, 2, 6, n + 5]), new([3, 2, 2, 3]), new([3])], (x, w, b) => x.Conv2d(w, b, (2, 1), (0, 2), (1, 2))),
        Conv("Conv2dGroups", n => [new([2, 4, 4, n + 1]), new([6, 2, 2, 2]), new([6])], (x, w, b) => x.Conv2d(w, b, groups: 2)),
        Conv("Conv2dDepthwise", n => [new([2, 3, 4, n]), new([3, 1, 3, 3]), new([3])], (x, w, b) => x.Conv2d(w, b, padding: 1, groups: 3)),
        Conv("Conv2dPointwise", n => [new([2, 5, 3, n]), new([4, 5, 1, 1]), new([4])], (x, w, b) => x.Conv2d(w, b)),
        Conv("Conv2dPointwiseStrided", n => [new([2, 3, 4, n]), new([4, 3, 1, 1]), new([4])], (x, w, b) => x.Conv2d(w, b, stride: 2)),
        Conv("Conv2dManyChannels", n => [new([1, n, 4, 4]), new([n, n, 3, 3]), new([n])], (x, w, b) => x.Conv2d(w, b, padding: 1)),
        Conv("Conv2dRelu", n => [new([2, 3, 4, n]), new([4, 3, 3, 3]), new([4])], (x, w, b) => x.Conv2d(w, b, padding: 1, relu: true)),
        Conv("Conv1d", n => [new([2, 3, n + 3]), new([4, 3, 4]), new([4])], (x, w, b) => x.Conv1d(w, b, padding: 1)),
        Conv("Conv1dStrided", n => [new([2, 4, n + 3]), new([2, 2, 3]), new([2])], (x, w, b) => x.Conv1d(w, b, stride: 2, dilation: 1, groups: 2)),
        Conv("ConvTranspose2d", n => [new([2, 3, 3, n]), new([3, 4, 3, 3]), new([4])], (x, w, b) => x.ConvTranspose2d(w, b)),
        Conv("ConvTranspose2dStrided", n => [new([1, 3, 3, n]), new([3, 2, 3, 3]), new([2])], (x, w, b) => x.ConvTranspose2d(w, b, 2, 1, 1)),
        Conv("ConvTranspose2dGroups", n => [new([1, 4, 3, n]), new([4, 3, 2, 2]), new([6])], (x, w, b) => x.ConvTranspose2d(w, b, groups: 2)),
        Few("Conv2dSame", n => [new([1, 2, 4, n + 1]), new([2, 2, 4, 3]), new([2])], (x, w, b) => x.Conv2d(w, b, padding: Padding.Same, dilation: (1, 2))),
        Few("ConvTranspose1d", n => [new([2, 2, n + 1]), new([2, 3, 3]), new([3])], (x, w, b) => x.ConvTranspose1d(w, b, 2, 1, 1)),
        Few("Conv3d", n => [new([2, 2, 3, 3, n + 1]), new([2, 2, 2, 2, 2]), new([2])], (x, w, b) => x.Conv3d(w, b)),
        Few("Conv3dStrided", n => [new([1, 4, 4, 2, n + 2]), new([2, 2, 3, 2, 3]), new([2])], (x, w, b) => x.Conv3d(w, b, 2, (1, 1, 0), (1, 1, 1), 2)),
        Few("Conv3dAlongDepth", n => [new([2, 2, 4, 2, n]), new([2, 2, 3, 1, 1]), new([2])], (x, w, b) => x.Conv3d(w, b, padding: (Padding.Same, 0, 0))),
        Few("ConvTranspose3d", n => [new([1, 2, 2, 2, n + 1]), new([2, 2, 3, 2, 2]), new([2])], (x, w, b) => x.ConvTranspose3d(w, b, 2, 1, 1)),
        new("Conv2dWithoutBias", n => [new([2, 2, 4, n]), new([3, 2, 3, 3])], x => x[0].Conv2d(x[1], padding: 1)) { Sizes = [1, 3, 17], Tolerance = 5e-5 },
    ];

    private static OpCase Few(string name, Func<int, OpInput[]> inputs, Func<Tensor, Tensor, Tensor, Tensor> run) =>
        Conv(name, inputs, run) with { Sizes = [1, 4], GradientSizes = [1], IsComposed = true };

    private static OpCase Conv(string name, Func<int, OpInput[]> inputs, Func<Tensor, Tensor, Tensor, Tensor> run) =>
        new(name, inputs, x => run(x[0], x[1], x[2])) { Sizes = [1, 3, 8, 17], GradientSizes = [1, 2], Tolerance = 5e-5 };
}
