namespace Engine.Backends;

/// <summary>Sums of the rows of a table that indices name, made of the ten operations.</summary>
public abstract partial class Backend
{
    /// <summary>y[n] = Σₗ weights[n, l]·table[index[n, l]], added up in an order that depends on the sizes alone.</summary>
    /// <param name="table">[words, size].</param>
    /// <param name="index">[N, L], int32 or int64. One outside of the table as in <see cref="Gather"/>.</param>
    /// <param name="weights">[N, L] of the table's type, or null for 1.</param>
    /// <param name="y">[N, size] of the table's type, written. It shares no memory with the others.</param>
    public void GatherSum(in Operand table, in Operand index, in Operand? weights, in Operand y)
    {
        Operand factors = weights ?? table;
        SameType(nameof(GatherSum), table, factors, y);
        using OperandLease lease = OperandLease.Of(table, index, factors, y);
        GatherSumCore(table, index, weights, y);
    }

    /// <summary>Carries <see cref="GatherSum"/> out, while something holds the memory of all operands.</summary>
    protected virtual void GatherSumCore(in Operand table, in Operand index, in Operand? weights, in Operand y)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor places = Tensor.Wrap(index), rows = Tensor.Allocate([places.Shape[0], places.Shape[1], table.Shape[1]], table.DType, places.Device);
        Tensor list = rows.ReshapeOrSelf(-1, table.Shape[1]);
        Gather(table, OfRows(places, list.Shape).Operand, list.Operand, 0);
        Tensor sums = Tensor.Wrap(y).Unsqueeze(1);
        AxisSet bag = default(AxisSet).With(1);
        if (weights is { } factors)
        {
            Reductions.Into(SoftmaxPrograms.Dot, bag, [rows, Tensor.Wrap(factors).Unsqueeze(2)], [sums], []);
        }
        else
        {
            Reductions.Into(ReduceProgram.Sum, bag, [rows], [sums], []);
        }
    }

    /// <summary>table[w] = Σ weights[n, l]·source[n] over all n and l with index[n, l] = w, in ascending order of them; 0 where there are none.</summary>
    /// <param name="source">[N, size] of the table's type.</param>
    /// <param name="index">[N, L], int32 or int64. One outside of the table as in <see cref="ScatterAdd"/>.</param>
    /// <param name="weights">[N, L] of the table's type, or null for 1.</param>
    /// <param name="table">[words, size], written. It shares no memory with the others.</param>
    /// <remarks>The way back of <see cref="GatherSum"/>, and with L = 1 of a lookup of rows.</remarks>
    public void ScatterSum(in Operand source, in Operand index, in Operand? weights, in Operand table)
    {
        Operand factors = weights ?? table;
        SameType(nameof(ScatterSum), source, factors, table);
        using OperandLease lease = OperandLease.Of(source, index, factors, table);
        ScatterSumCore(source, index, weights, table);
    }

    /// <summary>Carries <see cref="ScatterSum"/> out, while something holds the memory of all operands.</summary>
    protected virtual void ScatterSumCore(in Operand source, in Operand index, in Operand? weights, in Operand table)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor places = Tensor.Wrap(index), terms = Tensor.Wrap(source);
        if (weights is not null || places.Shape[1] != 1)
        {
            Tensor all = Tensor.Allocate([places.Shape[0], places.Shape[1], terms.Shape[1]], terms.DType, terms.Device), each = terms.Unsqueeze(1);
            if (weights is { } factors)
            {
                Pointwise.Into(all, Programs.Mul, [each, Tensor.Wrap(factors).Unsqueeze(2)]);
            }
            else
            {
                Pointwise.Into(all, Programs.Copy, [each]);
            }

            terms = all.ReshapeOrSelf(-1, terms.Shape[1]);
        }

        Pointwise.Into(Tensor.Wrap(table), Programs.Fill, [], [0]);
        ScatterAdd(table, OfRows(places, terms.Shape).Operand, terms.Operand, 0);
    }

    /// <summary>An index of rows as one of all their elements.</summary>
    private static Tensor OfRows(Tensor index, Shape rows) => index.ReshapeOrSelf(-1, 1).ExpandOrSelf(rows);
}
