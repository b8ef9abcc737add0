namespace Engine;

/// <summary>How the losses of the elements become the result.</summary>
public enum Reduction : byte
{
    /// <summary>They stay as they are.</summary>
    None,

    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their sum divided by the size of the first axis: the mathematical mean of a divergence.</summary>
    BatchMean,
}

/// <summary>Losses. The tensor itself is the prediction.</summary>
public sealed partial class Tensor
{
    /// <summary>
    /// Categorical cross-entropy from logits. Of class numbers: −log softmax(z) at the true class, by the numerically safe form
    /// ln Σ eᶻ − z_t, in one pass. Of class probabilities: −Σ q·log softmax(z).
    /// </summary>
    /// <param name="target">
    /// Class numbers (int64, int32 or uint8): [N] for logits [N, C], [N, H, W] for [N, C, H, W]. Or class probabilities, floating and of the
    /// logits' shape (one-hot rows too); gradients reach them as well.
    /// </param>
    /// <param name="classWeights">
    /// [C] or null: the weight of each class. The mean over class numbers is then a weighted one; the mean over probabilities still divides
    /// by the number of samples, as in PyTorch.
    /// </param>
    /// <param name="labelSmoothing">s: the target distribution is (1 − s)·q + s/C, with q the probabilities or one at the true class.</param>
    /// <param name="ignoreIndex">Targets with this number count for nothing; not for probabilities.</param>
    /// <param name="reduction">Mean by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a class number outside [0, C) that is not ignored.</exception>
    /// <exception cref="ShapeMismatchException">The target has neither one number a sample nor the logits' shape.</exception>
    /// <exception cref="DTypeMismatchException">Class numbers that are not integers, or probabilities that are.</exception>
    public Tensor CrossEntropy(Tensor target, Tensor? classWeights = null, double labelSmoothing = 0, long ignoreIndex = -100, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(CrossEntropy);
        ArgumentNullException.ThrowIfNull(target);
        Guard.FloatingPoint(Op, this, "logits");
        Guard.SameDevice(Op, this, target);
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, $"{Op}: label smoothing must lie in [0, 1].");
        }

        if (target.DType.IsFloatingPoint() && target.Shape == Shape && Rank > 0)
        {
            return this.CrossEntropyOfProbabilities(target, classWeights, labelSmoothing, ignoreIndex, reduction);
        }

        Tensor z = Autocast.Widen(this).ClassesLast(Op, target, classWeights, ignoreIndex, out Tensor t);
        Tensor losses = Allocate([z.Shape[0]], z.DType, Device), lse = Allocate([z.Shape[0]], z.DType, Device);
        bool isMean = reduction == Reduction.Mean && classWeights is null;
        Tensor? mean = isMean ? Allocate(Shape.Scalar, z.DType, Device) : null, share = mean?.EmptyLike();
        if (z.Shape[0] > 0)
        {
            Device.Backend.CrossEntropyForward(new CrossEntropyForwardArgs
            {
                Logits = z.Operand,
                Targets = t.Operand,
                ClassWeights = classWeights?.Operand,
                LabelSmoothing = labelSmoothing,
                IgnoreIndex = ignoreIndex,
                LogSumExp = lse.Operand,
                Losses = losses.Operand,
                Mean = mean?.Operand,
                Share = share?.Operand,
            });
        }
        else if (isMean)
        {
            Reductions.Into(SoftmaxPrograms.MeanOfCounted, AxisSet.All(1), [losses, t], [mean!, share!], [ignoreIndex]);
        }

        if (ShouldTrack(z))
        {
            losses.Record(new CrossEntropyNode(z, t, classWeights, lse, labelSmoothing, ignoreIndex).Reading(target, classWeights));
        }

        if (reduction == Reduction.None)
        {
            return losses.ReshapeOrSelf(shape: target.Shape);
        }

        return reduction != Reduction.Mean ? losses.Reduced(reduction)
            : isMean ? LossOps.MeanOf(losses, mean!, share!)
            : losses.Sum() / losses.CountedWeight(t, classWeights, ignoreIndex);
    }

    /// <summary>The negative log-likelihood: −x at the true class, where this tensor holds log-probabilities.</summary>
    /// <inheritdoc cref="CrossEntropy"/>
    public Tensor NllLoss(Tensor target, Tensor? classWeights = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(NllLoss);
        ArgumentNullException.ThrowIfNull(target);
        Tensor x = Autocast.Widen(this).ClassesLast(Op, target, classWeights, ignoreIndex, out Tensor t);
        Tensor ignored = t.EqualTo(ignoreIndex);
        Tensor safe = Where(ignored, Zeros(Shape.Scalar, DType.Int64, Device), t);
        Tensor picked = -x.Gather(1, safe.Unsqueeze(1)).Squeeze(1);
        Tensor weight = ignored.Not().ToOrSelf(x.DType);
        weight = classWeights is null ? weight : weight * classWeights.IndexSelect(0, safe);
        Tensor losses = Where(ignored, picked.Detach().ZerosLike(), picked * weight);
        return reduction switch
        {
            Reduction.None => losses.ReshapeOrSelf(shape: target.Shape),
            Reduction.Mean => losses.Sum() / losses.CountedWeight(t, classWeights, ignoreIndex),
            _ => losses.Reduced(reduction),
        };
    }

    /// <summary>Sparse categorical cross-entropy from probabilities: −ln p at the true class. From logits is numerically safer.</summary>
    /// <inheritdoc cref="CrossEntropy"/>
    public Tensor CrossEntropyFromProbabilities(Tensor target, Tensor? classWeights = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) =>
        Log().NllLoss(target, classWeights, ignoreIndex, reduction);

    /// <summary>
    /// Relative entropy (Kullback-Leibler divergence) Σ t·(ln t − x), where this tensor holds log-probabilities.
    /// </summary>
    /// <param name="target">Probabilities, or their logarithms with <paramref name="logTarget"/>.</param>
    /// <param name="reduction">PyTorch's default is the mean over all elements; <see cref="Reduction.BatchMean"/> is the mathematical one.</param>
    /// <param name="logTarget">Whether the target holds logarithms.</param>
    /// <exception cref="DTypeMismatchException">This tensor is not floating point.</exception>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    public Tensor KlDiv(Tensor target, Reduction reduction = Reduction.Mean, bool logTarget = false) =>
        this.Error(nameof(KlDiv), logTarget ? LossOps.KlDivLog : LossOps.KlDiv, target, [], reduction);

    /// <summary>(x − t)².</summary>
    /// <exception cref="ShapeMismatchException">The shapes differ: a loss does not broadcast.</exception>
    public Tensor MseLoss(Tensor target, Reduction reduction = Reduction.Mean) => this.Error(nameof(MseLoss), LossOps.SquaredError, target, [], reduction);

    /// <summary>|x − t|.</summary>
    /// <exception cref="ShapeMismatchException">The shapes differ: a loss does not broadcast.</exception>
    public Tensor L1Loss(Tensor target, Reduction reduction = Reduction.Mean) => this.Error(nameof(L1Loss), LossOps.AbsoluteError, target, [], reduction);

    /// <summary>(x − t)²/(2·beta) where |x − t| is below beta, |x − t| − beta/2 elsewhere.</summary>
    /// <exception cref="ShapeMismatchException">The shapes differ: a loss does not broadcast.</exception>
    public Tensor SmoothL1Loss(Tensor target, double beta = 1, Reduction reduction = Reduction.Mean)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(beta);
        return beta == 0 ? L1Loss(target, reduction) : this.Error(nameof(SmoothL1Loss), LossOps.SmoothL1, target, [beta], reduction);
    }

    /// <summary>(x − t)²/2 where |x − t| is at most delta, delta·(|x − t| − delta/2) elsewhere.</summary>
    /// <exception cref="ShapeMismatchException">The shapes differ: a loss does not broadcast.</exception>
    public Tensor HuberLoss(Tensor target, double delta = 1, Reduction reduction = Reduction.Mean)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(delta);
        return this.Error(nameof(HuberLoss), LossOps.Huber, target, [delta], reduction);
    }
}

