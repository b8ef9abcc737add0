namespace Engine.Nn.Distributions;

/// <summary>The Poisson distribution of counts: probability rateᵏ·e^(−rate)/k!.</summary>
public sealed class Poisson : Distribution
{
    /// <summary>Takes the rate.</summary>
    /// <param name="rate">The mean, not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a rate is negative or not finite.</exception>
    public Poisson(Tensor rate)
        : base(Parameters.Broadcast(nameof(Poisson), Parameters.NotNegative(nameof(Poisson), rate)))
    {
        Rate = rate;
    }

    /// <summary>The mean.</summary>
    public Tensor Rate { get; }

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Rate.Alias();

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Rate.Alias();

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) => Rate.Expand(SampleShape(shape)).Poisson(generator);

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value)
    {
        Tensor k = value.To(Rate.DType);
        return (Parameters.XLogY(k, Rate) - Rate - (k + 1).Lgamma()).Within(Parameters.IsCount(value));
    }
}

/// <summary>The geometric distribution of the failures before a success: probability (1 − p)ᵏ·p.</summary>
public sealed class Geometric : Distribution
{
    private static readonly MapProgram s_entropy = MapProgram.Compile(1, -(Expr.Log(Expr.Input(0)) + (Parameters.XLog1MinusY(1 - Expr.Input(0), Expr.Input(0)) / Expr.Input(0))));

    /// <summary>Takes probabilities or logits.</summary>
    /// <param name="probs">p, of a success, in (0, 1].</param>
    /// <param name="logits">ln p/(1 − p), instead.</param>
    /// <exception cref="ArgumentException">Not one of the two is given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a probability lies outside.</exception>
    public Geometric(Tensor? probs = null, Tensor? logits = null)
        : base(YesOrNo.Check(nameof(Geometric), probs, logits))
    {
        Probs = YesOrNo.Probs(probs, logits);
    }

    /// <summary>The probability of a success.</summary>
    public Tensor Probs { get; }

    /// <inheritdoc/>
    protected override Tensor MeanCore() => (1 - Probs) / Probs;

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => (1 - Probs) / Probs.Square();

    // The whole part of an exponential number is geometric.
    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) => (Noise.Exponential(SampleShape(shape), Probs, generator) / -(-Probs).Log1p()).Floor();

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) => (Parameters.XLog1MinusY(value.To(Probs.DType), Probs) + Probs.Log()).Within(Parameters.IsCount(value));

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => Pointwise.Apply(nameof(Entropy), s_entropy, [Probs]);
}
