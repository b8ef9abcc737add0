namespace Engine.Nn.Distributions;

/// <summary>The gamma distribution: density rateᵃ·x^(a − 1)·e^(−rate·x)/Γ(a) for x &gt; 0, a the concentration.</summary>
/// <remarks>
/// The gradient of <see cref="Distribution.RSample"/> with respect to the concentration is implicit, −(∂F/∂a)/p: within 10⁻⁹ in float64 and 10⁻⁵ in float32 (PyTorch's
/// within 5·10⁻⁴). It takes some 25 passes over the samples, and has no derivative itself.
/// </remarks>
public class Gamma : Distribution
{
    private static readonly MapProgram s_logProb = MapProgram.Compile(3, Expr.Where(
        Expr.Input(0) >= 0,
        (Expr.Input(1) * Expr.Log(Expr.Input(2))) + Parameters.XLogY(Expr.Input(1) - 1, Expr.Input(0)) - (Expr.Input(2) * Expr.Input(0)) - Expr.Lgamma(Expr.Input(1)),
        double.NegativeInfinity));

    /// <summary>Takes parameters that broadcast.</summary>
    /// <param name="concentration">The shape parameter a, positive.</param>
    /// <param name="rate">One over the scale, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a parameter is not positive.</exception>
    public Gamma(Tensor concentration, Tensor rate)
        : base(Check(concentration, rate))
    {
        (Concentration, Rate) = (concentration, rate);
    }

    /// <summary>The shape parameter.</summary>
    public Tensor Concentration { get; }

    /// <summary>One over the scale.</summary>
    public Tensor Rate { get; }

    /// <inheritdoc/>
    public override bool HasRSample => true;

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Concentration / Rate;

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Concentration / Rate.Square();

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) =>
        (GammaSampler.Log(Concentration, SampleShape(shape), generator).To(Rate.DType) - Rate.Log()).Exp().Positive();

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) => Pointwise.Apply(nameof(LogProb), s_logProb, [value, Concentration, Rate]);

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => Concentration - Rate.Log() + Concentration.Lgamma() + ((1 - Concentration) * Concentration.Digamma());

    private static Shape Check(Tensor concentration, Tensor rate)
    {
        Parameters.Positive(nameof(Gamma), concentration);
        Parameters.Positive(nameof(Gamma), rate);
        return Parameters.Broadcast(nameof(Gamma), concentration, rate);
    }
}
