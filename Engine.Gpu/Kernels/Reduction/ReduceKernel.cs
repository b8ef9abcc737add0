namespace Engine.Gpu;

/// <summary>Which part of a reduction a kernel carries out.</summary>
internal enum ReduceStage : byte
{
    /// <summary>All of it.</summary>
    Whole,

    /// <summary>From the inputs to the states of chunks.</summary>
    Chunks,

    /// <summary>From the states of chunks to the outputs.</summary>
    Finish,
}

/// <summary>
/// A reduction for a class of operands: a group holds <see cref="Columns"/> results, each gathered by <see cref="Lanes"/> work-items, which
/// then join their states in a fixed order.
/// </summary>
/// <param name="Program">The program to compute.</param>
/// <param name="Compute">The type of the arithmetic.</param>
/// <param name="Operands">Inputs, with their access along the reduced loops, then outputs.</param>
/// <param name="Stage">Which part.</param>
/// <param name="KeptRank">Padded number of loops over results.</param>
/// <param name="ReducedRank">Padded number of loops over the elements of a result.</param>
/// <param name="Columns">Results of a group.</param>
/// <param name="Lanes">Work-items of a result.</param>
/// <param name="ByColumns">Whether neighbouring work-items have neighbouring results, else neighbouring elements of one.</param>
/// <param name="Width">Neighbouring elements that a work-item loads at once.</param>
/// <param name="Unroll">Loads that it has under way.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct ReduceKernel(
    ReduceProgram Program,
    DType Compute,
    OperandClasses Operands,
    ReduceStage Stage,
    int KeptRank,
    int ReducedRank,
    int Columns,
    int Lanes,
    bool ByColumns,
    int Width,
    int Unroll,
    bool Is64Bit) : IKernelDefinition
{
    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("reduce", target, Columns * Lanes);
        ReduceBody body = new(k, this);
        Accumulators accumulators = body.Accumulators;
        Value item = k.LocalId;
        (Value column, Value lane) = ByColumns ? (item % Columns, item / Columns) : (item / Lanes, item % Lanes);
        Value result = (k.GroupX * Columns) + column, isResult = result < body.Results;

        // Work-items without a result go through the motions, since barriers wait for them, with no elements of their own.
        Value start = k.GroupY * body.ItemsOfGroup;
        Value end = k.Select(isResult, k.Min(start + body.ItemsOfGroup, body.Items), k.Int32(0));
        body.Begin(k.Select(isResult, result, k.Int32(0)));

        Variable[] slots = [.. accumulators.Identity().Select(k.Variable)];
        Variable next = k.Variable(start + lane);
        void Take(params ReadOnlySpan<Value> items)
        {
            Value[] state = body.Accumulate([.. slots.Select(slot => slot.Value)], items);
            for (int i = 0; i < slots.Length; i++)
            {
                slots[i].Value = state[i];
            }
        }

        int lanes = Lanes, unroll = Unroll;
        if (unroll > 1)
        {
            k.For(next.Value, end - ((unroll - 1) * lanes), k.Int32(unroll * lanes), n =>
            {
                Take([.. Enumerable.Range(0, unroll).Select(i => n + (i * lanes))]);
                next.Value = n + (unroll * lanes);
            });
        }

        k.For(next.Value, end, k.Int32(lanes), n => Take(n));

        Value[] joined = [.. slots.Select(slot => slot.Value)];
        if (lanes > 1)
        {
            joined = ByColumns
                ? new ColumnReduction(k, accumulators.Types, Columns).Combine(joined, accumulators.Merge)
                : new GroupReduction(k, accumulators.Types, lanes).Combine(joined, accumulators.Merge);
        }

        k.If(isResult & lane.Is(0), () => body.Store(result, joined));
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    /// <param name="arguments">The arguments of the launch.</param>
    /// <param name="args">The call.</param>
    /// <param name="plan">Its loops.</param>
    /// <param name="reduced">The part of the loops over elements that this launch takes.</param>
    /// <param name="items">Items of a result, and how many of them are a chunk.</param>
    /// <param name="firstItem">The number of the first item.</param>
    /// <param name="firstChunk">The number of the first chunk.</param>
    /// <param name="states">Where the states of chunks are.</param>
    public void Bind(
        ref ArgumentList arguments,
        in ReduceArgs args,
        in ReducePlan plan,
        in IterationSpace reduced,
        (long All, long OfChunk) items,
        long firstItem,
        int firstChunk,
        ReadOnlySpan<Operand> states) =>
        ReduceBody.Bind(ref arguments, this, args, plan, reduced, items, firstItem, firstChunk, states);
}
