namespace Engine.Nn.Distributions;

/// <summary>The Poisson distribution of counts: probability rateᵏ·e^(−rate)/k!.</summary>
public sealed class Poisson : Distribution
{
    // Up to this rate the entropy is a sum over counts; what it leaves out has a probability below 10⁻²⁰. Beyond, a series.
    private const double LargestSum = 40;
    private const int Counts = 128;

    private static readonly MapProgram s_entropyTerm = MapProgram.Compile(3, EntropyTerm(Expr.Input(0), Expr.Input(1), Expr.Input(2)));

    private static readonly MapProgram s_entropy = MapProgram.Compile(2, Expr.Where(Expr.Input(0) <= LargestSum, Expr.Input(1), EntropySeries(Expr.Input(0))));

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

    /// <summary>The entropy, by a sum over the counts 0 to 127 up to a rate of 40 and by its asymptotic series beyond: within 10⁻¹⁰ in float64.</summary>
    /// <inheritdoc/>
    protected override Tensor EntropyCore()
    {
        Tensor counts = Tensor.Arange(0, Counts, 1, Rate.DType == DType.Float64 ? DType.Float64 : DType.Float32, Rate.Device);
        Tensor sum = Pointwise.Apply(nameof(Entropy), s_entropyTerm, [Rate.Unsqueeze(-1), counts, (counts + 1).Lgamma()]).Sum(-1);
        return Pointwise.Apply(nameof(Entropy), s_entropy, [Rate, sum]).To(Rate.DType);
    }

    // −p·ln p with ln p = k·ln λ − λ − ln k!.
    private static Expr EntropyTerm(Expr rate, Expr count, Expr logFactorial)
    {
        Expr bounded = Expr.Min(rate, LargestSum), log = Parameters.XLogY(count, bounded) - bounded - logFactorial;
        return Expr.Where(log > -700, -(Expr.Exp(log) * log), 0);
    }

    // ½·ln(2πeλ) − 1/(12λ) − 1/(24λ²) − 19/(360λ³) − …, from ln k! by Stirling's series and the moments (Evans and Boersma 1988).
    private static Expr EntropySeries(Expr rate)
    {
        Expr r = 1 / rate, series = r * ((1.0 / 12) + (r * ((1.0 / 24) + (r * ((19.0 / 360) + (r * ((9.0 / 80) + (r * ((863.0 / 2520) + (r * ((1375.0 / 1008) + (r * (33953.0 / 5040)))))))))))));
        return (0.5 * (Expr.Log(rate) + Math.Log(2 * Math.PI * Math.E))) - series;
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
