namespace Engine.Gpu;

/// <summary>The two reductions that softmax and cross-entropy begin with.</summary>
internal static class RowExp
{
    /// <summary>The largest element of a row and Σ e^(x − largest).</summary>
    public static (Value Max, Value Sum) MaxAndSum(KernelBuilder k, RowItems rows, RowReader reader)
    {
        Value max = Max(k, rows, reader);
        Variable sum = k.Variable(max.Like(0));
        reader.ForEach((_, exists, values) => sum.Value += Exp(k, values[0], max, exists));
        return (max, rows.Reduction(max.Type).Sum(sum.Value));
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
        k.Select(exists, MathFunctions.Exp(k, x - max), x.Like(0));
}
