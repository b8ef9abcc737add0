namespace Engine.Gpu;

/// <summary>The two reductions that softmax and cross-entropy begin with.</summary>
internal static class RowExp
{
    /// <summary>The largest element of a row, Σ e^(x − largest), and where a row is kept its terms in the order of the passes.</summary>
    public static (Value Max, Value Sum, Value[] Terms) MaxAndSum(KernelBuilder k, RowItems rows, RowReader reader)
    {
        Value max = Max(k, rows, reader);
        Variable sum = k.Variable(max.Like(0));
        List<Value> terms = [];
        reader.ForEach((_, exists, values) =>
        {
            terms.Add(Exp(k, values[0], max, exists));
            sum.Value += terms[^1];
        });
        return (max, rows.Reduction(max.Type).Sum(sum.Value), rows.Shape.Kept > 0 ? [.. terms] : []);
    }

    /// <summary>The largest element of a row; NaN if there is one.</summary>
    public static Value Max(KernelBuilder k, RowItems rows, RowReader reader)
    {
        Value lowest = k.Constant(reader.Type, double.NegativeInfinity);
        Variable max = k.Variable(lowest);
        reader.ForEach((_, exists, values) => max.Value = k.Max(max.Value, k.Select(exists, values[0], lowest)));
        return rows.Reduction(max.Type).Max(max.Value);
    }

    /// <summary>e^(x − max), 0 where there is no element.</summary>
    public static Value Exp(KernelBuilder k, Value x, Value max, Value exists) =>
        k.Select(exists, MathFunctions.ExpUpToOne(k, x - max), x.Like(0));
}
