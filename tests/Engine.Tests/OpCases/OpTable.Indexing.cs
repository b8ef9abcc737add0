namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static int[] IndexSizes => [1, 3, 16, 17, 33, 129];

    private static IEnumerable<OpCase> Indexing() =>
    [
        new("GatherRow", n => [new([3, n]), OpInput.Index([3, 4], n)], x => x[0].Gather(1, x[1])) { Sizes = IndexSizes },
        new("GatherColumn", n => [new([5, n]), OpInput.Index([7, n], 5)], x => x[0].Gather(0, x[1])) { Sizes = IndexSizes },
        new("GatherCorner", n => [new([4, n + 1]), OpInput.Index([2, 3], n + 1)], x => x[0].Gather(1, x[1])) { Sizes = IndexSizes },
        new("GatherInt32", n => [new([n, 3]), OpInput.Index([4, 3], n)], x => x[0].Gather(0, x[1].To(DType.Int32))) { Sizes = IndexSizes },
        new("ScatterAdd", n => [new([3, n]), OpInput.Index([3, 6], n), new([3, 6])], x => x[0].ScatterAdd(1, x[1], x[2])) { Sizes = IndexSizes },
        new("ScatterAddRows", n => [new([4, n]), OpInput.Index([9, n], 4), new([9, n])], x => x[0].ScatterAdd(0, x[1], x[2])) { Sizes = IndexSizes },
        new("IndexSelect", n => [new([n, 3]), OpInput.Index([5], n)], x => x[0].IndexSelect(0, x[1])) { Sizes = IndexSizes },
        new("IndexSelectColumns", n => [new([3, n]), OpInput.Index([5], n)], x => x[0].IndexSelect(1, x[1])) { Sizes = IndexSizes },
        new("Embedding", n => [new([7, n]), OpInput.Index([2, 5], 7)], x => x[0].Embedding(x[1])) { Sizes = IndexSizes },
        new OpCase("OneHot", n => [OpInput.Index([2, n], 6)], x => x[0].OneHot(6)).NotDifferentiable() with { Sizes = IndexSizes },
        Ordered("Sort", n => [new([3, n])], x => x.Sort(1).Values),
        Ordered("SortDescendingColumn", n => [new([n, 3])], x => x.Sort(0, descending: true).Values),
        Ordered("ArgSort", n => [new([3, n])], x => x.ArgSort(1)).NotDifferentiable(),
        Ordered("TopK", n => [new([2, n + 2])], x => x.TopK(2).Values),
        Ordered("TopKSmallest", n => [new([n + 3, 2])], x => x.TopK(3, 0, largest: false).Values),
        Ordered("TopKPlaces", n => [new([2, n + 2])], x => x.TopK(2).Indices).NotDifferentiable(),
    ];

    private static OpCase Ordered(string name, Func<int, OpInput[]> inputs, Func<Tensor, Tensor> run) =>
        new(name, inputs, x => run(x[0])) { Sizes = [1, 3, 16, 17, 33], NeedsDistinct = true };
}
