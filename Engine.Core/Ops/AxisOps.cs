namespace Engine;

/// <summary>Tables along an axis, as an operation: a gather, and where elements are sums a reduction of what was gathered.</summary>
internal static class AxisOps
{
    private static readonly Expr s_weighted = Expr.Where(Expr.Equal(Expr.Input(1), 0), 0, Expr.Input(0) * Expr.Input(1));

    private static readonly MapProgram s_product = MapProgram.Compile(2, s_weighted);

    private static readonly ReduceProgram s_sum = ReduceProgram.Create(MapProgram.Compile(2, s_weighted), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));

    /// <summary>The elements of an axis replaced by those that the table makes of them.</summary>
    public static Tensor Along(this Tensor x, string op, int axis, AxisTable table)
    {
        Tensor y = Compute(x, axis, table);
        return Tensor.ShouldTrack(x) ? y.Record(new AxisNode(op, x, axis, table)) : y;
    }

    private static Tensor Compute(Tensor x, int axis, AxisTable table)
    {
        Shape shape = x.Shape.With(axis, table.Count);
        if (x.ElementCount == 0 || shape.ElementCount == 0)
        {
            return Tensor.Zeros(shape, x.DType, x.Device);
        }

        using GradMode.Scope off = GradMode.Off();
        using TensorScope scope = TensorScope.Begin();
        // Channels that are neighbours in memory stay so.
        bool channelsLast = x.Rank == 4 && axis > 1 && x.WantsChannelsLast;
        Tensor source = channelsLast ? x.Permute(0, 2, 3, 1) : x;
        int at = channelsLast ? axis - 1 : axis;
        Tensor y = table.IsSkewed ? Scatter(source, at, table) : Gather(source, at, table);
        return scope.Keep(channelsLast ? y.Permute(0, 3, 1, 2) : y);
    }

    private static Tensor Gather(Tensor x, int axis, AxisTable table)
    {
        (Tensor indices, Tensor weights) = table.On(x.Device, x.DType.ComputeType());
        (int outer, int inner) = Around(x.Shape, axis);
        Tensor source = x.IsContiguous ? x.ReshapeOrSelf(outer, table.Size, inner) : x;
        int at = x.IsContiguous ? 1 : axis;
        Tensor picked = Tensor.Allocate(source.Shape.With(at, Guard.Size("Gather", table.Indices.Length)), x.DType, x.Device);
        x.Device.Backend.Gather(source.Operand, At(indices, picked.Shape, at).Operand, picked.Operand, at);
        Shape shape = x.Shape.With(axis, table.Count);
        if (table.OnlyPicks)
        {
            return picked.ReshapeOrSelf(shape: shape);
        }

        Tensor y = Tensor.Allocate([outer, table.Count, 1, inner], x.DType, x.Device);
        Reductions.Into(
            s_sum, default(AxisSet).With(2), [picked.ReshapeOrSelf(outer, table.Count, table.Taps, inner), weights.ReshapeOrSelf(1, table.Count, table.Taps, 1)], [y], []);
        return y.ReshapeOrSelf(shape: shape);
    }

    /// <summary>Each element of x is added, times its weights, where the transposed table says.</summary>
    private static Tensor Scatter(Tensor x, int axis, AxisTable table)
    {
        AxisTable from = table.Transposed;
        (Tensor indices, Tensor weights) = from.On(x.Device, x.DType.ComputeType());
        (int outer, int inner) = Around(x.Shape, axis);
        Tensor terms = Tensor.Allocate([outer, from.Count, from.Taps, inner], x.DType, x.Device);
        Pointwise.Run(
            s_product, x.DType.ComputeType(), terms.Shape, [x.ReshapeOrSelf(outer, table.Size, 1, inner).ExpandOrSelf(terms.Shape), weights.ReshapeOrSelf(1, from.Count, from.Taps, 1)], [terms], []);
        terms = terms.ReshapeOrSelf(outer, from.Indices.Length, inner);
        Tensor y = Tensor.Zeros([outer, table.Count, inner], x.DType, x.Device);
        x.Device.Backend.ScatterAdd(y.Operand, At(indices, terms.Shape, 1).Operand, terms.Operand, 1);
        return y.ReshapeOrSelf(shape: x.Shape.With(axis, table.Count));
    }

    private static Tensor At(Tensor indices, Shape shape, int axis)
    {
        Span<int> sizes = stackalloc int[shape.Rank];
        sizes.Fill(1);
        sizes[axis] = shape[axis];
        return indices.ReshapeOrSelf(sizes).ExpandOrSelf(shape);
    }

    private static (int Outer, int Inner) Around(Shape shape, int axis)
    {
        long outer = 1, inner = 1;
        for (int i = 0; i < shape.Rank; i++)
        {
            outer *= i < axis ? shape[i] : 1;
            inner *= i > axis ? shape[i] : 1;
        }

        return (Guard.Size("Reshape", outer), Guard.Size("Reshape", inner));
    }
}

/// <summary>The transposed table, along the same axis.</summary>
file sealed class AxisNode(string op, Tensor x, int axis, AxisTable table) : GradNode(x)
{
    public override string Name => op;

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.Along(op + "Backward", axis, table.Transposed));
}
