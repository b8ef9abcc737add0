namespace Engine;

/// <summary>Reductions over axes; without axes over all. With <c>keepDims</c> the axes stay with size 1.</summary>
public sealed partial class Tensor
{
    /// <summary>Σ x; over no elements 0. Integers are summed in int64.</summary>
    public Tensor Sum(ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        AxisSet set = Guard.Axes(nameof(Sum), Shape, axes);
        Tensor y = this.Reduce(ReduceProgram.Sum, set, Autocast.Wide(TypePromotion.ToSum(DType)), [], keepDims);
        return ShouldTrack(this) ? y.Record(new SumNode("Sum", this, set, 1)) : y;
    }

    /// <inheritdoc cref="Sum(ReadOnlySpan{int}, bool)"/>
    public Tensor Sum(int axis, bool keepDims = false) => Sum([axis], keepDims);

    /// <summary>The mean; NaN over no elements. Integers are summed as such and become float32 at the end.</summary>
    public Tensor Mean(ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        AxisSet set = Guard.Axes(nameof(Mean), Shape, axes);
        if (!DType.IsFloatingPoint())
        {
            return Sum(axes, keepDims) / (double)this.CountOver(set);
        }

        double scale = 1.0 / this.CountOver(set);
        Tensor y = this.Reduce(ReduceProgram.Mean, set, Autocast.Wide(DType), [double.IsInfinity(scale) ? double.NaN : scale], keepDims);
        return ShouldTrack(this) ? y.Record(new SumNode("Mean", this, set, scale)) : y;
    }

    /// <inheritdoc cref="Mean(ReadOnlySpan{int}, bool)"/>
    public Tensor Mean(int axis, bool keepDims = false) => Mean([axis], keepDims);

    /// <summary>The largest element; NaN wins. Equal largest elements share the gradient evenly.</summary>
    /// <exception cref="ShapeMismatchException">A reduced axis is empty.</exception>
    public Tensor Max(ReadOnlySpan<int> axes = default, bool keepDims = false) => this.Extreme(nameof(Max), ReduceProgram.Max, axes, keepDims);

    /// <inheritdoc cref="Max(ReadOnlySpan{int}, bool)"/>
    public Tensor Max(int axis, bool keepDims = false) => Max([axis], keepDims);

    /// <summary>The smallest element; NaN wins. Equal smallest elements share the gradient evenly.</summary>
    /// <exception cref="ShapeMismatchException">A reduced axis is empty.</exception>
    public Tensor Min(ReadOnlySpan<int> axes = default, bool keepDims = false) => this.Extreme(nameof(Min), ReduceProgram.Min, axes, keepDims);

    /// <inheritdoc cref="Min(ReadOnlySpan{int}, bool)"/>
    public Tensor Min(int axis, bool keepDims = false) => Min([axis], keepDims);

    /// <summary>The product; over no elements 1. The gradient is right where elements are 0.</summary>
    public Tensor Prod(ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        Tensor x = Autocast.Widen(this);
        AxisSet set = Guard.Axes(nameof(Prod), Shape, axes);
        Tensor y = x.Reduce(ReduceProgram.Product, set, TypePromotion.ToSum(x.DType), []);
        return this.Finish(y, set, keepDims, ShouldTrack(x) ? new ProdNode(x, set) : null);
    }

    /// <inheritdoc cref="Prod(ReadOnlySpan{int}, bool)"/>
    public Tensor Prod(int axis, bool keepDims = false) => Prod([axis], keepDims);

    /// <summary>The index of the largest element, the first one at a tie; NaN counts as largest. int64, no gradient.</summary>
    public Tensor ArgMax(int? axis = null, bool keepDims = false) => this.ArgExtreme(nameof(ArgMax), ReduceProgram.ArgMax, axis, keepDims);

    /// <summary>The index of the smallest element, the first one at a tie; NaN counts as smallest. int64, no gradient.</summary>
    public Tensor ArgMin(int? axis = null, bool keepDims = false) => this.ArgExtreme(nameof(ArgMin), ReduceProgram.ArgMin, axis, keepDims);

    /// <summary>Whether any element is true (not 0).</summary>
    public Tensor Any() => this.Reduce(ReduceProgram.Any, AxisSet.All(Rank), DType.Bool, [], keepDims: false);

    /// <summary>Whether all elements are true (not 0); true over no elements.</summary>
    public Tensor All() => this.Reduce(ReduceProgram.All, AxisSet.All(Rank), DType.Bool, [], keepDims: false);

