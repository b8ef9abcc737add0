namespace Engine.Nn.Distributions;

/// <summary>The categorical distribution: class numbers 0 … K − 1 with given probabilities.</summary>
public sealed class Categorical : Distribution
{
    /// <summary>Takes probabilities or logits [batch, K].</summary>
    /// <param name="probs">Not negative; they need not add up to 1.</param>
    /// <param name="logits">Logarithms of such, instead; the output of a network.</param>
    /// <exception cref="ArgumentException">Not one of the two is given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a probability is negative or not finite.</exception>
    public Categorical(Tensor? probs = null, Tensor? logits = null)
        : base(Classes.Check(nameof(Categorical), probs, logits))
    {
        (Probs, Logits) = Classes.Normalized(probs, logits);
    }

    /// <summary>The probabilities, which add up to 1.</summary>
    public Tensor Probs { get; }

    /// <summary>Their logarithms.</summary>
    public Tensor Logits { get; }

    /// <summary>NaN: classes have no order.</summary>
    /// <inheritdoc/>
    protected override Tensor MeanCore() => Tensor.Full(BatchShape, double.NaN, Probs.DType, Probs.Device);

    /// <summary>NaN: classes have no distances.</summary>
    /// <inheritdoc/>
    protected override Tensor VarianceCore() => MeanCore();

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) => Classes.Sample(Probs, shape, BatchShape, generator);

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value)
    {
        Tensor classes = value.DType.IsFloatingPoint() ? value.To(DType.Int64) : LossTerms.Whole(nameof(LogProb), value, nameof(value));
        Shape.TryBroadcast(classes.Shape, BatchShape, out Shape shape);
        int count = Logits.Shape[-1];
        Tensor inside = (classes >= 0).And(classes < count);
        Tensor safe = classes.Clamp(0, count - 1).Expand(shape);
        Tensor log = Logits.Expand([.. shape, count]).Gather(shape.Rank, safe.Unsqueeze(shape.Rank)).Squeeze(shape.Rank);
        return log.Within(inside);
    }

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => Classes.Entropy(Probs, Logits);
}

/// <summary>The categorical distribution with one-hot rows for classes.</summary>
public sealed class OneHotCategorical : Distribution
{
    /// <summary>Takes probabilities or logits [batch, K], as <see cref="Categorical"/>.</summary>
    /// <param name="probs">Not negative; they need not add up to 1.</param>
    /// <param name="logits">Logarithms of such, instead.</param>
    /// <exception cref="ArgumentException">Not one of the two is given.</exception>
    public OneHotCategorical(Tensor? probs = null, Tensor? logits = null)
        : base(Classes.Check(nameof(OneHotCategorical), probs, logits), [(probs ?? logits!).Shape[-1]])
    {
        Numbers = new Categorical(probs, logits);
    }

    /// <summary>The probabilities, which add up to 1.</summary>
    public Tensor Probs => Numbers.Probs;

    /// <summary>Their logarithms.</summary>
    public Tensor Logits => Numbers.Logits;

    internal Categorical Numbers { get; }

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Probs.Alias();

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Probs * (1 - Probs);

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) => Numbers.Sample(shape, generator).OneHot(EventShape[0], Probs.DType);

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) => Numbers.LogProb(value.ArgMax(value.Rank - 1));

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => Numbers.Entropy();
}

/// <summary>The multinomial distribution: how often each of K classes came, in n draws.</summary>
public sealed class Multinomial : Distribution
{
    /// <summary>Takes the number of draws, and probabilities or logits [batch, K], as <see cref="Categorical"/>.</summary>
    /// <param name="totalCount">n, at least 1.</param>
    /// <param name="probs">Not negative; they need not add up to 1.</param>
    /// <param name="logits">Logarithms of such, instead.</param>
    /// <exception cref="ArgumentException">Not one of the two is given.</exception>
    public Multinomial(int totalCount, Tensor? probs = null, Tensor? logits = null)
        : base(Classes.Check(nameof(Multinomial), probs, logits), [(probs ?? logits!).Shape[-1]])
    {
        TotalCount = Hyper.Count(totalCount);
        (Probs, Logits) = Classes.Normalized(probs, logits);
    }

    /// <summary>The number of draws.</summary>
    public int TotalCount { get; }

    /// <summary>The probabilities, which add up to 1.</summary>
    public Tensor Probs { get; }