/// <summary>Programs, checks and steps that losses share.</summary>
internal static class LossOps
{
    public static readonly MapProgram SquaredError = Programs.Binary(static (x, t) => Expr.Square(x - t));
    public static readonly MapProgram AbsoluteError = Programs.Binary(static (x, t) => Expr.Abs(x - t));

    public static readonly MapProgram SmoothL1 = Programs.Binary(static (x, t) => Expr.Where(
        Expr.Abs(x - t) < Expr.Parameter(0), Expr.Square(x - t) * 0.5 / Expr.Parameter(0), Expr.Abs(x - t) - (0.5 * Expr.Parameter(0))));

    public static readonly MapProgram Huber = Programs.Binary(static (x, t) => Expr.Where(
        Expr.Abs(x - t) <= Expr.Parameter(0), Expr.Square(x - t) * 0.5, Expr.Parameter(0) * (Expr.Abs(x - t) - (0.5 * Expr.Parameter(0)))));

    // t·(ln t − x), 0 where t = 0 whatever x is.
    public static readonly MapProgram KlDiv = Programs.Binary(static (x, t) => Expr.Where(Expr.Equal(t, 0), 0, t * (Expr.Log(t) - x)));

    public static readonly MapProgram KlDivLog = Programs.Binary(static (x, t) => Expr.Where(Expr.Equal(Expr.Exp(t), 0), 0, Expr.Exp(t) * (t - x)));

