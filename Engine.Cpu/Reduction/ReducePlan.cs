namespace Engine.Cpu;

/// <summary>How a reduction walks its input.</summary>
/// <remarks>
/// By rows, for each result in turn, where the reduced elements are the near ones: <c>[results][reduced]</c>, a tile goes into one
/// accumulator. By columns, for a tile of results at once, where the results are near: <c>[reduced][results]</c>, each tile is joined to
/// a row of accumulators. Where there are few results the reduced elements are cut into chunks, whose number depends on the sizes only,
/// so that results do not depend on the number of threads.
/// </remarks>
internal unsafe struct ReducePlan
{
    /// <summary>Shorter rows of results are gathered one result at a time: a step of the interpreter costs as much as 32 strided loads.</summary>
    private const int ShortestColumnTile = 32;

    /// <summary>So few elements do not repay the start of a row for each result.</summary>
    private const int FewElements = 32;

    /// <summary>Elements of one item of work, 10 to 30 µs.</summary>
    private const long ItemElements = 1 << 16;

    private const int MaxChunks = 64;

    /// <summary>By columns a chunk puts its results aside one by one, which takes as long as some twenty rows.</summary>
    private const int FewestRowsOfChunk = 256;

    /// <summary>Loops over the elements of the tiles: the reduced elements (rows) or the results (columns).</summary>
    public MapPlan Tiles;

    /// <summary>Loops over the other ones.</summary>
    public IterationSpace Others;

    /// <summary>Loops over the results with inputs, outputs and, last, the result's number.</summary>
    public IterationSpace Results;

    public bool Columns;

    /// <summary>Number of results.</summary>
    public long ResultCount;

    /// <summary>Pieces into which the reduced elements are cut.</summary>
    public int Chunks;

    /// <summary>By rows: results of one item.</summary>
    public long ResultsPerItem;

    /// <summary>Items of work that can run at the same time.</summary>
    public long Items;

    public static void Create(in ReduceArgs args, TileProgram prologue, out ReducePlan plan)
    {
        plan = default;
        AxisSet kept = new(AxisSet.All(args.Shape.Rank).Bits & ~args.Axes.Bits);
        IterationSpace results = IterationSpace.Over(args.Shape, kept), reduced = IterationSpace.Over(args.Shape, args.Axes);
        int leader = -1;
        for (int k = 0; k < args.Inputs.Length; k++)
        {
            results.Add(args.Shape, kept, args.Inputs[k].Layout.Strides);
            reduced.Add(args.Shape, args.Axes, args.Inputs[k].Layout.Strides);
            if (leader < 0 && !(results.IsUniform(k) && reduced.IsUniform(k)))
            {
                leader = k;
            }
        }

        leader = Math.Max(leader, 0);
        if (prologue.UsesIndex)
        {
            ReadOnlySpan<long> numbers = Layout.Contiguous(args.Shape).Strides;
            results.Add(args.Shape, kept, numbers);
            reduced.Add(args.Shape, args.Axes, numbers);
        }

        int loaded = results.Operands;
        Shape resultShape = args.Outputs[0].Shape;
        foreach (ref readonly Operand output in args.Outputs)
        {
            results.Add(args.Shape, kept, output.Layout.Strides);
        }
        results.Add(args.Shape, kept, Layout.Contiguous(resultShape).Strides);

        bool hasInputs = args.Inputs.Length > 0, yieldsIndex = false;
        foreach (Combiner combiner in args.Program.Combiners)
        {
            yieldsIndex |= combiner.YieldsIndex();
        }
        if (hasInputs)
        {
            results.OrderBy(leader);
            results.Coalesce();
        }

        if (hasInputs && !yieldsIndex)
        {
            reduced.OrderBy(leader);
        }
        reduced.Coalesce();

        plan.Results = results;
        plan.ResultCount = results.Count;
        plan.Columns = ByColumns(results, reduced, leader);
        plan.Tiles.Space = (plan.Columns ? results : reduced).WithoutOperands();
        plan.Others = (plan.Columns ? reduced : results).WithoutOperands();
        for (int k = 0; k < loaded; k++)
        {
            plan.Tiles.Space.AddFrom(plan.Columns ? results : reduced, k);
            plan.Others.AddFrom(plan.Columns ? reduced : results, k);
        }

        foreach (ref readonly Operand input in args.Inputs)
        {
            plan.Tiles.AddInput(new OperandView(input));
        }
        // Rows that lie in memory are combined from four places (RowReductions), which should be far apart.
        plan.Tiles.Finish(prologue, plan.Columns ? MapPlan.LargestTile : (int)ItemElements);
        plan.CutIntoItems(reduced.Count);
    }

    /// <summary>The loops of the epilogue: from accumulated values, in the order of the result loops, to the outputs.</summary>
    public readonly MapPlan Outputs(in ReduceArgs args, TileProgram epilogue, DType resultType)
    {
        MapPlan output = default;
        output.Space = Results.WithoutOperands();
        for (int k = 0; k < args.Program.Combiners.Length; k++)
        {
            output.Space.AddContiguous();
            output.AddInput(new OperandView(null, resultType));
        }

        int first = Results.Operands - 1 - args.Outputs.Length;
        for (int o = 0; o < args.Outputs.Length; o++)
        {
            output.Space.AddFrom(Results, first + o);
            output.AddOutput(new OperandView(args.Outputs[o]));
        }

        if (epilogue.UsesIndex)
        {
            output.Space.AddFrom(Results, Results.Operands - 1);
        }

        output.Finish(epilogue);
        return output;
    }

    private static bool ByColumns(in IterationSpace results, in IterationSpace reduced, int leader)
    {
        if (reduced.Count == 0 || results.Rank == 0)
        {
            return false;
        }
        if (reduced.Rank == 0)
        {
            return true;
        }
        bool nearer = Math.Abs(results.InnerStride(leader)) < Math.Abs(reduced.InnerStride(leader));
        return results.InnerSize >= ShortestColumnTile && (nearer || reduced.Count < FewElements);
    }

    private void CutIntoItems(long reducedCount)
    {
        long pieces = Columns ? Others.Count : Tiles.Tiles;
        long wholeItems = Columns ? Tiles.Tiles : ResultCount;
        long elementsPerWhole = Columns ? Tiles.Tile * reducedCount : reducedCount;
        Chunks = 1;
        if (wholeItems < MaxChunks && elementsPerWhole >= 2 * ItemElements)
        {
            Chunks = (int)Math.Clamp(Math.Min(Columns ? pieces / FewestRowsOfChunk : pieces, elementsPerWhole / ItemElements), 1, MaxChunks);
        }
        ResultsPerItem = Columns || Chunks > 1 ? 1 : Math.Clamp(ItemElements / Math.Max(1, reducedCount), 1, Math.Max(1, ResultCount / 8));
        Items = (Columns ? Tiles.Tiles : (ResultCount + ResultsPerItem - 1) / ResultsPerItem) * Chunks;
    }
}
