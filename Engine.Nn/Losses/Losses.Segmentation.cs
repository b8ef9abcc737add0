namespace Engine.Nn;

/// <content>Losses for few positives among many: focal and overlap losses.</content>
public static partial class Losses
{
    // Cross-entropy times (1 − p_t)^γ, p_t the probability of what is asked for.
    private static readonly MapProgram s_focal = MapProgram.Compile(2, SigmoidFocalOf(Expr.Input(0), Expr.Input(1)));

    private static readonly MapProgram s_focalOfLog = MapProgram.Compile(1, -Expr.Pow(-Expr.Expm1(Expr.Input(0)), Expr.Parameter(0)) * Expr.Input(0));

    /// <summary>The mean of <see cref="SigmoidFocal(Tensor, Tensor, double, double, Reduction)"/> with α = 0.25 and γ = 2.</summary>
    public static Tensor SigmoidFocal(Tensor logits, Tensor target) => SigmoidFocal(logits, target, 0.25);

    /// <summary>
    /// α_t·(1 − p_t)^γ·(−ln p_t) of yes-or-no answers, p_t the probability of the right one: what is easy counts little (Lin et al. 2017).
    /// </summary>
    /// <remarks>torchvision: <c>sigmoid_focal_loss</c>; the default reduction here is the mean.</remarks>
    /// <param name="logits">Of any shape.</param>
    /// <param name="target">0 or 1, of the same shape.</param>
    /// <param name="alpha">The weight of the positives, 1 − α that of the negatives; below 0 for none.</param>
    /// <param name="gamma">γ; 0 gives binary cross-entropy.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor SigmoidFocal(Tensor logits, Tensor target, double alpha, double gamma = 2, Reduction reduction = Reduction.Mean)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        Hyper.NotNegative(gamma);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(alpha, 1);