    // A mean over no weight at all is undefined, also where smoothing leaves something to divide.
    public static readonly MapProgram UndefinedAtZero = Programs.Unary(static x => Expr.Where(Expr.Equal(x, 0), double.NaN, x));

    public static void CheckClassWeights(string op, DType type, int classes, Tensor? classWeights)
    {
        if (classWeights is not null && (classWeights.Rank != 1 || classWeights.Shape[0] != classes || classWeights.DType != type))
        {
            throw new ShapeMismatchException($"{op}: classWeights is {classWeights.DType.ShortName()} {classWeights.Shape}; it must be {type.ShortName()} [{classes}] (the classes).");
        }
    }

    /// <summary>Class numbers in host memory cost nothing to look at; on a card that would mean to wait for it.</summary>
    public static void CheckClasses(string op, Tensor target, int classes, long? ignoreIndex, string name = "target")
    {
        if (target.Device is not HostDevice || CapturePass.RecordingOn(target.Device) is not null)
        {
            return;
        }

        if (!target.IsContiguous)
        {
            using TensorScope scope = TensorScope.Begin();
            CheckClasses(op, target.Contiguous(), classes, ignoreIndex, name);
            return;
        }

        HostSpan<long> numbers = target.HostValues<long>();
        if (Guard.AllWithin(numbers, classes))
        {
            return;
        }

        foreach (long number in numbers)
        {
            if ((ulong)number >= (ulong)classes && number != ignoreIndex)
            {
                throw new ArgumentOutOfRangeException(
                    name, number, $"{op}: class numbers must lie in [0, {classes}){(ignoreIndex is { } ignored ? $" or be ignoreIndex ({ignored})" : string.Empty)}.");
            }
        }
    }

    /// <summary>The mean over the rows whose targets count, in one pass.</summary>
    /// <summary>A mean of losses that is computed already, with the share of each of them in it.</summary>
    public static Tensor MeanOf(Tensor losses, Tensor mean, Tensor share) => Tensor.ShouldTrack(losses) ? mean.Record(new CountedMeanNode(losses, share)) : mean;

    public static Tensor Reduced(this Tensor x, Reduction reduction) => reduction switch
    {
        Reduction.None => x,
        Reduction.Mean => x.Mean(),
        Reduction.Sum => x.Sum(),
        Reduction.BatchMean => x.Sum() / Math.Max(1, x.Rank == 0 ? 1 : x.Shape[0]),
        _ => throw new ArgumentOutOfRangeException(nameof(reduction)),
    };

    public static Tensor Error(this Tensor x, string op, MapProgram program, Tensor target, ReadOnlySpan<double> parameters, Reduction reduction)
    {
        ArgumentNullException.ThrowIfNull(target);
        Guard.FloatingPoint(op, x, "prediction");
        Guard.SamePairs(op, x, target);
        return Pointwise.Apply(op, program, [x, target], parameters, Autocast.Wide(TypePromotion.Common(x, target))).Reduced(reduction);
    }

    /// <summary>[N, C, …] as [N·…, C], targets as [N·…].</summary>
    public static Tensor ClassesLast(this Tensor x, string op, Tensor target, Tensor? classWeights, long ignoreIndex, out Tensor flatTarget)
    {
        if (target.Shape == x.Shape && x.Rank > 1 && !target.DType.IsFloatingPoint())
        {
            throw new DTypeMismatchException(
                $"{op}: target is {target.DType.ShortName()} {target.Shape} like x; class numbers have one axis less, class probabilities are floating point. For one-hot rows use target.To(DType.Float32){(op == nameof(Tensor.CrossEntropy) ? string.Empty : " with CrossEntropy")}, or target.ArgMax(1).");
        }

        if (target.DType is not (DType.Int64 or DType.Int32 or DType.UInt8))
        {
            string soft = op == nameof(Tensor.CrossEntropy) ? $" Class probabilities have the shape of x, {x.Shape}; the target is {target.Shape}." : string.Empty;
            throw new DTypeMismatchException($"{op}: target is {target.DType.ShortName()}; class numbers are i64. Convert it with To(DType.Int64).{soft}");
        }

        bool fits = x.Rank >= 2 && target.Rank == x.Rank - 1 && target.Shape[0] == x.Shape[0] && x.Shape.AsSpan()[2..].SequenceEqual(target.Shape.AsSpan()[1..]);
        if (!fits)
        {
            string way = x.Rank > 2 && x.Shape[..^1] == target.Shape ? $" Classes on the last axis belong on axis 1: x.Permute({string.Join(", ", (int[])[0, x.Rank - 1, .. Enumerable.Range(1, x.Rank - 2)])})." : string.Empty;
            throw new ShapeMismatchException($"{op}: x is {x.Shape}, target is {target.Shape}; for x [N, C, …] the target must be [N, …].{way}");
        }

        CheckClassWeights(op, x.DType, x.Shape[1], classWeights);
        flatTarget = target.ToOrSelf(DType.Int64).ReshapeOrSelf(Guard.Size(op, target.ElementCount));
        CheckClasses(op, flatTarget, x.Shape[1], ignoreIndex);
        if (x.Rank == 2)
        {
            return x;
        }

        Span<int> order = stackalloc int[x.Rank];
        for (int i = 1; i < x.Rank - 1; i++)
        {
            order[i] = i + 1;
        }

        order[^1] = 1;
        return x.Permute(order).ReshapeOrSelf((int)target.ElementCount, x.Shape[1]);
    }

