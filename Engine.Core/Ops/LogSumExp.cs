namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// ln Σ eˣ, without overflow: the maximum is taken out first. −∞ over no elements and over nothing but −∞, where the gradient is 0.
    /// </summary>
    public Tensor LogSumExp(ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        Tensor x = ToOrSelf(Autocast.Wide(TypePromotion.ToFloating(DType)));
        AxisSet set = Guard.Axes(nameof(LogSumExp), Shape, axes);
        if (x.DType.IsHalf())
        {
            return x.ToOrSelf(DType.Float32).LogSumExp(axes, keepDims).ToOrSelf(x.DType);
        }

        if (x.CountOver(set) == 0)
        {
            return x.Sum(axes, keepDims).Log();
        }

        Tensor values = x.Detach(), shift;
        using (GradMode.Off())
        {
            // An infinite maximum is not taken out: ∞ − ∞ would be NaN.
            shift = Pointwise.Apply(nameof(LogSumExp), LogSumExpPrograms.SafeShift, [values.Max(axes, keepDims: true)]);
        }

        Tensor rest = Allocate(shift.Shape, x.DType, Device);
        Reductions.Into(LogSumExpPrograms.ShiftedLogSumExp, set, [values, shift], [rest], []);
        if (ShouldTrack(x))
        {
            rest.Record(new LogSumExpNode(x, shift, rest));
        }

        Tensor y = rest + shift;
        return keepDims ? y : y.ReshapeOrSelf(this.ReducedShape(set, keepDims: false));
    }

    /// <inheritdoc cref="LogSumExp(ReadOnlySpan{int}, bool)"/>
    public Tensor LogSumExp(int axis, bool keepDims = false) => LogSumExp([axis], keepDims);
}

/// <summary>Programs of ln Σ eˣ.</summary>
file static class LogSumExpPrograms
{
    public static readonly MapProgram SafeShift = Programs.Unary(static m => Expr.Where(Expr.Less(Expr.Abs(m), double.PositiveInfinity), m, 0));

    // Inputs x and the number that is subtracted from it.
    public static readonly ReduceProgram ShiftedLogSumExp = ReduceProgram.Create(
        MapProgram.Compile(2, Expr.Exp(Expr.Input(0) - Expr.Input(1))), [Combiner.Sum], MapProgram.Compile(1, Expr.Log(Expr.Input(0))));

    // Inputs dy, x, the shift and ln Σ e^(x − shift). Where all of a row is −∞ no element has a share.
    public static readonly MapProgram ShareOfSum = MapProgram.Compile(
        4,
        Expr.Input(0) * Expr.Where(
            Expr.Equal(Expr.Input(3), double.NegativeInfinity), 0, Expr.Exp(Expr.Input(1) - Expr.Input(2) - Expr.Input(3))));
}

/// <summary>dx = dy·e^(x − shift − ln Σ e^(x − shift)): taking the shift out first keeps the digits that a large sum would round away.</summary>
file sealed class LogSumExpNode : GradNode
{
    private readonly SavedTensor _x;
    private readonly SavedTensor _shift;
    private readonly SavedTensor _rest;

    public LogSumExpNode(Tensor x, Tensor shift, Tensor rest)
        : base(x)
    {
        rest.Record(this);
        (_x, _shift, _rest) = (new SavedTensor(Name, x), new SavedTensor(Name, shift), SavedTensor.OfOutput(Name, rest));
    }

    public override string Name => "LogSumExp";

    internal override void Backward(Tensor dy, GradSink sink) =>
        sink.Add(0, Pointwise.Apply("LogSumExpBackward", LogSumExpPrograms.ShareOfSum, [dy, _x.Value, _shift.Value, _rest.Value]));

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _x.Release();
        _shift.Release();
        _rest.Release();
    }
}
