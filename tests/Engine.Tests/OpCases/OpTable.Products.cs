namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static int[] GemmSizes => [0, 1, 3, 8, 13, 17, 33];

    private static IEnumerable<OpCase> Products() =>
    [
        Product("MatMul", n => [new([5, n]), new([n, 7])]),
        Product("MatMulRows", n => [new([n, 4]), new([4, 6])]),
        Product("MatMulColumns", n => [new([3, 6]), new([6, n])]),
        Product("MatMulSquare", n => [new([n, n]), new([n, n])]),
        Product("MatMulVectors", n => [new([n]), new([n])]),
        Product("MatMulMatrixVector", n => [new([5, n]), new([n])]),
        Product("MatMulVectorMatrix", n => [new([n]), new([n, 5])]),
        Product("MatMulBatch", n => [new([3, 4, n]), new([3, n, 2])]),
        Product("MatMulBatchBroadcast", n => [new([2, 1, 4, n]), new([3, n, 2])]),
        Product("MatMulBatchTimesMatrix", n => [new([3, 4, n]), new([n, 2])]),
        Product("MatMulMatrixTimesBatch", n => [new([4, n]), new([3, n, 2])]),
        new("MatMulTransposed", n => [new([n, 5]), new([7, n])], x => x[0].T.MatMul(x[1].T)) { Sizes = GemmSizes, Tolerance = 5e-5 },
        new("MatMulItself", n => [new([n, n])], x => x[0].MatMul(x[0])) { Sizes = GemmSizes, Tolerance = 5e-5 },
        new("MatMulItsTranspose", n => [new([4, n])], x => x[0].MatMul(x[0].T)) { Sizes = GemmSizes, Tolerance = 5e-5 },
        new("Linear", n => [new([5, n]), new([4, n]), new([4])], x => x[0].Linear(x[1], x[2])) { Sizes = GemmSizes, Tolerance = 5e-5 },
        new("LinearWide", n => [new([3, 5]), new([n, 5]), new([n])], x => x[0].Linear(x[1], x[2])) { Sizes = GemmSizes, Tolerance = 5e-5 },
        new("LinearRelu", n => [new([5, n]), new([4, n]), new([4])], x => x[0].Linear(x[1], x[2], relu: true)) { Sizes = GemmSizes, Tolerance = 5e-5 },
        new("LinearWithoutBias", n => [new([2, 3, n]), new([4, n])], x => x[0].Linear(x[1])) { Sizes = GemmSizes, Tolerance = 5e-5 },
        Einsum("bij,bjk->bik", n => [new([2, 3, n]), new([2, n, 4])]),
        Einsum("ij,kj->ik", n => [new([3, n]), new([4, n])]),
        Einsum("i,j->ij", n => [new([n]), new([3])]),
        Einsum("ij->ji", n => [new([3, n])]),
        Einsum("ii->i", n => [new([n, n])]),
        Einsum("ij,j->", n => [new([3, n]), new([n])]),
        Einsum("ij,jk,kl->il", n => [new([2, n]), new([n, 3]), new([3, 2])]),
        Einsum("ij,ij", n => [new([3, n]), new([3, n])]),
        new("Attention", n => [new([2, 3, n, 4]), new([2, 3, 5, 4]), new([2, 3, 5, 6])], x => Tensor.ScaledDotProductAttention(x[0], x[1], x[2]))
        {
            Sizes = [1, 3, 17], Tolerance = 5e-5,
        },
        new("AttentionCausal", n => [new([2, n, 4]), new([2, n, 4]), new([2, n, 3])], x => Tensor.ScaledDotProductAttention(x[0], x[1], x[2], isCausal: true))
        {
            Sizes = [1, 3, 17], Tolerance = 5e-5,
        },
        new("AttentionGrouped", n => [new([1, 4, n, 4]), new([1, 2, 3, 4]), new([1, 2, 3, 5])], x => Tensor.ScaledDotProductAttention(x[0], x[1], x[2], enableGqa: true))
        {
            Sizes = [1, 5, 17],
        },
        new("AttentionMasked", n => [new([2, n, 4]), new([2, n, 4]), new([2, n, 3]), OpInput.Constant([n, n])], x => Tensor.ScaledDotProductAttention(x[0], x[1], x[2], x[3]))
        {
            Sizes = [1, 3, 17], Tolerance = 5e-5,
        },
    ];

    private static OpCase Product(string name, Func<int, OpInput[]> inputs) =>
        new(name, inputs, x => x[0].MatMul(x[1])) { Sizes = GemmSizes, Tolerance = 5e-5 };

    private static OpCase Einsum(string formula, Func<int, OpInput[]> inputs) =>
        new($"Einsum {formula}", inputs, x => Tensor.Einsum(formula, x)) { Sizes = [1, 3, 17], Tolerance = 5e-5 };
}
