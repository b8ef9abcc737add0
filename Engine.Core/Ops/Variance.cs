namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// The variance: Σ(x − mean)²/(n − <paramref name="correction"/>); correction 1 is the unbiased estimate, 0 the mean square deviation. NaN where n is not
    /// larger than correction; exactly 0 for equal numbers.
    /// </summary>
    /// <remarks>Numbers are taken relative to one of them, so a mean that is large beside the standard deviation costs no digits.</remarks>
    public Tensor Var(ReadOnlySpan<int> axes = default, int correction = 1, bool keepDims = false) => this.Spread(nameof(Var), axes, correction, keepDims, isRoot: false);

    /// <inheritdoc cref="Var(ReadOnlySpan{int}, int, bool)"/>
    public Tensor Var(int axis, int correction = 1, bool keepDims = false) => Var([axis], correction, keepDims);

    /// <summary>
    /// The standard deviation, the root of <see cref="Var(ReadOnlySpan{int}, int, bool)"/>. The squares do not overflow where it does not. Its
    /// gradient is 0 where it is 0.
    /// </summary>
    public Tensor Std(ReadOnlySpan<int> axes = default, int correction = 1, bool keepDims = false) => this.Spread(nameof(Std), axes, correction, keepDims, isRoot: true);

    /// <inheritdoc cref="Std(ReadOnlySpan{int}, int, bool)"/>
    public Tensor Std(int axis, int correction = 1, bool keepDims = false) => Std([axis], correction, keepDims);
}

/// <summary>Variance and standard deviation.</summary>
file static class VarianceOps
{
    // Inputs x, the first element of its row, and the mean of x less that: the deviation from the mean in two exact steps where the mean is large.
    public static readonly Expr Deviation = Expr.Input(0) - Expr.Input(1) - Expr.Input(2);

    public static readonly ReduceProgram ShiftedMean = ReduceProgram.Create(
        MapProgram.Compile(2, Expr.Input(0) - Expr.Input(1)), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0) / Expr.Parameter(0)));

    public static readonly ReduceProgram Variance = ReduceProgram.Create(
        MapProgram.Compile(3, Expr.Square(Deviation)), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0) / Expr.Parameter(0)));

    public static readonly ReduceProgram StandardDeviation = ScaledSquares.Root(3, Deviation);

    // The three inputs of the deviation, then dy, and for the second the standard deviation.
    public static readonly MapProgram VarianceSlope = MapProgram.Compile(4, Expr.Input(3) * (Deviation * Expr.Parameter(0)));

    public static readonly MapProgram StandardDeviationSlope = MapProgram.Compile(
        5, Expr.Input(3) * Expr.Where(Expr.Equal(Expr.Input(4), 0), 0, Deviation / Expr.Input(4) * Expr.Parameter(0)));

    public static Tensor Spread(this Tensor input, string op, ReadOnlySpan<int> axes, int correction, bool keepDims, bool isRoot)
    {
        Tensor x = input.ToOrSelf(Autocast.Wide(TypePromotion.ToFloating(input.DType)));
        AxisSet set = Guard.Axes(op, input.Shape, axes);
        long count = x.CountOver(set);
        if (count == 0)
        {
            return x.Sum(axes, keepDims) / 0;
        }

        double divisor = Math.Max(0, count - (long)correction);
        Tensor values = x.Detach(), first = values.FirstOf(set);
        Tensor offset = Tensor.Allocate(input.ReducedShape(set, keepDims: true), x.DType.ComputeType(), input.Device), y = Tensor.Allocate(offset.Shape, x.DType, input.Device);
        Reductions.Into(ShiftedMean, set, [values, first], [offset], [count]);
        if (isRoot)
        {
            Span<double> parameters = stackalloc double[ScaledSquares.ParameterCount];
            ScaledSquares.SetParameters(x.DType.ComputeType(), 1 / divisor, parameters);
            Reductions.Into(StandardDeviation, set, [values, first, offset], [y], parameters);
        }
        else
        {
            Reductions.Into(Variance, set, [values, first, offset], [y], [divisor]);
        }

        return x.Finish(y, set, keepDims, Tensor.ShouldTrack(x) ? new SpreadNode(op, x, offset, y, set, divisor, isRoot) : null);
    }

    /// <summary>The first element along each of the axes, which stay with size 1: a view.</summary>
    public static Tensor FirstOf(this Tensor input, AxisSet axes)
    {
        Tensor y = input;
        for (int i = 0; i < input.Rank; i++)
        {
            y = axes.Contains(i) ? y.SliceOrSelf(i, 0, 1, 1) : y;
        }

        return y;
    }
}

/// <summary>For the variance dx = dy·2/(n − correction)·(x − mean); for its root dx = dy·(x − mean)/root/(n − correction).</summary>
file sealed class SpreadNode : GradNode
{
    private readonly string _op;
    private readonly AxisSet _axes;
    private readonly double _divisor;
    private readonly bool _isRoot;
    private readonly SavedTensor _x;
    private readonly SavedTensor _offset;
    private readonly SavedTensor _y;

    public SpreadNode(string op, Tensor x, Tensor offset, Tensor y, AxisSet axes, double divisor, bool isRoot)
        : base(x)
    {
        (_op, _axes, _divisor, _isRoot) = (op, axes, divisor, isRoot);
        y.Record(this);
        (_x, _offset, _y) = (new SavedTensor(op, x), new SavedTensor(op, offset), SavedTensor.OfOutput(op, y));
    }

    public override string Name => _op;

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor x = _x.Value, first = x.Detach().FirstOf(_axes);
        if (GradMode.IsEnabled)
        {
            Tensor deviation = Deviation(x, first);
            sink.Add(0, _isRoot
                ? Pointwise.Apply(_op + "Backward", NormPrograms.AlongRoot, [dy, deviation, _y.Value]) / _divisor
                : dy * (deviation * (2 / _divisor)));
            return;
        }

        sink.Add(0, _isRoot
            ? Pointwise.Apply(_op + "Backward", VarianceOps.StandardDeviationSlope, [x, first, _offset.Value, dy, _y.Value], [1 / _divisor], resultAs: x.DType)
            : Pointwise.Apply(_op + "Backward", VarianceOps.VarianceSlope, [x, first, _offset.Value, dy], [2 / _divisor], resultAs: x.DType));
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _x.Release();
        _offset.Release();
        _y.Release();
    }

    /// <summary>x − mean in steps that can be differentiated.</summary>
    private Tensor Deviation(Tensor x, Tensor first)
    {
        Span<int> list = stackalloc int[_axes.Count];
        for (int i = 0, k = 0; i < x.Rank; i++)
        {
            if (_axes.Contains(i))
            {
                list[k++] = i;
            }
        }

        Tensor shifted = x - first;
        // No axes would mean all of them.
        return list.IsEmpty ? shifted : shifted - shifted.Mean(list, keepDims: true);
    }
}