    /// <summary>Their logarithms.</summary>
    public Tensor Logits { get; }

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Probs * TotalCount;

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Probs * (1 - Probs) * TotalCount;

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator)
    {
        Tensor classes = Classes.Sample(Probs, [.. shape, TotalCount], BatchShape, generator);
        Tensor last = Classes.MoveToEnd(classes, shape.Rank);
        return Tensor.Zeros(SampleShape(shape), Probs.DType, Probs.Device).ScatterAdd(last.Rank - 1, last, Tensor.Ones(last.Shape, Probs.DType, Probs.Device));
    }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value)
    {
        Tensor counts = value.To(Probs.DType);
        Tensor inside = Parameters.IsCount(value).To(DType.Int64).Min(-1).EqualTo(1).And(counts.Sum(-1).EqualTo(TotalCount));
        Tensor safe = counts.Clamp(0);
        return ((safe.Sum(-1) + 1).Lgamma() + (Parameters.XLogY(safe, Probs) - (safe + 1).Lgamma()).Sum(-1)).Within(inside);
    }

    /// <summary>The entropy n·H − ln n! + Σ E ln kᵢ!, H that of one draw and each kᵢ binomial: K·(n + 1) numbers for each.</summary>
    /// <inheritdoc/>
    protected override Tensor EntropyCore()
    {
        DType type = Probs.DType == DType.Float64 ? DType.Float64 : DType.Float32;
        Tensor counts = Tensor.Arange(0, TotalCount + 1L, 1, type, Probs.Device), logFactorials = (counts + 1).Lgamma();
        Tensor likely = new Binomial(TotalCount, Probs.Unsqueeze(-1)).LogProb(counts).Exp();
        Tensor expected = (likely * logFactorials).Sum([-2, -1]);
        return ((Classes.Entropy(Probs, Logits) * TotalCount) - Tensor.Scalar(TotalCount + 1.0, type, Probs.Device).Lgamma() + expected).To(Probs.DType);
    }
}

/// <summary>What distributions of classes share.</summary>
internal static class Classes
{
    private static readonly MapProgram s_entropyTerm = MapProgram.Compile(2, Expr.Where(Expr.Equal(Expr.Input(0), 0), 0, -Expr.Input(0) * Expr.Input(1)));

    public static Shape Check(string op, Tensor? probs, Tensor? logits)
    {
        Parameters.OneOf(op, probs, logits);
        Shape batch = BatchOf(op, probs is null ? Parameters.NotNaN(op, logits!, nameof(logits)) : Parameters.NotNegative(op, probs));
        if (Parameters.CanLook(probs ?? logits!))
        {
            // Rows of zeros, or of logits −∞, have no shares, nor have those with +∞.
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            double worst = (probs is not null ? probs.Sum(-1) : logits!.Max(-1)).Min().Item(), best = probs is not null ? worst : logits!.Max().Item();
            if (!(worst > (probs is not null ? 0 : double.NegativeInfinity) && best < double.PositiveInfinity))
            {
                throw new ArgumentOutOfRangeException(probs is not null ? nameof(probs) : nameof(logits), worst, probs is not null
                    ? $"{op}: a row of probs adds up to 0; one class at least must have a probability above 0."
                    : $"{op}: a row of logits is −∞ throughout or has +∞; one class at least must be finite, and none +∞.");
            }
        }

        return batch;
    }

    public static Shape BatchOf(string op, Tensor parameter)
    {
        Parameters.Broadcast(op, parameter);
        return parameter.Rank > 0 && parameter.Shape[-1] > 0
            ? parameter.Shape.Remove(parameter.Rank - 1)
            : throw new ShapeMismatchException($"{op}: the parameter is {parameter.Shape}; it must be [batch, K], with at least one class.");
    }

    public static (Tensor Probs, Tensor Logits) Normalized(Tensor? probs, Tensor? logits)
    {
        if (probs is null)
        {
            Tensor log = logits!.LogSoftmax(-1);
            return (log.Exp(), log);
        }

        Tensor share = probs / probs.Sum(-1, keepDims: true);
        return (share, share.Log());
    }

    public static Tensor Entropy(Tensor probs, Tensor logits) => Pointwise.Apply(nameof(Entropy), s_entropyTerm, [probs, logits]).Sum(-1);

    /// <summary>[shape, batch] class numbers.</summary>
    public static Tensor Sample(Tensor probs, Shape shape, Shape batch, Generator? generator)
    {
        if (shape.ElementCount == 0 || batch.ElementCount == 0)
        {
            return Tensor.Empty([.. shape, .. batch], DType.Int64, probs.Device);
        }

        // One row of samples for each distribution.
        Tensor rows = probs.Reshape(-1, probs.Shape[-1]).Multinomial(Guard.Size(nameof(Sample), shape.ElementCount), replacement: true, generator);
        return rows.T.Reshape([.. shape, .. batch]);
    }

    /// <summary>The axis with the given number as the last.</summary>
    public static Tensor MoveToEnd(Tensor x, int axis)
    {
        int[] order = [.. Enumerable.Range(0, x.Rank).Where(i => i != axis), axis];
        return x.Permute(order).Contiguous();
    }
}