    /// <summary>The sum over the axes by which a shape was stretched to this one: the transpose of <see cref="Expand"/>.</summary>
    internal Tensor SumTo(Shape shape)
    {
        if (shape == Shape)
        {
            return this;
        }

        int added = Rank - shape.Rank;
        Span<int> axes = stackalloc int[Rank];
        int count = 0;
        for (int i = 0; i < Rank; i++)
        {
            if (i < added || (shape[i - added] == 1 && Shape[i] != 1))
            {
                axes[count++] = i;
            }
        }

        return count == 0 ? ReshapeOrSelf(shape) : Sum(axes[..count], keepDims: true).ReshapeOrSelf(shape);
    }
}

/// <summary>Programs and checks of reductions.</summary>
file static class ReductionOps
{
    public static readonly MapProgram MaxShare = MapProgram.Compile(
        4, Expr.Where(Expr.Equal(Expr.Input(0), Expr.Input(1)), Expr.Input(2) / Expr.Input(3), 0));

    public static readonly MapProgram ZeroAsOne = Programs.Unary(static x => Expr.Where(Expr.Equal(x, 0), 1, x));

    public static Tensor Extreme(this Tensor x, string op, ReduceProgram program, ReadOnlySpan<int> axes, bool keepDims)
    {
        AxisSet set = Guard.Axes(op, x.Shape, axes);
        x.CheckNotEmpty(op, set);
        Tensor y = x.Reduce(program, set, x.DType, []);
        return x.Finish(y, set, keepDims, x.DType.IsFloatingPoint() && Tensor.ShouldTrack(x) ? new ExtremeNode(op, x, y, set) : null);
    }

    public static Tensor ArgExtreme(this Tensor x, string op, ReduceProgram program, int? axis, bool keepDims)
    {
        AxisSet set = axis is { } a ? default(AxisSet).With(Guard.Axis(a, x.Rank, nameof(axis))) : AxisSet.All(x.Rank);
        x.CheckNotEmpty(op, set);
        return x.Reduce(program, set, DType.Int64, [], keepDims);
    }

    public static void CheckNotEmpty(this Tensor x, string op, AxisSet axes)
    {
        if (x.CountOver(axes) == 0)
        {
            throw new ShapeMismatchException($"{op}: {x.Shape} has no elements to choose from along the reduced axes.");
        }
    }
}

/// <summary>dx = scale·dy spread over the reduced axes. Of x only the shape is kept.</summary>
file sealed class SumNode(string op, Tensor x, AxisSet axes, double scale) : GradNode(x)
{
    private readonly Shape _shape = x.Shape;
    private readonly Shape _kept = x.ReducedShape(axes, keepDims: true);
    private readonly DType _type = x.DType;

    public override string Name => op;

    internal override void Backward(Tensor dy, GradSink sink)
    {
        // The scaling happens before the spreading, on the few elements.
        Tensor scaled = scale == 1 ? dy : dy * scale;
        scaled = scaled.ToOrSelf(_type);
        sink.Add(0, (scaled.Rank == 0 ? scaled : scaled.ReshapeOrSelf(_kept)).ExpandOrSelf(_shape));
    }
}

file sealed class ExtremeNode(string op, Tensor x, Tensor y, AxisSet axes) : GradNode(x)
{
    private readonly SavedTensor _x = new(op, x);
    private readonly SavedTensor _y = new(op, y);

    public override string Name => op;

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor x = _x.Value, ties;
        using (GradMode.Off())
        {
            ties = x.EqualTo(_y.Value).ToOrSelf(x.DType).Reduce(ReduceProgram.Sum, axes, x.DType, []);
        }

        sink.Add(0, Pointwise.Apply(op + "Backward", ReductionOps.MaxShare, [x.Detach(), _y.Value.Detach(), dy, ties]));
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _x.Release();
        _y.Release();
    }
}

/// <summary>The product of the others: P/x where nothing is 0, and at a single 0 the product of the rest; with two zeros nothing.</summary>
file sealed class ProdNode(Tensor x, AxisSet axes) : GradNode(x)
{
    private readonly SavedTensor _x = new("Prod", x);

    public override string Name => "Prod";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor x = _x.Value;
        Tensor isZero = x.Detach().EqualTo(0);
        Tensor zeros = isZero.ToOrSelf(x.DType).Reduce(ReduceProgram.Sum, axes, x.DType, []);
        Tensor nonZero = Pointwise.Apply("Prod", ReductionOps.ZeroAsOne, [x]);
        Span<int> list = stackalloc int[axes.Count];
        for (int i = 0, k = 0; i < x.Rank; i++)
        {
            if (axes.Contains(i))
            {
                list[k++] = i;
            }
        }

        Tensor product = nonZero.Prod(list, keepDims: true);
        Tensor zero = x.Detach().ZerosLike();
        Tensor others = product / nonZero;
        Tensor factor = Tensor.Where(zeros.EqualTo(0), others, Tensor.Where(zeros.EqualTo(1).And(isZero), others, zero));
        sink.Add(0, dy * factor);
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved() => _x.Release();
}
