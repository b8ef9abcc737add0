namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static int[] ViewSizes => [0, 1, 3, 16, 17, 33];

    private static IEnumerable<OpCase> Views() =>
    [
        View("Reshape", n => [new([3, n, 2])], x => x.Reshape(2, 3 * x.Shape[1])),
        View("ReshapeTransposed", n => [new([3, n, 2])], x => x.Transpose(0, 1).Reshape(x.Shape[1] * 3, 2)),
        View("Flatten", n => [new([2, 3, n])], x => x.Flatten(1)),
        View("Permute", n => [new([2, 3, n])], x => x.Permute(2, 0, 1)),
        View("Transpose", n => [new([n, 3])], x => x.T),
        View("Unsqueeze", n => [new([n, 2])], x => x.Unsqueeze(1)),
        View("Squeeze", n => [new([n, 1, 2])], x => x.Squeeze(1)),
        View("Expand", n => [new([n, 1])], x => x.Expand([2, x.Shape[0], 3])),
        View("ExpandScalar", n => [new([])], x => x.Expand([2, 3])),
        View("Slice", n => [new([n + 3, 4])], x => x.Slice(0, 1, -1).Slice(1, 0, 4, 2)),
        View("SliceBackwards", n => [new([n + 3, 2])], x => x.Slice(0, -1, 0, -2)),
        View("Narrow", n => [new([2, n + 2])], x => x.Narrow(1, 1, x.Shape[1] - 1)),
        View("Select", n => [new([3, n])], x => x.Select(0, 1)),
        View("Flip", n => [new([3, n])], x => x.Flip()),
        View("FlipAxis", n => [new([3, n, 2])], x => x.Flip(1)),
        View("Index", n => [new([4, n, 3])], x => x[1..3, TensorIndex.Ellipsis, ^1]),
        View("IndexNewAxis", n => [new([4, n])], x => x[TensorIndex.Every(2), TensorIndex.NewAxis]),
        View("Chain", n => [new([3, n + 1, 2])], x => x.Permute(1, 2, 0)[1..].Flip(0).Unsqueeze(0)),
    ];

    private static IEnumerable<OpCase> Joining() =>
    [
        new("Concat", n => [new([2, n]), new([2, 3]), new([2, n])], x => Tensor.Concat(x, 1)) { Sizes = ViewSizes },
        new("ConcatRows", n => [new([n, 3]), new([1, 3])], x => Tensor.Concat(x)) { Sizes = ViewSizes },
        new("ConcatBuffer", n => [new([2, n, 4]), new([2, 3, 4]), new([2, n, 4])], ConcatInBuffer) { Sizes = ViewSizes },
        new("ConcatItself", n => [new([n, 2])], x => Tensor.Concat([x[0], x[0]], 1)) { Sizes = ViewSizes },
        new("Stack", n => [new([2, n]), new([2, n])], x => Tensor.Stack(x, 1)) { Sizes = ViewSizes },
        View("Split", n => [new([7, n])], x => x.Split(3)[1]),
        View("SplitSizes", n => [new([n, 6])], x => x.Split([1, 2, 3], 1)[2]),
        View("Chunk", n => [new([7, n])], x => x.Chunk(3)[2]),
        View("Pad", n => [new([2, n])], x => x.Pad([(1, 0), (2, 3)], 0.5)),
        View("Repeat", n => [new([2, n])], x => x.Repeat(2, 1, 3)),
        View("Tril", n => [new([2, n, 4])], x => x.Tril(-1)),
        View("Triu", n => [new([n, n])], x => x.Triu(1)),
    ];

    private static Tensor ConcatInBuffer(Tensor[] x)
    {
        using ConcatBuffer buffer = new(x[0], x[0].Shape[1] + x[1].Shape[1] + x[2].Shape[1], axis: 1);
        _ = buffer.Append(x[1]);
        _ = buffer.Append(x[2].Shape[1], _ => x[2] * 2);
        return buffer.Value;
    }

    private static OpCase View(string name, Func<int, OpInput[]> inputs, Func<Tensor, Tensor> run) =>
        new(name, inputs, x => run(x[0])) { Sizes = ViewSizes };
}
