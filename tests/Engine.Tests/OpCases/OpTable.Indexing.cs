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
        new("EmbeddingBag", n => [new([7, n]), OpInput.Index([3, 5], 7)], x => x[0].EmbeddingBag(x[1])) { Sizes = IndexSizes },
        new("EmbeddingBagWeighted", n => [new([4, n]), OpInput.Index([2, 6], 4), new([2, 6])], x => x[0].EmbeddingBag(x[1].To(DType.Int32), x[2])) { Sizes = IndexSizes },
        new OpCase("OneHot", n => [OpInput.Index([2, n], 6)], x => x[0].OneHot(6)).NotDifferentiable() with { Sizes = IndexSizes },
        Ordered("Sort", n => [new([3, n])], x => x.Sort(1).Values),
        Ordered("SortDescendingColumn", n => [new([n, 3])], x => x.Sort(0, descending: true).Values),
        Ordered("ArgSort", n => [new([3, n])], x => x.ArgSort(1)).NotDifferentiable(),
        Ordered("TopK", n => [new([2, n + 2])], x => x.TopK(2).Values),
        Ordered("TopKSmallest", n => [new([n + 3, 2])], x => x.TopK(3, 0, largest: false).Values),
        Ordered("TopKPlaces", n => [new([2, n + 2])], x => x.TopK(2).Indices).NotDifferentiable(),
    ];

    private static int[] FewSizes => [1, 17];

    /// <summary>Selected, written and rearranged elements: compositions of the operations above and of maps, so that few sizes do.</summary>
    private static IEnumerable<OpCase> Selection() =>
    [
        Few("IndexByMask", n => [new([3, n]), OpInput.Truth([3, n])], x => x[0][x[1]]),
        Few("IndexByMaskOfRows", n => [new([n, 3]), OpInput.Truth([n])], x => x[0][x[1], ..2]),
        Few("IndexByList", n => [new([4, n]), OpInput.Index([2, 3], 4)], x => x[0][x[1]]),
        Few("IndexByTwoLists", n => [new([4, 2, n]), OpInput.Index([5], 4), OpInput.Index([2, 1], n)], x => x[0][x[1], .., x[2]]),
        Few("IndexPut", n => [new([4, n]), OpInput.Index([3], 4), new([3, n])], x => x[0].IndexPut([x[1]], x[2])),
        Few("IndexPutIntoPart", n => [new([n, 4]), OpInput.Index([5], 2), new([1])], x => x[0].IndexPut([Range.All, x[1] + 1L], x[2])),
        Few("IndexPutAccumulated", n => [new([2, n, 3]), OpInput.Index([4], n), new([3])], x => x[0].IndexPut([1, x[1]], x[2], accumulate: true)),
        Few("NonZero", n => [OpInput.Truth([2, n])], x => x[0].NonZero()).NotDifferentiable(),
        Few("MaskedSelect", n => [new([3, n]), OpInput.Truth([n])], x => x[0].MaskedSelect(x[1])),
        Few("MaskedScatter", n => [new([3, n]), OpInput.Truth([3, n]), new([3 * n])], x => x[0].MaskedScatter(x[1], x[2])),
        Few("Scatter", n => [new([3, n]), OpInput.Index([2, n + 1], n), new([2, n + 1])], x => x[0].Scatter(1, x[1], x[2])),
        Few("ScatterNumber", n => [new([n, 2]), OpInput.Index([3, 2], n)], x => x[0].Scatter(0, x[1], 0.5)),
        Few("ScatterReduceSum", n => [new([n]), OpInput.Index([n + 2], n), new([n + 2])], x => x[0].ScatterReduce(0, x[1], x[2], ScatterReduction.Sum, includeSelf: false)),
        Few("ScatterReduceMean", n => [new([n, 2]), OpInput.Index([4, 2], n), new([4, 2])], x => x[0].ScatterReduce(0, x[1], x[2], ScatterReduction.Mean)),
        Few("ScatterReduceProd", n => [new([2, n]), OpInput.Index([2, 5], n), new([2, 5])], x => x[0].ScatterReduce(1, x[1], x[2], ScatterReduction.Prod)) with { TwiceDifferentiable = false },
        Few("ScatterReduceMax", n => [new([n]), OpInput.Index([n + 3], n), new([n + 3])], x => x[0].ScatterReduce(0, x[1], x[2], ScatterReduction.Max)) with { NeedsDistinct = true },
        Few("IndexAdd", n => [new([3, n]), OpInput.Index([4], 3), new([4, n])], x => x[0].IndexAdd(0, x[1], x[2], alpha: -0.5)),
        Few("IndexCopy", n => [new([3, n]), OpInput.Index([4], n), new([3, 4])], x => x[0].IndexCopy(1, x[1], x[2])),
        Few("IndexFill", n => [new([n, 2]), OpInput.Index([2], n)], x => x[0].IndexFill(0, x[1], 0.25)),
        Few("Take", n => [new([2, n]), OpInput.Index([2, 3], 2 * n)], x => x[0].Take(x[1] - (long)x[0].ElementCount)),
        Few("Put", n => [new([2, n]), OpInput.Index([3], 2 * n), new([3, 1])], x => x[0].Put(x[1], x[2])),
        Few("TakeAlongAxis", n => [new([2, n]), OpInput.Index([1, 3], n)], x => x[0].TakeAlongAxis(x[1], 1)),
        Few("RollAxis", n => [new([2, n])], x => x[0].Roll(-2, 1)),
        Few("RollAll", n => [new([2, n])], x => x[0].Roll(3)),
        Few("RollAxes", n => [new([2, n])], x => x[0].Roll([1, 2], [0, 1])),
        Few("RepeatInterleave", n => [new([2, n])], x => x[0].RepeatInterleave(2, 1)),
        Few("RepeatInterleaveCounts", n => [new([n, 2]), OpInput.Index([n], 3)], x => x[0].RepeatInterleave(x[1], 0)),
        Few("Tile", n => [new([n])], x => x[0].Tile(2, 3)),
        Few("Diagonal", n => [new([3, n, 2])], x => x[0].Diagonal(-1, 0, 2)),
        Few("DiagEmbed", n => [new([2, n])], x => x[0].DiagEmbed(1)),
        Few("Diag", n => [new([3, n])], x => x[0].Diag(1)),
        Few("Unique", n => [OpInput.Index([2, n], 5)], x => x[0].Unique().Inverse).NotDifferentiable(),
        Few("UniqueRows", n => [OpInput.Index([n, 2], 2)], x => x[0].Unique(0).Values).NotDifferentiable(),
        Few("UniqueConsecutive", n => [OpInput.Index([n, 2], 2)], x => x[0].UniqueConsecutive().Counts).NotDifferentiable(),
        Few("BinCount", n => [OpInput.Index([n], 4)], x => x[0].BinCount(minLength: 5)).NotDifferentiable(),
        Few("BinCountOfWeights", n => [OpInput.Index([2, n], 4), new([2, n])], x => x[0].BinCount(x[1], 4)),
        Few("Histogram", n => [OpInput.Constant([2, n])], x => x[0].Histogram(5, (-1.5, 1.5)).Counts).NotDifferentiable(),
        Few("HistogramOfWeights", n => [OpInput.Constant([n]), new([n], 1, 2), OpInput.Constant([4])], x => x[0].Histogram(x[2].Sort().Values, x[1]).Counts),
        Few("SearchSorted", n => [OpInput.Constant([2, n]), OpInput.Constant([2, 3])], x => x[0].Sort().Values.SearchSorted(x[1])).NotDifferentiable(),
        Few("Bucketize", n => [OpInput.Constant([2, n]), OpInput.Constant([n])], x => x[0].Bucketize(x[1].Sort(0).Values, right: true)).NotDifferentiable(),
        Few("IsIn", n => [OpInput.Index([2, n], 6), OpInput.Index([3], 6)], x => x[0].IsIn(x[1])).NotDifferentiable(),
    ];

    private static OpCase Few(string name, Func<int, OpInput[]> inputs, Func<Tensor[], Tensor> run) => new(name, inputs, run) { Sizes = FewSizes, GradientSizes = [3] };

    private static OpCase Ordered(string name, Func<int, OpInput[]> inputs, Func<Tensor, Tensor> run) =>
        new(name, inputs, x => run(x[0])) { Sizes = [1, 3, 16, 17, 33], NeedsDistinct = true };
}
