namespace Engine.Nn;

/// <content>Losses that ask for a margin between right and wrong.</content>
public static partial class Losses
{
    private static readonly MapProgram s_hingeEmbedding = MapProgram.Compile(2, HingeEmbeddingOf(Expr.Input(0), Expr.Input(1)));

    private static readonly MapProgram s_softMargin = MapProgram.Compile(2, -Expr.LogSigmoid(Expr.Input(0) * Expr.Input(1)));

    private static readonly MapProgram s_marginRanking = MapProgram.Compile(
        3, Expr.ClampMin(Expr.Parameter(0) - (Expr.Input(2) * (Expr.Input(0) - Expr.Input(1))), 0));

    // 1 − cos of pairs that belong together, cos beyond the margin of the others.
    private static readonly MapProgram s_cosineEmbedding = MapProgram.Compile(2, Expr.Where(
        Expr.Input(1) > 0, 1 - Expr.Input(0), Expr.ClampMin(Expr.Input(0) - Expr.Parameter(0), 0)));

    /// <summary>The mean of max(0, margin − y·(x₁ − x₂)), y = 1 where the first should rank higher and −1 where the second should.</summary>
    /// <remarks>PyTorch: <c>F.margin_ranking_loss</c>. The three tensors have one shape.</remarks>
    /// <param name="first">x₁.</param>
    /// <param name="second">x₂.</param>
    /// <param name="target">1 or −1.</param>
    /// <param name="margin">By how much the right one should win.</param>
    /// <param name="reduction">Mean by default.</param>
    /// <exception cref="ShapeMismatchException">The shapes differ: a loss does not broadcast.</exception>
    public static Tensor MarginRanking(Tensor first, Tensor second, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(MarginRanking);
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(target);
        Guard.FloatingPoint(Op, first, nameof(first));
        Guard.SamePairs(Op, first, second, nameof(first));
        Guard.SamePairs(Op, first, target, nameof(first));
        return Pointwise.Apply(Op, s_marginRanking, [first.Wide(), second.Wide(), target], [margin]).Reduced(reduction);
    }

    /// <summary>The mean of <see cref="HingeEmbedding(Tensor, Tensor, double, Reduction)"/> with margin 1.</summary>
    public static Tensor HingeEmbedding(Tensor distance, Tensor target) => HingeEmbedding(distance, target, 1);

    /// <summary>x where the target is 1, max(0, margin − x) where it is −1: distances of pairs that are alike or not.</summary>
    /// <remarks>PyTorch: <c>F.hinge_embedding_loss</c>. Any other target counts both terms, as it does there.</remarks>
    /// <param name="distance">x, of any shape.</param>
    /// <param name="target">1 or −1.</param>
    /// <param name="margin">How far apart what is not alike should be.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor HingeEmbedding(Tensor distance, Tensor target, double margin, Reduction reduction = Reduction.Mean) =>
        LossTerms.Pairs(nameof(HingeEmbedding), s_hingeEmbedding, distance, target, [margin], reduction, nameof(distance));

    /// <summary>The mean of ln(1 + e^(−y·x)), y = ±1.</summary>
    public static Tensor SoftMargin(Tensor prediction, Tensor target) => SoftMargin(prediction, target, Reduction.Mean);

    /// <summary>ln(1 + e^(−y·x)), y = ±1, without overflow.</summary>
    /// <remarks>PyTorch: <c>F.soft_margin_loss</c>.</remarks>
    public static Tensor SoftMargin(Tensor prediction, Tensor target, Reduction reduction) =>
        LossTerms.Pairs(nameof(SoftMargin), s_softMargin, prediction, target, [], reduction, nameof(prediction));

    /// <summary>The mean of <see cref="MultiMargin(Tensor, Tensor, int, double, Tensor?, Reduction)"/> with margin 1.</summary>
    public static Tensor MultiMargin(Tensor scores, Tensor target) => MultiMargin(scores, target, 1);

