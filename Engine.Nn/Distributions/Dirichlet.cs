namespace Engine.Nn.Distributions;

/// <summary>The Dirichlet distribution of probabilities x that add up to 1: density Π xᵢ^(aᵢ − 1)·Γ(Σ aᵢ)/Π Γ(aᵢ).</summary>
/// <remarks>The gradient of <see cref="Distribution.RSample"/> is implicit, PyTorch's, as <see cref="Gamma"/>'s; it takes some 30 passes over the samples.</remarks>
public sealed class Dirichlet : Distribution
{
    /// <summary>Takes the concentrations [batch, K].</summary>
    /// <param name="concentration">a, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a parameter is not positive.</exception>
    /// <exception cref="ShapeMismatchException">It is a scalar.</exception>
    public Dirichlet(Tensor concentration)
        : base(Classes.BatchOf(nameof(Dirichlet), Parameters.Positive(nameof(Dirichlet), concentration)), [concentration.Shape[-1]])
    {
        Concentration = concentration;
    }

    /// <summary>a, [batch, K].</summary>
    public Tensor Concentration { get; }

    /// <inheritdoc/>
    public override bool HasRSample => true;

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Concentration / Concentration.Sum(-1, keepDims: true);

    /// <inheritdoc/>
    protected override Tensor VarianceCore()
    {
        Tensor sum = Concentration.Sum(-1, keepDims: true);
        return Concentration * (sum - Concentration) / (sum.Square() * (sum + 1));
    }

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator)
    {
        Shape all = SampleShape(shape);
        DType type = GammaSampler.TypeOf(Concentration);
        return new DirichletSample(GammaSampler.Draw(Concentration, type, all, generator)).Apply(Concentration.To(type).Expand(all)).To(Concentration.DType);
    }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) =>
        (Parameters.XLogY(Concentration - 1, value) - Concentration.Lgamma()).Sum(-1) + Concentration.Sum(-1).Lgamma();

    /// <inheritdoc/>
    protected override Tensor EntropyCore()
    {
        Tensor sum = Concentration.Sum(-1);
        Tensor terms = Concentration.Lgamma() - ((Concentration - 1) * Concentration.Digamma());
        return terms.Sum(-1) - sum.Lgamma() + ((sum - EventShape[0]) * sum.Digamma());
    }
}