    /// <summary>The divisor of a mean: the sum of the weights of the targets that count.</summary>
    public static Tensor CountedWeight(this Tensor x, Tensor target, Tensor? classWeights, long ignoreIndex)
    {
        using GradMode.Scope mode = GradMode.Off();
        Tensor counted = target.NotEqualTo(ignoreIndex).ToOrSelf(x.DType);
        if (classWeights is not null)
        {
            Tensor safe = Tensor.Where(target.EqualTo(ignoreIndex), Tensor.Zeros(Shape.Scalar, DType.Int64, x.Device), target);
            counted *= classWeights.IndexSelect(0, safe);
        }

        return Pointwise.Apply(nameof(Tensor.CrossEntropy), UndefinedAtZero, [counted.Sum()]);
    }
}

file sealed class CountedMeanNode(Tensor losses, Tensor share) : GradNode(losses)
{
    private readonly Shape _shape = losses.Shape;
    private readonly SavedTensor _share = new("CrossEntropy", share);

    public override string Name => "Mean";

    internal override bool KnowsOne => true;

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, (dy * _share.Value).ExpandOrSelf(_shape));

    internal override void BackwardOfOne(GradSink sink) => sink.Add(0, _share.Value.ExpandOrSelf(_shape));

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved() => _share.Release();
}

file sealed class CrossEntropyNode(Tensor z, Tensor target, Tensor? classWeights, Tensor lse, double labelSmoothing, long ignoreIndex) : GradNode(z)
{
    private readonly SavedTensor _z = new("CrossEntropy", z);
    private readonly SavedTensor _target = new("CrossEntropy", target);
    private readonly SavedTensor? _weights = SavedTensor.Of("CrossEntropy", classWeights);
    private readonly SavedTensor _lse = new("CrossEntropy", lse);

    public override string Name => "CrossEntropy";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor z = _z.Value;
        if (GradMode.IsEnabled)
        {
            sink.Add(0, Differentiable(z, dy));
            return;
        }

        Tensor dz = z.EmptyLike();
        if (dz.ElementCount > 0)
        {
            z.Device.Backend.CrossEntropyBackward(new CrossEntropyBackwardArgs
            {
                Logits = z.Operand,
                Targets = _target.Value.Operand,
                ClassWeights = _weights?.Value.Operand,
                LabelSmoothing = labelSmoothing,
                IgnoreIndex = ignoreIndex,
                LogSumExp = _lse.Value.Operand,
                GradLosses = dy.Operand,
                GradLogits = dz.Operand,
            });
        }

        sink.Add(0, dz);
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _z.Release();
        _target.Release();
        _weights?.Release();
        _lse.Release();
    }

    /// <summary>dz = dy·(mass·softmax z − q·w) in tensor operations, for second derivatives.</summary>
    private Tensor Differentiable(Tensor z, Tensor dy)
    {
        int classes = z.Shape[1];
        Tensor weighted;
        using (GradMode.Off())
        {
            Tensor target = _target.Value;
            Tensor ignored = target.EqualTo(ignoreIndex);
            Tensor safe = Tensor.Where(ignored, Tensor.Zeros(Shape.Scalar, DType.Int64, z.Device), target);
            weighted = (safe.OneHot(classes, z.DType) * (1 - labelSmoothing)) + (labelSmoothing / classes);
            weighted = _weights is null ? weighted : weighted * _weights.Value;
            weighted *= ignored.Not().ToOrSelf(z.DType).Unsqueeze(1);
        }

        Tensor mass = weighted.Sum(1, keepDims: true);
        return dy.Unsqueeze(1) * ((mass * z.Softmax(1)) - weighted);
    }
}