    /// <summary>Σ over the wrong classes i of max(0, margin − x_t + xᵢ)ᵖ / C, times the weight of the true class t.</summary>
    /// <remarks>PyTorch: <c>F.multi_margin_loss</c>.</remarks>
    /// <param name="scores">x, [N, C].</param>
    /// <param name="target">Class numbers [N], from 0 to C − 1.</param>
    /// <param name="p">1 or 2.</param>
    /// <param name="margin">How much larger the true score should be.</param>
    /// <param name="weight">[C] or null.</param>
    /// <param name="reduction">Mean by default; of the samples, weights or not.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is neither 1 nor 2.</exception>
    public static Tensor MultiMargin(Tensor scores, Tensor target, int p, double margin = 1, Tensor? weight = null, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(MultiMargin);
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(target);
        if (p is not (1 or 2))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, $"{Op}: p must be 1 or 2.");
        }

        Tensor t = LossTerms.ClassNumbers(Op, scores, target, nameof(scores)), x = scores.Wide();
        LossTerms.CheckWeights(Op, x, x.Shape[1], weight);
        Tensor column = t.Unsqueeze(1);
        Tensor terms = (x - x.Gather(1, column) + margin).Clamp(0);
        terms = p == 2 ? terms.Square() : terms;
        Tensor losses = (terms * t.OneHot(x.Shape[1], DType.Bool).Not()).Sum(1) / x.Shape[1];
        return (weight is null ? losses : losses * weight.IndexSelect(0, t)).Reduced(reduction);
    }

    /// <summary>The mean over samples of <see cref="MultiLabelMargin(Tensor, Tensor, Reduction)"/>.</summary>
    public static Tensor MultiLabelMargin(Tensor scores, Tensor target) => MultiLabelMargin(scores, target, Reduction.Mean);

    /// <summary>Σ over the true classes j and the others i of max(0, 1 − (xⱼ − xᵢ)) / C.</summary>
    /// <remarks>PyTorch: <c>F.multilabel_margin_loss</c>. Takes room for N·C² numbers.</remarks>
    /// <param name="scores">x, [N, C].</param>
    /// <param name="target">[N, C]: the true classes of each sample, then −1; what follows the first −1 is not read.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor MultiLabelMargin(Tensor scores, Tensor target, Reduction reduction)
    {
        const string Op = nameof(MultiLabelMargin);
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(target);
        Guard.FloatingPoint(Op, scores, nameof(scores));
        Guard.Rank(Op, scores, 2, "[N, C]", nameof(scores));
        Guard.SamePairs(Op, scores, target, nameof(scores));
        Tensor x = scores.Wide(), t = LossTerms.Whole(Op, target);
        int classes = x.Shape[1];
        Tensor named = (t < 0).To(DType.Int64).CumSum(1).EqualTo(0);
        Tensor safe = t * named.To(DType.Int64);
        Tensor wrong = (safe.OneHot(classes, DType.Int64) * named.Unsqueeze(2)).Sum(1).EqualTo(0);
        Tensor gaps = (x.Unsqueeze(1) - x.Gather(1, safe).Unsqueeze(2) + 1).Clamp(0);
        return ((gaps * wrong.Unsqueeze(1).And(named.Unsqueeze(2))).Sum([1, 2]) / classes).Reduced(reduction);
    }

    /// <summary>The mean of <see cref="MultiLabelSoftMargin(Tensor, Tensor, Tensor?, Reduction)"/> without weights.</summary>
    public static Tensor MultiLabelSoftMargin(Tensor logits, Tensor target) => MultiLabelSoftMargin(logits, target, null);

    /// <summary>The mean over the classes of −w·(y·ln σ(x) + (1 − y)·ln σ(−x)).</summary>
    /// <remarks>PyTorch: <c>F.multilabel_soft_margin_loss</c>.</remarks>
    /// <param name="logits">x, [N, C] or […, C].</param>
    /// <param name="target">y, 0 or 1, of the same shape.</param>
    /// <param name="weight">[C] or null.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor MultiLabelSoftMargin(Tensor logits, Tensor target, Tensor? weight, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(MultiLabelSoftMargin);
        Tensor losses = Same(logits, target).BceWithLogits(target, Reduction.None);
        if (losses.Rank == 0)
        {
            throw new ShapeMismatchException($"{Op}: logits is {logits.Shape}; it must have the axis of the classes.");
        }

        LossTerms.CheckWeights(Op, losses, losses.Shape[-1], weight);
        return (weight is null ? losses : losses * weight).Mean(-1).Reduced(reduction);
    }

    /// <summary>1 − cos(x₁, x₂) where the target is 1, max(0, cos(x₁, x₂) − margin) where it is −1.</summary>
    /// <remarks>PyTorch: <c>F.cosine_embedding_loss</c>; like there, 10⁻¹² is added to both squared lengths.</remarks>
    /// <param name="first">x₁, [N, D] or [D].</param>
    /// <param name="second">x₂, of the same shape.</param>
    /// <param name="target">1 or −1, [N] or a scalar.</param>
    /// <param name="margin">From −1 to 1; what is not alike may have this cosine.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor CosineEmbedding(Tensor first, Tensor second, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(CosineEmbedding);
        const double Epsilon = 1e-12;
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(target);
        Guard.FloatingPoint(Op, first, nameof(first));
        Guard.SamePairs(Op, first, second, nameof(first));
        if (first.Rank is not (1 or 2) || target.Shape != first.Shape.Remove(-1))
        {
            throw new ShapeMismatchException($"{Op}: first is {first.Shape}, target is {target.Shape}; for vectors [N, D] the target must be [N], for one vector [D] a scalar.");
        }

        Tensor a = first.Wide(), b = second.Wide();
        Tensor lengths = ((a.Square().Sum(-1) + Epsilon) * (b.Square().Sum(-1) + Epsilon)).Sqrt();
        return Pointwise.Apply(Op, s_cosineEmbedding, [(a * b).Sum(-1) / lengths, target], [margin]).Reduced(reduction);
    }

    /// <summary>max(0, d(a, p) − d(a, n) + margin): an anchor should be nearer to what is like it than to what is not.</summary>
    /// <remarks>
    /// PyTorch: <c>F.triplet_margin_loss</c>, and <c>F.triplet_margin_with_distance_loss</c> where a distance is given. The default distance is
    /// ‖x − y + 10⁻⁶‖ₚ along the last axis.
    /// </remarks>
    /// <param name="anchor">a, [N, D] or [D].</param>
    /// <param name="positive">p, of the same shape.</param>
    /// <param name="negative">n, of the same shape.</param>
    /// <param name="margin">By how much the positive should be nearer.</param>
    /// <param name="p">The norm of the default distance.</param>
    /// <param name="swap">Whether d(p, n) counts where it is smaller than d(a, n) (Balntas et al. 2016).</param>
    /// <param name="distance">Another distance of two tensors.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor TripletMargin(
        Tensor anchor, Tensor positive, Tensor negative, double margin = 1, double p = 2, bool swap = false, Func<Tensor, Tensor, Tensor>? distance = null,
        Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(TripletMargin);
        ArgumentNullException.ThrowIfNull(anchor);
        ArgumentNullException.ThrowIfNull(positive);
        ArgumentNullException.ThrowIfNull(negative);
        Guard.FloatingPoint(Op, anchor, nameof(anchor));
        Guard.SamePairs(Op, anchor, positive, nameof(anchor));
        Guard.SamePairs(Op, anchor, negative, nameof(anchor));
        _ = double.IsPositiveInfinity(p) ? p : Hyper.Positive(p);
        if (anchor.Rank == 0)
        {
            throw new ShapeMismatchException($"{Op}: anchor is {anchor.Shape}; it must have the axis of the coordinates.");
        }

        Tensor a = anchor.Wide(), like = positive.Wide(), unlike = negative.Wide();
        Tensor near = Distance(a, like), far = Distance(a, unlike);
        far = swap ? Tensor.Minimum(far, Distance(like, unlike)) : far;
        return (near - far + margin).Clamp(0).Reduced(reduction);

        Tensor Distance(Tensor x, Tensor y) => distance is null ? PairwiseDistance(x, y, p) : Guard.Returned(distance(x, y), Op, "the distance");
    }

    private static Tensor PairwiseDistance(Tensor x, Tensor y, double p)
    {
        const double Epsilon = 1e-6;
        Tensor gap = x - y + Epsilon;
        return p == 2 ? gap.Norm(-1)
            : p == 1 ? gap.Abs().Sum(-1)
            : double.IsPositiveInfinity(p) ? gap.Abs().Max(-1)
            : gap.Abs().Pow(p).Sum(-1).Pow(1 / p);
    }

    private static Expr HingeEmbeddingOf(Expr x, Expr y) =>
        Expr.Where(Expr.Equal(y, -1), 0, x) + Expr.Where(Expr.Equal(y, 1), 0, Expr.ClampMin(Expr.Parameter(0) - x, 0));
}
