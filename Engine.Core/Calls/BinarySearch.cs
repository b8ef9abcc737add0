namespace Engine.Backends;

/// <summary>Binary search on the device: a gather and two pointwise passes for each bit of the position.</summary>
internal static class BinarySearch
{
    private static readonly MapProgram s_below = MapProgram.Compile(2, Expr.Or(
        Expr.Less(Expr.Input(0), Expr.Input(1)), Expr.And(IsNaN(Expr.Input(1)), Expr.Not(IsNaN(Expr.Input(0))))));

    private static readonly MapProgram s_notAbove = MapProgram.Compile(2, Expr.Or(Expr.LessEqual(Expr.Input(0), Expr.Input(1)), IsNaN(Expr.Input(1))));

    // The last of the elements that a step would pass; p0 is the step, p1 the number of elements.
    private static readonly MapProgram s_probe = MapProgram.Compile(1, Expr.Min(Expr.Input(0) + Expr.Parameter(0), Expr.Parameter(1)) - 1);

    private static readonly MapProgram s_advance = MapProgram.Compile(2, Expr.Where(
        Expr.And(Expr.Input(1), Expr.LessEqual(Expr.Input(0) + Expr.Parameter(0), Expr.Parameter(1))), Expr.Input(0) + Expr.Parameter(0), Expr.Input(0)));

    /// <summary>How many elements of a sorted row are below each value, or not above it; NaN counts as largest. int64, of the values' shape.</summary>
    /// <param name="sorted">One row, or rows with the values' leading axes; of the values' type.</param>
    /// <param name="values">The values.</param>
    /// <param name="notAbove">Whether equal elements count.</param>
    public static Tensor Count(Tensor sorted, Tensor values, bool notAbove)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor rows = sorted.Rank == 1 ? values.ContiguousOrSelf().ReshapeOrSelf(-1) : values;
        int size = sorted.Shape[-1], last = rows.Rank - 1;
        Tensor count = Tensor.Zeros(rows.Shape, DType.Int64, values.Device);
        Tensor probe = Tensor.Allocate(rows.Shape, DType.Int64, values.Device), isBefore = Tensor.Allocate(rows.Shape, DType.Bool, values.Device);
        Tensor met = Tensor.Allocate(rows.Shape, sorted.DType, values.Device);
        for (long step = size == 0 || rows.ElementCount == 0 ? 0 : (long)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size + 1) / 2; step > 0; step /= 2)
        {
            Pointwise.Into(probe, s_probe, [count], [step, size]);
            values.Device.Backend.Gather(sorted.Operand, probe.Operand, met.Operand, last);
            Pointwise.Into(isBefore, notAbove ? s_notAbove : s_below, [met, rows]);
            Pointwise.Into(count, s_advance, [count, isBefore], [step, size]);
        }

        return scope.Keep(count.ReshapeOrSelf(values.Shape));
    }

    private static Expr IsNaN(Expr x) => Expr.NotEqual(x, x);
}
