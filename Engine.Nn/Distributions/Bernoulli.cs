namespace Engine.Nn.Distributions;

/// <summary>The Bernoulli distribution: 1 with probability p, else 0.</summary>
public sealed class Bernoulli : Distribution
{
    private static readonly MapProgram s_entropy = MapProgram.Compile(
        1, -Parameters.XLogY(Expr.Input(0), Expr.Input(0)) - Parameters.XLog1MinusY(1 - Expr.Input(0), Expr.Input(0)));

    private readonly Tensor? _logits;

    /// <summary>Takes probabilities or logits.</summary>
    /// <param name="probs">p, of a one, in [0, 1].</param>
    /// <param name="logits">ln p/(1 − p), instead; safer near 0 and 1.</param>
    /// <exception cref="ArgumentException">Not one of the two is given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a probability lies outside of [0, 1].</exception>
    public Bernoulli(Tensor? probs = null, Tensor? logits = null)
        : base(YesOrNo.Check(nameof(Bernoulli), probs, logits))
    {
        (Probs, _logits) = (YesOrNo.Probs(probs, logits), logits);
    }

    /// <summary>The probability of a one.</summary>
    public Tensor Probs { get; }

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Probs.Alias();

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Probs * (1 - Probs);

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) => Probs.Expand(SampleShape(shape)).Bernoulli(generator);

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) =>
        YesOrNo.LogProb(value.To(Probs.DType), 1 - value.To(Probs.DType), Probs, _logits).Within(value.EqualTo(0).Or(value.EqualTo(1)));

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => Pointwise.Apply(nameof(Entropy), s_entropy, [Probs]);
}

/// <summary>The binomial distribution: how many of n answers are yes, each with probability p.</summary>
/// <remarks>A sample takes n random numbers. Poisson's distribution is near it where n is large and p small.</remarks>
public sealed class Binomial : Distribution
{
    // So many random numbers are held at once.
    private const long Chunk = 1 << 22;
    private const int MostAnswers = 1 << 20;

    private readonly Tensor? _logits;

    /// <summary>Takes a number of answers, and probabilities or logits.</summary>
    /// <param name="totalCount">n, from 0 to 2²⁰.</param>
    /// <param name="probs">p, of a yes, in [0, 1].</param>
    /// <param name="logits">ln p/(1 − p), instead.</param>
    /// <exception cref="ArgumentException">Not one of probs and logits is given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or too large; in host memory: a probability lies outside of [0, 1].</exception>
    public Binomial(int totalCount, Tensor? probs = null, Tensor? logits = null)
        : base(YesOrNo.Check(nameof(Binomial), probs, logits))
    {
        ArgumentOutOfRangeException.ThrowIfNegative(totalCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(totalCount, MostAnswers);
        (TotalCount, Probs, _logits) = (totalCount, YesOrNo.Probs(probs, logits), logits);
    }

    /// <summary>The number of answers.</summary>
    public int TotalCount { get; }

    /// <summary>The probability of a yes.</summary>
    public Tensor Probs { get; }

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Probs * TotalCount;

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Probs * (1 - Probs) * TotalCount;

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator)
    {
        Shape all = SampleShape(shape);
        Tensor sum = Tensor.Zeros(all, Probs.DType, Probs.Device);
        int step = (int)Math.Clamp(Chunk / Math.Max(1, all.ElementCount), 1, Math.Max(1, TotalCount));
        for (int done = 0; done < TotalCount; done += step)
        {
            sum += Probs.Expand([Math.Min(step, TotalCount - done), .. all]).Bernoulli(generator).Sum(0);
        }

        return sum;
    }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value)
    {
        // What is not supported counts as 0, so that its logarithms stay numbers.
        Tensor inside = Parameters.IsCount(value).And(value <= TotalCount);
        Tensor yes = value.To(Probs.DType) * inside, no = TotalCount - yes;
        Tensor ways = Tensor.Scalar(TotalCount + 1.0, Probs.DType, Probs.Device).Lgamma() - (yes + 1).Lgamma() - (no + 1).Lgamma();
        return (ways + YesOrNo.LogProb(yes, no, Probs, _logits)).Within(inside);
    }

    /// <summary>The entropy, by the sum over all counts: n + 1 numbers for each.</summary>
    /// <inheritdoc/>
    protected override Tensor EntropyCore()
    {
        DType type = Probs.DType == DType.Float64 ? DType.Float64 : DType.Float32;
        Tensor counts = Tensor.Arange(0, TotalCount + 1L, 1, type, Probs.Device);
        Tensor ways = Tensor.Scalar(TotalCount + 1.0, type, Probs.Device).Lgamma() - (counts + 1).Lgamma() - (TotalCount - counts + 1).Lgamma();
        Tensor log = ways + YesOrNo.LogProb(counts, TotalCount - counts, Probs.Unsqueeze(-1), _logits?.Unsqueeze(-1));
        return Classes.Entropy(log.Exp(), log).To(Probs.DType);
    }
}

/// <summary>What answers of yes and no share.</summary>
internal static class YesOrNo
{
    // y·ln σ(z) + n·ln σ(−z).
    private static readonly MapProgram s_ofLogits = MapProgram.Compile(
        3, (Expr.Input(0) * Expr.LogSigmoid(Expr.Input(2))) + (Expr.Input(1) * Expr.LogSigmoid(-Expr.Input(2))));

    private static readonly MapProgram s_ofProbs = MapProgram.Compile(
        3, Parameters.XLogY(Expr.Input(0), Expr.Input(2)) + Parameters.XLog1MinusY(Expr.Input(1), Expr.Input(2)));

    public static Shape Check(string op, Tensor? probs, Tensor? logits)
    {
        Parameters.OneOf(op, probs, logits);
        return Parameters.Broadcast(op, probs is null ? Parameters.NotNaN(op, logits!, nameof(logits)) : Parameters.Probabilities(op, probs));
    }

    public static Tensor Probs(Tensor? probs, Tensor? logits) => probs ?? logits!.Sigmoid();

    /// <summary>The logarithm of the probability of so many yes and no, in one order.</summary>
    public static Tensor LogProb(Tensor yes, Tensor no, Tensor probs, Tensor? logits) => logits is null
        ? Pointwise.Apply(nameof(LogProb), s_ofProbs, [yes, no, probs])
        : Pointwise.Apply(nameof(LogProb), s_ofLogits, [yes, no, logits]);
}