        // Without α both weights are 1.
        (double positive, double negative) = alpha < 0 ? (1.0, 1.0) : (alpha, 1 - alpha);
        return LossTerms.Pairs(nameof(SigmoidFocal), s_focal, logits, target, [gamma, negative, positive - negative], reduction, nameof(logits));
    }

    /// <summary>The mean of <see cref="Focal(Tensor, Tensor, double, Tensor?, long, Reduction)"/> with γ = 2.</summary>
    public static Tensor Focal(Tensor logits, Tensor target) => Focal(logits, target, 2);

    /// <summary>(1 − p_t)^γ·(−ln p_t) of classes, p_t the softmax of the true one; γ = 0 gives <see cref="CrossEntropy(Tensor, Tensor)"/>.</summary>
    /// <param name="logits">[N, C, …].</param>
    /// <param name="target">Class numbers [N, …].</param>
    /// <param name="gamma">γ, how much less what is easy counts.</param>
    /// <param name="classWeights">[C] or null: the weight of each class; the mean is then a weighted one.</param>
    /// <param name="ignoreIndex">Targets with this number count for nothing.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor Focal(
        Tensor logits, Tensor target, double gamma, Tensor? classWeights = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(Focal);
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        Guard.FloatingPoint(Op, logits, nameof(logits));
        Hyper.NotNegative(gamma);
        Tensor x = logits.Wide(), t = ClassMap(Op, x, target);
        LossTerms.CheckWeights(Op, x, x.Shape[1], classWeights, nameof(classWeights));
        Tensor counted = t.NotEqualTo(ignoreIndex), safe = t * counted.To(DType.Int64);
        Tensor log = x.LogSoftmax(1).Gather(1, safe.Unsqueeze(1)).Squeeze(1);
        Tensor losses = Pointwise.Apply(Op, s_focalOfLog, [log], [gamma]);
        Tensor weight = counted.To(x.DType);
        weight = classWeights is null ? weight : weight * classWeights.IndexSelect(0, safe.Reshape(-1)).Reshape(safe.Shape);
        losses = Tensor.Where(counted, losses, losses.Detach().ZerosLike()) * weight;
        return reduction == Reduction.Mean ? losses.Sum() / weight.Sum() : losses.Reduced(reduction);
    }

    /// <summary>The mean of <see cref="Dice(Tensor, Tensor, double, Reduction)"/> with smooth 1.</summary>
    public static Tensor Dice(Tensor probabilities, Tensor target) => Dice(probabilities, target, 1);

    /// <summary>1 − (2·Σ p·t + smooth)/(Σ p + Σ t + smooth) over the pixels of each sample and class: one minus the Dice coefficient, or F1, of soft masks.</summary>
    /// <param name="probabilities">
    /// p in [0, 1]: [N, C, …], after <c>Sigmoid()</c> or <c>Softmax(1)</c>, or [N, pixels] of one class.
    /// </param>
    /// <param name="target">t: masks of the same shape, or class numbers [N, …] for [N, C, …].</param>
    /// <param name="smooth">Keeps empty masks from 0/0, where the loss is then 0 for an empty prediction.</param>
    /// <param name="reduction">The mean over samples and classes by default; none gives [N, C], or [N].</param>
    public static Tensor Dice(Tensor probabilities, Tensor target, double smooth, Reduction reduction = Reduction.Mean)
    {
        Overlap(nameof(Dice), probabilities, target, smooth, out Tensor both, out Tensor total);
        return (1 - (((2 * both) + smooth) / (total + smooth))).Reduced(reduction);
    }

    /// <summary>The mean of <see cref="Jaccard(Tensor, Tensor, double, Reduction)"/> with smooth 1.</summary>
    public static Tensor Jaccard(Tensor probabilities, Tensor target) => Jaccard(probabilities, target, 1);

    /// <summary>1 − (Σ p·t + smooth)/(Σ p + Σ t − Σ p·t + smooth): one minus the intersection over the union (IoU) of soft masks.</summary>
    /// <inheritdoc cref="Dice(Tensor, Tensor, double, Reduction)"/>
    public static Tensor Jaccard(Tensor probabilities, Tensor target, double smooth, Reduction reduction = Reduction.Mean)
    {
        Overlap(nameof(Jaccard), probabilities, target, smooth, out Tensor both, out Tensor total);
        return (1 - ((both + smooth) / (total - both + smooth))).Reduced(reduction);
    }

    /// <summary>Σ p·t and Σ p + Σ t of each sample and class.</summary>
    private static void Overlap(string op, Tensor probabilities, Tensor target, double smooth, out Tensor both, out Tensor total)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentNullException.ThrowIfNull(target);
        Guard.FloatingPoint(op, probabilities, nameof(probabilities));
        Hyper.NotNegative(smooth);
        Tensor p = probabilities.Wide(), t = target;
        if (p.Rank < 2)
        {
            throw new ShapeMismatchException($"{op}: probabilities is {p.Shape}; it must be [N, C, …], or [N, pixels] of one class.");
        }

        if (t.Shape != p.Shape && t.Rank == p.Rank - 1 && !t.DType.IsFloatingPoint())
        {
            t = ClassMap(op, p, t).Unsqueeze(1).EqualTo(Tensor.Arange(p.Shape[1], p.Device).Reshape([p.Shape[1], .. Enumerable.Repeat(1, p.Rank - 2)]));
        }

        Guard.SamePairs(op, p, t, nameof(probabilities));
        t = t.To(p.DType);
        int[] pixels = p.Rank == 2 ? [1] : [.. Enumerable.Range(2, p.Rank - 2)];
        both = (p * t).Sum(pixels);
        total = p.Sum(pixels) + t.Sum(pixels);
    }

    /// <summary>Class numbers [N, …] for scores [N, C, …] as int64.</summary>
    private static Tensor ClassMap(string op, Tensor x, Tensor target)
    {
        if (x.Rank < 2 || target.Rank != x.Rank - 1 || x.Shape.Remove(1) != target.Shape)
        {
            throw new ShapeMismatchException($"{op}: the scores are {x.Shape}, target is {target.Shape}; for scores [N, C, …] the target must be [N, …].");
        }

        return LossTerms.Whole(op, target);
    }

    private static Expr SigmoidFocalOf(Expr z, Expr t)
    {
        Expr p = Expr.Sigmoid(z), miss = p + t - (2 * p * t);
        Expr crossEntropy = -(t * Expr.LogSigmoid(z)) - ((1 - t) * Expr.LogSigmoid(-z));
        return (Expr.Parameter(1) + (Expr.Parameter(2) * t)) * Expr.Pow(miss, Expr.Parameter(0)) * crossEntropy;
    }
}
