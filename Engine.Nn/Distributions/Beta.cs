namespace Engine.Nn.Distributions;

/// <summary>The beta distribution on [0, 1]: density x^(a − 1)·(1 − x)^(b − 1)/B(a, b).</summary>
/// <remarks>The gradients of <see cref="Distribution.RSample"/> are implicit, as <see cref="Gamma"/>'s; they take some 60 passes over the samples.</remarks>
public sealed class Beta : Distribution
{
    private static readonly MapProgram s_logProb = MapProgram.Compile(3, Expr.Where(
        Expr.And(Expr.Input(0) >= 0, Expr.Input(0) <= 1),
        Parameters.XLogY(Expr.Input(1) - 1, Expr.Input(0)) + Parameters.XLog1MinusY(Expr.Input(2) - 1, Expr.Input(0))
            - Expr.Lgamma(Expr.Input(1)) - Expr.Lgamma(Expr.Input(2)) + Expr.Lgamma(Expr.Input(1) + Expr.Input(2)),
        double.NegativeInfinity));

    /// <summary>Takes parameters that broadcast.</summary>
    /// <param name="concentration1">a, of the ones; positive.</param>
    /// <param name="concentration0">b, of the zeros; positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a parameter is not positive.</exception>
    public Beta(Tensor concentration1, Tensor concentration0)
        : base(Check(concentration1, concentration0))
    {
        (Concentration1, Concentration0) = (concentration1, concentration0);
    }

    /// <summary>a, of the ones.</summary>
    public Tensor Concentration1 { get; }

    /// <summary>b, of the zeros.</summary>
    public Tensor Concentration0 { get; }

    /// <inheritdoc/>
    public override bool HasRSample => true;

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Concentration1 / (Concentration1 + Concentration0);

    /// <inheritdoc/>
    protected override Tensor VarianceCore()
    {
        Tensor sum = Concentration1 + Concentration0;
        return Concentration1 * Concentration0 / (sum.Square() * (sum + 1));
    }

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator)
    {
        // X/(X + Y) of two gamma numbers, by their logarithms: of small parameters both may be smaller than any float.
        Shape all = SampleShape(shape);
        DType type = GammaSampler.TypeOf(Concentration1, Concentration0);
        Tensor logit = GammaSampler.Draw(Concentration1, type, all, generator) - GammaSampler.Draw(Concentration0, type, all, generator);
        return new BetaLogitSample(logit).Apply(Concentration1.To(type).Expand(all), Concentration0.To(type).Expand(all)).Sigmoid().To(Concentration1.DType);
    }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) => Pointwise.Apply(nameof(LogProb), s_logProb, [value, Concentration1, Concentration0]);

    /// <inheritdoc/>
    protected override Tensor EntropyCore()
    {
        (Tensor a, Tensor b) = (Concentration1, Concentration0);
        return Parameters.LogBeta(a, b) - ((a - 1) * a.Digamma()) - ((b - 1) * b.Digamma()) + ((a + b - 2) * (a + b).Digamma());
    }

    private static Shape Check(Tensor concentration1, Tensor concentration0)
    {
        Parameters.Positive(nameof(Beta), concentration1);
        Parameters.Positive(nameof(Beta), concentration0);
        return Parameters.Broadcast(nameof(Beta), concentration1, concentration0);
    }
}
