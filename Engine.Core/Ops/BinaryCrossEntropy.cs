namespace Engine;

/// <summary>Losses of yes or no. The tensor itself is the prediction.</summary>
public sealed partial class Tensor
{
    /// <summary>Binary cross-entropy from logits: −t·ln σ(z) − (1 − t)·ln(1 − σ(z)), without overflow; the gradient is σ(z) − t.</summary>
    /// <exception cref="ShapeMismatchException">The shapes differ: a loss does not broadcast.</exception>
    public Tensor BceWithLogits(Tensor target, Reduction reduction = Reduction.Mean) => this.Error(nameof(BceWithLogits), BinaryCrossEntropyPrograms.BceLogits, target, [], reduction);

    /// <summary>
    /// Binary cross-entropy from probabilities: −t·ln p − (1 − t)·ln(1 − p), logarithms bounded below by −100. The gradient is
    /// (p − t)/max(p·(1 − p), 10⁻¹²), so that a prediction that is certain and wrong still learns.
    /// </summary>
    /// <exception cref="ShapeMismatchException">The shapes differ: a loss does not broadcast.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// In host memory: this tensor holds a number outside [0, 1] or NaN. On a card there is no check, because it would have to wait; the loss is
    /// then NaN or a number without a meaning.
    /// </exception>
    public Tensor BceLoss(Tensor target, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(BceLoss);
        ArgumentNullException.ThrowIfNull(target);
        Guard.FloatingPoint(Op, this, "prediction");
        Guard.SameDevice(Op, this, target);
        Guard.SamePairs(Op, this, target);
        this.CheckProbabilities(Op);
        Shape shape = Guard.Broadcast(Op, Shape, target.Shape);
        DType dtype = Autocast.Wide(TypePromotion.Common(this, target));
        Tensor p = ToOrSelf(dtype).ExpandOrSelf(shape), t = target.ToOrSelf(dtype).ExpandOrSelf(shape), losses;
        using (GradMode.Off())
        {
            losses = Pointwise.Apply(Op, BinaryCrossEntropyPrograms.Bce, [p, t]);
        }

        return (ShouldTrack(p, t) ? losses.Record(new BceNode(p, t)) : losses).Reduced(reduction);
    }
}

/// <summary>Binary cross-entropy and its slopes.</summary>
file static class BinaryCrossEntropyPrograms
{
    // max(z, 0) − z·t + ln(1 + e^−|z|): no large exponential. Switches instead of max and |z|, whose conventional derivatives at 0 do not add up to σ(0).
    public static readonly MapProgram BceLogits = Programs.Binary(static (z, t) => (Expr.Where(z >= 0, 1 - t, -t) * z) + Expr.Log1pExpOfMinus(z));

    // PyTorch bounds both logarithms below by −100.
    public static readonly MapProgram Bce = Programs.Binary(static (p, t) =>
        -(t * Expr.ClampMin(Expr.Log(p), -100)) - ((1 - t) * Expr.ClampMin(Expr.Log1p(-p), -100)));

    // The gradients that PyTorch has: not those of the bounded logarithms, which are 0 where the prediction is certain and wrong.
    public static readonly MapProgram BceSlope = MapProgram.Compile(
        3, Expr.Input(0) * ((Expr.Input(1) - Expr.Input(2)) / Expr.ClampMin(Expr.Input(1) * (1 - Expr.Input(1)), 1e-12)));

    public static readonly MapProgram BceTargetSlope = Programs.Binary(static (dy, p) =>
        dy * (Expr.ClampMin(Expr.Log1p(-p), -100) - Expr.ClampMin(Expr.Log(p), -100)));
}

file sealed class BceNode(Tensor p, Tensor t) : GradNode(p, t)
{
    private readonly SavedTensor _p = new("BceLoss", p);
    private readonly SavedTensor _t = new("BceLoss", t);

    public override string Name => "BceLoss";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        if (sink.Needs(0))
        {
            sink.Add(0, Pointwise.Apply("BceLossBackward", BinaryCrossEntropyPrograms.BceSlope, [dy, _p.Value, _t.Value]));
        }

        if (sink.Needs(1))
        {
            sink.Add(1, Pointwise.Apply("BceLossBackward", BinaryCrossEntropyPrograms.BceTargetSlope, [dy, _p.Value]));
        }
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _p.Release();
        _t.Release();
    }
}
